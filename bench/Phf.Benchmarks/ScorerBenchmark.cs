using System.Text;
using Phf.Cli.Bench;
using Phf.Formats;
using Phf.Scoring;

namespace Phf.Benchmarks;

/// <summary>How many texts a scorer takes in a second: batches of 1,000 texts on each thread, the best of 40 runs.</summary>
internal static class ScorerBenchmark
{
    private const int Runs = 40, BatchSize = 1000;

    /// <param name="name">A scorer that needs nothing, or toxicity with a model.</param>
    /// <param name="model">For toxicity; null for the built-in one.</param>
    /// <param name="path">JSON lines with a field text, .gz by extension.</param>
    /// <param name="threads">0 for all.</param>
    public static void Run(string name, string? model, string path, int threads)
    {
        string[] texts = Texts(path);
        if (threads == 0) threads = Environment.ProcessorCount;
        IScorer scorer = Scorers.Create(name, new ScorerOptions { Model = model });
        double[] scores = new double[texts.Length];
        int batches = (texts.Length + BatchSize - 1) / BatchSize;
        double best = double.PositiveInfinity;
        for (int run = 0; run < Runs; run++)
        {
            double start = Clock.Seconds;
            Parallel.For(0, batches, new ParallelOptions { MaxDegreeOfParallelism = threads }, batch =>
            {
                int first = batch * BatchSize, count = Math.Min(BatchSize, texts.Length - first);
                scorer.Score(texts.AsSpan(first, count), scores.AsSpan(first, count));
            });
            best = Math.Min(best, Clock.Seconds - start);
        }
        long characters = texts.Sum(text => (long)text.Length);
        Console.WriteLine($"{scorer.Id}: {texts.Length:N0} texts of {characters / texts.Length} characters, {threads} threads: "
            + $"{texts.Length / best:N0} texts/s, {characters / best / 1e6:F1} M characters/s");
    }

    /// <summary>The field text of JSON lines, .gz by extension.</summary>
    public static string[] Texts(string path)
    {
        var texts = new List<string>();
        using LineReader lines = LineReader.Open(path);
        while (lines.Next())
        {
            using var row = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(lines.Line));
            texts.Add(row.RootElement.GetProperty("text").GetString()!);
        }
        return [.. texts];
    }
}
