using Phf.Cli.Bench;
using Phf.Text;

namespace Phf.Benchmarks;

/// <summary>How many characters the sentence splitter cuts in a second: one thread, the best of the runs of two seconds, 10 at least.</summary>
internal static class SentenceBenchmark
{
    /// <summary>A run over little text ends before .NET has compiled the splitter for good: with 10 runs of 7 ms a fifth of its speed was measured.</summary>
    private const double Seconds = 2;

    private const int LeastRuns = 10;

    /// <param name="path">JSON lines with a field text, .gz by extension.</param>
    public static void Run(string path)
    {
        string[] texts = ScorerBenchmark.Texts(path);
        double best = double.PositiveInfinity;
        long sentences = 0;
        double end = Clock.Seconds + Seconds;
        for (int run = 0; run < LeastRuns || Clock.Seconds < end; run++)
        {
            sentences = 0;
            double start = Clock.Seconds;
            foreach (string text in texts) sentences += SentenceSplitter.Split(text).Count;
            best = Math.Min(best, Clock.Seconds - start);
        }
        long characters = texts.Sum(text => (long)text.Length);
        Console.WriteLine($"{SentenceSplitter.Id}: {texts.Length:N0} texts, {sentences:N0} sentences, {characters:N0} characters, 1 thread: {characters / best / 1e6:F1} M characters/s");
    }
}
