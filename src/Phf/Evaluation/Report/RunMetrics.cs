using System.Text.Json;

namespace Phf.Evaluation.Report;

/// <summary>One line of training: loss of the objective in nats per token after so many tokens.</summary>
/// <param name="Step">Its number.</param>
/// <param name="Tokens">So many.</param>
/// <param name="Loss">The loss.</param>
/// <param name="EffectiveTexts">What the step's texts were worth under the target (<c>phf align</c>, methods that weigh by p / q); NaN where not given.</param>
public sealed record TrainingPoint(long Step, double Tokens, double Loss, double EffectiveTexts = double.NaN);

/// <summary>One held-out evaluation during training, nats per token; NaN where not measured.</summary>
public sealed record HeldoutPoint(long Step, double Tokens, double Loss, double LossAligned, double LossMisaligned);

/// <summary>A model on its way to a target, measured on its own texts (<c>phf align</c>).</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Tokens">Tokens drawn so far.</param>
/// <param name="Kl">KL(model || prior), nats per text.</param>
/// <param name="KlError">Its standard error; NaN where not given.</param>
/// <param name="Values">Means of features (<c>feature NAME</c>) and of the reward (<c>reward</c>).</param>
public sealed record AlignmentPoint(long Step, double Tokens, double Kl, double KlError, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>A step whose texts are worth fewer than these under the target goes where a few texts point.</summary>
    public const int FewTexts = 10;
}

/// <summary>The losses in a run's metrics.jsonl.</summary>
public sealed record RunMetrics
{
    internal static readonly RunMetrics Empty = new();

    /// <summary>Training losses, by step.</summary>
    public IReadOnlyList<TrainingPoint> Training { get; init; } = [];

    /// <summary>Held-out losses, by step.</summary>
    public IReadOnlyList<HeldoutPoint> Heldout { get; init; } = [];

    /// <summary>What <c>phf align</c> measured, by step; empty for other runs.</summary>
    public IReadOnlyList<AlignmentPoint> Alignment { get; init; } = [];

    /// <summary>Seconds of training by the last line that says it; NaN if none does.</summary>
    public double ElapsedSeconds { get; init; } = double.NaN;

    /// <summary>True if the last line is no JSON: the process was killed while writing it.</summary>
    public bool Cut { get; init; }

    /// <summary>
    /// Reads metrics.jsonl; empty if there is none. A line for a step that was seen before supersedes the lines from there on (the run was resumed
    /// from an earlier checkpoint). Lines without "loss", "heldout_loss" and "align_kl_prior" say nothing here.
    /// </summary>
    /// <exception cref="InvalidDataException">A line before the last is no JSON object with step and tokens.</exception>
    public static RunMetrics Read(string path)
    {
        if (!File.Exists(path)) return Empty;
        string[] lines = File.ReadAllLines(path);
        var (training, heldout, alignment) = (new List<TrainingPoint>(), new List<HeldoutPoint>(), new List<AlignmentPoint>());
        double elapsed = double.NaN;
        bool cut = false;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(lines[i]);
                JsonElement line = document.RootElement;
                if (line.ValueKind != JsonValueKind.Object || Number(line, "step") is var step && double.IsNaN(step))
                    throw new InvalidDataException($"{path} line {i + 1}: no metrics; expected a JSON object with \"step\"; delete the line");
                Add(line, (long)step, training, heldout, alignment);
                if (Number(line, "elapsed_seconds") is var seconds && double.IsFinite(seconds)) elapsed = seconds;
            }
            catch (JsonException problem)
            {
                if (i < lines.Length - 1) throw new InvalidDataException($"{path} line {i + 1}: {problem.Message}; delete the line", problem);
                cut = true;
            }
        }
        return new RunMetrics { Training = training, Heldout = heldout, Alignment = alignment, ElapsedSeconds = elapsed, Cut = cut };
    }

    private static void Add(JsonElement line, long step, List<TrainingPoint> training, List<HeldoutPoint> heldout, List<AlignmentPoint> alignment)
    {
        double tokens = Number(line, "tokens");
        if (line.TryGetProperty("loss", out _))
        {
            while (training.Count > 0 && training[^1].Step >= step) training.RemoveAt(training.Count - 1);
            training.Add(new TrainingPoint(step, tokens, Number(line, "loss"), Number(line, "align_effective_texts")));
        }
        if (line.TryGetProperty("heldout_loss", out _))
        {
            while (heldout.Count > 0 && heldout[^1].Step >= step) heldout.RemoveAt(heldout.Count - 1);
            heldout.Add(new HeldoutPoint(
                step, tokens, Number(line, "heldout_loss"), Number(line, "heldout_loss_aligned"), Number(line, "heldout_loss_misaligned")));
        }
        if (line.TryGetProperty("align_kl_prior", out _))
        {
            while (alignment.Count > 0 && alignment[^1].Step >= step) alignment.RemoveAt(alignment.Count - 1);
            alignment.Add(new AlignmentPoint(step, tokens, Number(line, "align_kl_prior"), Number(line, "align_kl_prior_error"), ValuesOf(line)));
        }
    }

    private static Dictionary<string, double> ValuesOf(JsonElement line)
    {
        const string start = "align_", feature = "align_feature_";
        var values = new Dictionary<string, double>();
        foreach (JsonProperty entry in line.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number) continue;
            if (entry.Name.StartsWith(feature, StringComparison.Ordinal)) values[$"feature {entry.Name[feature.Length..]}"] = entry.Value.GetDouble();
            else if (entry.Name == "align_reward") values[entry.Name[start.Length..]] = entry.Value.GetDouble();
        }
        return values;
    }

    /// <summary>A number of a line; NaN where it is absent, null or no number.</summary>
    private static double Number(JsonElement line, string key) =>
        line.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
}
