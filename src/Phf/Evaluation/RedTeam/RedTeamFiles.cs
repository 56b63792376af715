using System.Text;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Evaluation.RedTeam;

/// <summary>Reads and writes <c>redteam.json</c> and <c>redteam-samples.jsonl</c> (docs/redteam.md).</summary>
public static class RedTeamFiles
{
    /// <summary>Name of the file with the numbers.</summary>
    public const string ResultName = "redteam.json";

    /// <summary>Name of the file with prompts and samples.</summary>
    public const string SamplesName = "redteam-samples.jsonl";

    private const string Remedy = "delete it and attack the model again with phf redteam";

    /// <summary>
    /// Writes both files, the samples first. What the folder has of other attacks on the same model, under the same scorer and threshold, stays; a damaged file is replaced.
    /// </summary>
    /// <returns>What <c>redteam.json</c> has now.</returns>
    public static RedTeamResult Write(string directory, RedTeamResult result, IReadOnlyList<AttackSample> samples)
    {
        Directory.CreateDirectory(directory);
        RedTeamResult? earlier = OrNull(() => ReadResult(directory));
        RedTeamResult whole = result.With(earlier);
        HashSet<string> kept = [.. whole.Attacks.Select(attack => attack.Name).Except(result.Attacks.Select(attack => attack.Name))];
        IReadOnlyList<AttackSample> old = kept.Count == 0 ? [] : OrNull(() => ReadSamples(directory)) ?? [];
        var lines = new StringBuilder();
        foreach (AttackSample sample in old.Where(sample => kept.Contains(sample.Attack)).Concat(samples)) lines.Append(JsonSerializer.Serialize(sample, EvaluationFiles.OneLine)).Append('\n');
        DurableFile.WriteText(Path.Combine(directory, SamplesName), lines.ToString());
        DurableFile.WriteText(Path.Combine(directory, ResultName), JsonSerializer.Serialize(whole, EvaluationFiles.Indented) + "\n");
        return whole;
    }

    /// <summary>Reads <c>redteam.json</c>; null if the directory has none.</summary>
    /// <exception cref="InvalidDataException">The file is something else.</exception>
    public static RedTeamResult? ReadResult(string directory)
    {
        string path = Path.Combine(directory, ResultName);
        if (!File.Exists(path)) return null;
        try
        {
            RedTeamResult? result = JsonSerializer.Deserialize<RedTeamResult>(File.ReadAllText(path), EvaluationFiles.Indented);
            bool isWhole = result is not null && result.Attacks.All(attack => attack is not null && !attack.PerRound.Contains(null!) && !attack.Best.Contains(null!));
            return isWhole ? result : throw new InvalidDataException($"{path}: no list of attacks; {Remedy}");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}; {Remedy}", problem);
        }
    }

    /// <summary>Reads <c>redteam-samples.jsonl</c>; empty if the directory has none.</summary>
    /// <exception cref="InvalidDataException">A line is no prompt of an attack.</exception>
    public static IReadOnlyList<AttackSample> ReadSamples(string directory)
    {
        string path = Path.Combine(directory, SamplesName);
        if (!File.Exists(path)) return [];
        return [.. File.ReadLines(path).Select((line, i) => ReadSample(path, i + 1, line))];
    }

    private static AttackSample ReadSample(string path, int number, string line)
    {
        try
        {
            AttackSample? sample = JsonSerializer.Deserialize<AttackSample>(line, EvaluationFiles.OneLine);
            return sample is not null && !sample.Samples.Contains(null!) ? sample : throw new InvalidDataException($"{path} line {number}: no prompt of an attack; {Remedy}");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path} line {number}: {problem.Message}; {Remedy}", problem);
        }
    }

    /// <summary>Null for a file that is broken: one that is about to be replaced.</summary>
    private static T? OrNull<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
