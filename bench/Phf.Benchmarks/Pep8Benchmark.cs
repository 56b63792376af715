using Phf.Scoring;
using Phf.Scoring.Pep8;

namespace Phf.Benchmarks;

/// <summary>
/// Characters per second of the PEP8 scorer on one thread, warm, over Python files, with the number of violations, which must be that of
/// <c>bench/peers/pep8_peer.py</c> over the same files where pycodestyle's version is the same.
/// </summary>
internal static class Pep8Benchmark
{
    private const double WarmSeconds = 2;
    private const int Repeats = 7;

    /// <summary>Prints the figures for the files, and the Python files in the folders, of <paramref name="paths"/>.</summary>
    public static void Run(IEnumerable<string> paths)
    {
        string[] texts = [.. Files(paths).Select(File.ReadAllText)];
        long characters = texts.Sum(static text => (long)text.Length);
        if (characters == 0) throw new ArgumentException("no text in the files; name Python files or folders with some");
        long violations = texts.Sum(static text => (long)Pep8Checker.Check(text, new Pep8Options()).Count);
        var scorer = new Pep8Scorer();
        double[] scores = new double[texts.Length];
        for (double start = Seconds; Seconds - start < WarmSeconds;) scorer.Score(texts, scores);
        double best = double.PositiveInfinity;
        long allocated = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            double start = Seconds;
            scorer.Score(texts, scores);
            best = Math.Min(best, Seconds - start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Console.WriteLine($"{texts.Length} files, {characters} characters, {violations} violations, {characters / best / 1e6:F1} M characters/s, "
            + $"{(double)allocated / texts.Length:F0} bytes allocated per file");
    }

    /// <summary>Processor time of this process: on a busy machine it tells one thread's speed from its waiting.</summary>
    private static double Seconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static IEnumerable<string> Files(IEnumerable<string> paths) => paths.SelectMany(
        static IEnumerable<string> (path) => !Directory.Exists(path) ? [path]
            : Directory.EnumerateFiles(path, "*.py", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
}
