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
    public static BlimpResult Measure(TaskModel model, string path, Action<int, int>? progress = null, CancellationToken cancel = default)
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
        IReadOnlyList<BlimpGroup> paradigms = Groups(pairs, right, pair => pair.Paradigm);
        var all = Estimate.OfShare(right.Count(true), right.Length);
        return new BlimpResult
        {
            File = Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
            Prefix = model.Prefix,
            Pairs = pairs.Length,
            Accuracy = all,
            MeanOfParadigms = paradigms.Count == 0 ? all.Value : paradigms.Average(group => group.Accuracy.Value),
            Fields = Groups(pairs, right, pair => pair.Field),
            Phenomena = Groups(pairs, right, pair => pair.Phenomenon),
            Paradigms = paradigms,
        };
    }

    private static string[] FilesOf(string path)
    {
        if (!Directory.Exists(path)) return [path];
        string[] files = [.. Directory.EnumerateFiles(path).Where(file => file.EndsWith(".jsonl", StringComparison.Ordinal) || file.EndsWith(".jsonl.gz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidDataException($"{path}: no .jsonl or .jsonl.gz file in the folder; expected {Expected}");
    }

    private static IEnumerable<Pair> Read(string file) => TaskFiles.Read(file, Expected).Select(item => new Pair(
        item.Text("sentence_good", "good"), item.Text("sentence_bad", "bad"), item.Find("field"), item.Find("linguistics_term"), item.Find("UID", "uid")));

    private static IReadOnlyList<BlimpGroup> Groups(Pair[] pairs, bool[] right, Func<Pair, string?> name) =>
    [
        .. pairs.Zip(right).Where(measured => name(measured.First) is not null).GroupBy(measured => name(measured.First)!).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new BlimpGroup(group.Key, group.Count(), Estimate.OfShare(group.Count(measured => measured.Second), group.Count()))),
    ];

    private sealed record Pair(string Good, string Bad, string? Field, string? Phenomenon, string? Paradigm);
}
