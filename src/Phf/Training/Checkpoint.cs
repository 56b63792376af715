using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Text;

namespace Phf.Training;

/// <summary>Where a run stands, besides weights and moments; in trainer_state.json. Nothing of it depends on the clock, so that a run that
/// was interrupted has the same bytes as one that was not.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="TotalSteps">Steps of the whole run.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Cursors">The next block of each sequence of a step.</param>
/// <param name="DataFingerprint">The data it belongs to.</param>
/// <param name="TokensBefore">Tokens that the model had seen in earlier runs.</param>
/// <param name="Best">The best checkpoint so far, where the run keeps it.</param>
/// <param name="Outliers">Where outliers are skipped, what the guard knows.</param>
public sealed record TrainerState(long Step, long TotalSteps, long Tokens, IReadOnlyList<DataCursor> Cursors, string DataFingerprint,
    long TokensBefore = 0, BestCheckpoint? Best = null, OutlierState? Outliers = null);

/// <summary>The checkpoint with the lowest held-out loss.</summary>
/// <param name="Step">Its step.</param>
/// <param name="HeldoutLoss">Nats per token of text.</param>
public sealed record BestCheckpoint(long Step, double HeldoutLoss);

/// <summary>
/// A directory that transformers opens as a model (<see cref="ModelDirectory"/>); and to resume from it
/// trainer_state.json and optimizer.safetensors. COMPLETE is written last; a directory without it is no checkpoint.
/// </summary>
public static class Checkpoint
{
    public const string Prefix = "checkpoint-";
    private const string CompleteName = "COMPLETE", StateName = "trainer_state.json", OptimizerName = "optimizer.safetensors";

    /// <summary>Before the names of the optimizer's moments in a file.</summary>
    internal const string FirstPrefix = "m.", SecondPrefix = "v.";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true, // a missing place in the data must not read as its beginning
        RespectNullableAnnotations = true,
    };

    public static bool IsComplete(string directory) => File.Exists(Path.Combine(directory, CompleteName));

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="directory">Its folder; an unfinished one there is deleted.</param>
    /// <param name="model">The weights.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="firstMoments">The optimizer's.</param>
    /// <param name="secondMoments">The optimizer's.</param>
    /// <param name="state">Where the run stands.</param>
    /// <param name="card">Text of the model card.</param>
    /// <param name="writeMore">Writes what else belongs to it into the folder, before it counts as whole.</param>
    public static void Save(string directory, Gpt2 model, BpeTokenizer tokenizer, ParameterSet firstMoments, ParameterSet secondMoments, TrainerState state, string card,
        Action<string>? writeMore = null)
    {
        if (Directory.Exists(directory)) Delete(directory); // a kill left it unfinished
        ModelDirectory.Write(directory, model, tokenizer, card);
        SafetensorsWriter.Write(Path.Combine(directory, OptimizerName),
            Gpt2Weights.Tensors(firstMoments, FirstPrefix).Concat(Gpt2Weights.Tensors(secondMoments, SecondPrefix)));
        DurableFile.WriteText(Path.Combine(directory, StateName), JsonSerializer.Serialize(state, Json) + "\n");
        writeMore?.Invoke(directory);
        DurableFile.WriteText(Path.Combine(directory, CompleteName), "");
    }

    /// <summary>Deletes a checkpoint, COMPLETE first: a kill in between leaves none that looks whole.</summary>
    public static void Delete(string directory)
    {
        File.Delete(Path.Combine(directory, CompleteName));
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Reads weights and moments into place.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged, or does not fit the model.</exception>
    public static TrainerState Load(string directory, Gpt2 model, ParameterSet firstMoments, ParameterSet secondMoments)
    {
        TrainerState state = ReadState(directory);
        try
        {
            Gpt2Weights.Read(Path.Combine(directory, Gpt2Weights.FileName), model);
            using SafetensorsFile optimizer = SafetensorsFile.Open(Path.Combine(directory, OptimizerName));
            Gpt2Weights.Fill(firstMoments, optimizer, FirstPrefix);
            Gpt2Weights.Fill(secondMoments, optimizer, SecondPrefix);
        }
        catch (Exception problem) when (problem is InvalidDataException or FileNotFoundException)
        {
            throw Damaged(directory, problem.Message, problem);
        }
        return state;
    }

    /// <summary>Reads trainer_state.json alone.</summary>
    /// <exception cref="InvalidDataException">The file is missing or damaged.</exception>
    public static TrainerState ReadState(string directory)
    {
        string path = Path.Combine(directory, StateName);
        if (!File.Exists(path)) throw Damaged(directory, $"{path} is missing");
        try
        {
            return JsonSerializer.Deserialize<TrainerState>(File.ReadAllBytes(path), Json) ?? throw new JsonException("null");
        }
        catch (JsonException problem)
        {
            throw Damaged(directory, $"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>What is told of a checkpoint with a file that is missing or broken.</summary>
    internal static InvalidDataException Damaged(string directory, string found, Exception? cause = null) =>
        new($"{found}; {directory} is damaged, delete it to go on from the checkpoint before it", cause);
}
