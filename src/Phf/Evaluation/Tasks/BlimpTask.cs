using Phf.Model;

namespace Phf.Evaluation.Tasks;

/// <summary>
/// Minimal pairs: the model is right where the good sentence has the higher log-probability in all. Each sentence is read as a document, behind the
/// end-of-text token, so that its first word counts too; equal numbers are no success.
/// </summary>
public static class BlimpTask
{
    private const string Expected = "BLiMP as published, {\"sentence_good\": ..., \"sentence_bad\": ..., \"UID\": ...} a line";
    private const int PairsAtOnce = 512;

    /// <summary>Measures a file, or all of a folder's .jsonl and .jsonl.gz.</summary>
    /// <param name="model">Its prefix stands between the end-of-text token and each sentence.</param>
    /// <param name="path">File or folder.</param>
    /// <param name="progress">Told how many pairs are done, of how many.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <exception cref="InvalidDataException">A line is none of BLiMP, or there is none.</exception>
    public static TaskResult Measure(TaskModel model, string path, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        Pair[] pairs = [.. FilesOf(path).SelectMany(Read)];
        var right = new bool[pairs.Length];
        int done = 0;
        foreach (Pair[] chunk in pairs.Chunk(PairsAtOnce))
        {
            float[][] logProbs = SequenceLogProbs.Of(model.Model, [.. chunk.SelectMany(pair => new[] { model.Document(pair.Good), model.Document(pair.Bad) })], cancel);
            for (int i = 0; i < chunk.Length; i++)
                right[done + i] = model.SumBehindStart(logProbs[2 * i]) > model.SumBehindStart(logProbs[(2 * i) + 1]);
            progress?.Invoke(done += chunk.Length, pairs.Length);
        }
        var metrics = new TaskMetrics();
        metrics.Add("accuracy", Estimate.OfShare(right.Count(true), right.Length));
        double[] paradigms = AddGroups(metrics, "paradigm", pairs, right, pair => pair.Paradigm);
        if (paradigms.Length > 0) metrics.Add("mean_of_paradigms", paradigms.Average());
        AddGroups(metrics, "field", pairs, right, pair => pair.Field);
        AddGroups(metrics, "phenomenon", pairs, right, pair => pair.Phenomenon);
        return metrics.Result("blimp", $"Share of the pairs of {Path.GetFileName(Path.TrimEndingDirectorySeparator(path))} whose good sentence has the higher log-probability in all, "
            + $"behind the end-of-text token{model.PrefixInWords}. Intervals: Wilson.", pairs.Length);
    }

    private static string[] FilesOf(string path)
    {
        if (!Directory.Exists(path)) return [path];
        string[] files = [.. Directory.EnumerateFiles(path).Where(file => file.EndsWith(".jsonl", StringComparison.Ordinal) || file.EndsWith(".jsonl.gz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidDataException($"{path}: no .jsonl or .jsonl.gz file in the folder; expected {Expected}");
    }

    private static IEnumerable<Pair> Read(string file) => TaskFiles.Read(file, Expected).Select(item => new Pair(
        item.Text("sentence_good", "good"), item.Text("sentence_bad", "bad"), item.Find("field"), item.Find("linguistics_term"), item.Find("UID", "uid")));

    /// <summary>The share in each group of pairs, as <c>kind/name</c>; pairs without a name are in none.</summary>
    private static double[] AddGroups(TaskMetrics metrics, string kind, Pair[] pairs, bool[] right, Func<Pair, string?> name)
    {
        var shares = new List<double>();
        foreach (IGrouping<string?, bool> group in pairs.Zip(right).GroupBy(measured => name(measured.First), measured => measured.Second).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            if (group.Key is null) continue;
            var share = Estimate.OfShare(group.Count(isRight => isRight), group.Count());
            metrics.Add($"{kind}/{group.Key}", share);
            shares.Add(share.Value);
        }
        return [.. shares];
    }

    private sealed record Pair(string Good, string Bad, string? Field, string? Phenomenon, string? Paradigm);
}
