using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Phf.Formats;

namespace Phf.Evaluation;

/// <summary>
/// Reads and writes <c>evaluation.json</c> and <c>evaluation-samples.jsonl</c> of a run (docs/evaluation.md). Keys are snake_case; a number that is not
/// finite is written as null.
/// </summary>
public static class EvaluationFiles
{
    /// <summary>Name of the file with the numbers.</summary>
    public const string ResultName = "evaluation.json";

    /// <summary>Name of the file with the samples.</summary>
    public const string SamplesName = "evaluation-samples.jsonl";

    internal static readonly JsonSerializerOptions Indented = Options(indented: true);
    internal static readonly JsonSerializerOptions OneLine = Options(indented: false);

    /// <summary>Writes both files into <paramref name="directory"/>, the samples first, so that numbers never stand beside older samples.</summary>
    public static void Write(string directory, EvaluationResult result, IEnumerable<EvaluationSample> samples)
    {
        Directory.CreateDirectory(directory);
        var lines = new StringBuilder();
        foreach (EvaluationSample sample in samples) lines.Append(JsonSerializer.Serialize(sample, OneLine)).Append('\n');
        DurableFile.WriteText(Path.Combine(directory, SamplesName), lines.ToString());
        WriteResult(directory, result);
    }

    /// <summary>Writes the numbers alone, beside the samples that are there.</summary>
    public static void WriteResult(string directory, EvaluationResult result) =>
        DurableFile.WriteText(Path.Combine(directory, ResultName), JsonSerializer.Serialize(result, Indented) + "\n");

    /// <summary>Reads <c>evaluation.json</c>; null if the directory has none.</summary>
    /// <exception cref="InvalidDataException">The file is not an evaluation.</exception>
    public static EvaluationResult? ReadResult(string directory)
    {
        string path = Path.Combine(directory, ResultName);
        if (!File.Exists(path)) return null;
        try
        {
            EvaluationResult? result = JsonSerializer.Deserialize<EvaluationResult>(File.ReadAllText(path), Indented);
            if (result is null) throw new InvalidDataException($"{path}: no list of scenarios; evaluate the run again with phf evaluate");
            if (Lists(result).FirstOrDefault(list => list.Items.Contains(null)).Name is { } name)
                throw new InvalidDataException($"{path}: null in the list of {name}; evaluate the run again with phf evaluate");
            return result;
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}; evaluate the run again with phf evaluate", problem);
        }
    }

    /// <summary>As <see cref="ReadResult"/>, and null for a file that is broken: one that is about to be replaced.</summary>
    public static EvaluationResult? ReadResultOrNull(string directory)
    {
        try
        {
            return ReadResult(directory);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Reads <c>evaluation-samples.jsonl</c>; empty if the directory has none. Findings outside their text are an error.</summary>
    /// <exception cref="InvalidDataException">A line is not a sample.</exception>
    public static IReadOnlyList<EvaluationSample> ReadSamples(string directory)
    {
        string path = Path.Combine(directory, SamplesName);
        if (!File.Exists(path)) return [];
        var samples = new List<EvaluationSample>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0) samples.Add(ReadSample(path, number, line));
        }
        return samples;
    }

    /// <summary>Lists in which nothing may be missing, which the reader of JSON does not check.</summary>
    private static IEnumerable<(string Name, IEnumerable<object?> Items)> Lists(EvaluationResult result)
    {
        yield return ("scenarios", result.Scenarios);
        yield return ("distances", result.Kl);
        yield return ("tasks", result.Tasks);
        yield return ("checkpoints", result.OverTraining);
        if (result.ControlTokens is not { } tags) yield break;
        yield return ("tags", tags.Tags);
        yield return ("tags at segment starts", tags.AtSegmentStarts);
        yield return ("embeddings of tags", tags.Embeddings);
    }

    private static EvaluationSample ReadSample(string path, int number, string line)
    {
        try
        {
            EvaluationSample? sample = JsonSerializer.Deserialize<EvaluationSample>(line, OneLine);
            if (sample is null)
                throw new InvalidDataException($"{path} line {number}: no sample; expected scenario, index, text, score, findings");
            foreach (SampleFinding finding in sample.Findings)
            {
                if (finding is null || finding.Begin < 0 || finding.End < finding.Begin || finding.End > sample.Text.Length)
                    throw new InvalidDataException(
                        $"{path} line {number}: a finding [{finding?.Begin}, {finding?.End}) in a text of {sample.Text.Length}; "
                        + "evaluate the run again with phf evaluate");
            }
            return sample;
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path} line {number}: {problem.Message}", problem);
        }
    }

    private static JsonSerializerOptions Options(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new FiniteConverter() },
    };

    /// <summary>JSON has no NaN: written as null, and null is read as NaN where a number is required.</summary>
    private sealed class FiniteConverter : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
