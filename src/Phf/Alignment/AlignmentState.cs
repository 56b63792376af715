using System.Text.Json;
using System.Text.Json.Serialization;
using Phf.Alignment.Estimates;
using Phf.Formats;
using Phf.Training;

namespace Phf.Alignment;

/// <summary>Where an alignment stands, besides weights and moments; alignment_state.json in a checkpoint.</summary>
/// <param name="PriorFingerprint">Of the prior's weights and tokenizer.</param>
/// <param name="Updates">Updates of the parameters so far.</param>
/// <param name="Lambda">Of a distributional target, else empty.</param>
/// <param name="Partitions">Z for each prompt so far.</param>
/// <param name="Beta">The penalty's weight now.</param>
/// <param name="HasProposal">Texts are drawn from another model than the one that is aligned; its weights are in <see cref="ProposalName"/>.</param>
/// <param name="BaselineUpdates">Updates of a <see cref="LearnedBaseline"/> so far.</param>
/// <param name="LedLambda">Lambda that follows the model's own expectations; null where it stays.</param>
internal sealed record AlignmentState(
    string PriorFingerprint, long Updates, IReadOnlyList<double> Lambda, IReadOnlyList<PartitionEstimate> Partitions, double Beta, bool HasProposal,
    long BaselineUpdates = 0, IReadOnlyList<double>? LedLambda = null)
{
    public const string ProposalName = "proposal.safetensors";
    private const string FileName = "alignment_state.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // lambda may be infinite
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    public void Write(string directory) => DurableFile.WriteText(Path.Combine(directory, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    /// <exception cref="InvalidDataException">The file is missing or damaged.</exception>
    public static AlignmentState Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path)) throw Checkpoint.Damaged(directory, $"{path} is missing");
        try
        {
            return JsonSerializer.Deserialize<AlignmentState>(File.ReadAllBytes(path), Json) ?? throw new JsonException("null");
        }
        catch (JsonException problem)
        {
            throw Checkpoint.Damaged(directory, $"{path}: {problem.Message}", problem);
        }
    }
}
