using Phf.Cli.Bench;
using Phf.Text;

namespace Phf.Benchmarks;

/// <summary>How many characters the sentence splitter cuts in a second: one thread, the best of some runs.</summary>
internal static class SentenceBenchmark
{
    private const int Runs = 10;

    /// <param name="path">JSON lines with a field text, .gz by extension.</param>
    public static void Run(string path)
    {
        string[] texts = ScorerBenchmark.Texts(path);
        double best = double.PositiveInfinity;
        long sentences = 0;
        for (int run = 0; run < Runs; run++)
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
