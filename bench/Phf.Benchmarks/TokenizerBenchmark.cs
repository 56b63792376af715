using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Phf.Cli.Bench;
using Phf.Formats;
using Phf.Text;

namespace Phf.Benchmarks;

/// <summary>Rates of the tokenizer: encoding on one thread and two, decoding, and training a vocabulary. The best of several runs, megabytes of UTF-8.</summary>
internal static class TokenizerBenchmark
{
    private const int Runs = 5, TrainingMegabytes = 20, TrainedVocabulary = 8192;

    /// <param name="directory">Folder of a GPT-2 tokenizer.</param>
    /// <param name="path">JSON lines with a field text, .gz by extension.</param>
    public static void Run(string directory, string path)
    {
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(directory);
        string[] texts = Texts(path);
        double bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        int[] room = new int[texts.Max(text => 3 * text.Length)];
        long count = 0;
        double one = Best(() =>
        {
            count = 0;
            foreach (string text in texts) count += tokenizer.Encode(text, room);
        });
        Console.WriteLine($"{texts.Length:N0} texts, {bytes / 1e6:F1} MB, {count:N0} tokens");
        Console.WriteLine($"encode, 1 thread: {bytes / one / 1e6:F1} MB/s, {count / one / 1e6:F1} M tokens/s");
        double two = Best(() => EncodeOnTwoThreads(tokenizer, texts, room.Length));
        Console.WriteLine($"encode, 2 threads: {bytes / two / 1e6:F1} MB/s, {one / two:F2}x one");
        int[][] ids = [.. texts.Select(text => tokenizer.Encode(text).ToArray())];
        double decode = Best(() =>
        {
            foreach (int[] list in ids) tokenizer.Decode(list);
        });
        Console.WriteLine($"decode, 1 thread: {count / decode / 1e6:F1} M tokens/s");
        Train(texts);
    }

    /// <summary>Each thread takes the next batch: posts differ in length, and halves of them by a sixth.</summary>
    private static void EncodeOnTwoThreads(BpeTokenizer tokenizer, string[] texts, int room)
    {
        const int Batch = 256;
        int taken = 0;
        Parallel.For(0, 2, _ =>
        {
            int[] ids = new int[room];
            for (int start; (start = Interlocked.Add(ref taken, Batch) - Batch) < texts.Length;)
                foreach (string text in texts.AsSpan(start, Math.Min(Batch, texts.Length - start))) tokenizer.Encode(text, ids);
        });
    }

    private static void Train(string[] texts)
    {
        long bytes = 0;
        string[] corpus = [.. texts.TakeWhile(text => (bytes += Encoding.UTF8.GetByteCount(text)) <= TrainingMegabytes * 1_000_000)];
        bytes = corpus.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        double best = double.PositiveInfinity;
        for (int run = 0; run < 3; run++)
        {
            long start = Stopwatch.GetTimestamp();
            Dictionary<string, long> pieces = BpeTrainer.CountPieces(corpus);
            double counting = Stopwatch.GetElapsedTime(start).TotalSeconds;
            BpeTrainer.Train(pieces, TrainedVocabulary);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Min(best, seconds);
            Console.WriteLine($"train {TrainedVocabulary} entries on {bytes / 1e6:F1} MB: {seconds:F2} s, {counting:F2} s of it counting {pieces.Count:N0} pieces");
        }
        Console.WriteLine($"train: {bytes / best / 1e6:F1} MB/s");
    }

    private static double Best(Action action)
    {
        double best = double.PositiveInfinity;
        for (int run = 0; run < Runs; run++)
        {
            double start = Clock.Seconds;
            action();
            best = Math.Min(best, Clock.Seconds - start);
        }
        return best;
    }

    private static string[] Texts(string path)
    {
        var texts = new List<string>();
        using LineReader lines = LineReader.Open(path);
        while (lines.Next())
        {
            using var row = JsonDocument.Parse(Encoding.UTF8.GetString(lines.Line));
            texts.Add(row.RootElement.GetProperty("text").GetString()!);
        }
        return [.. texts];
    }
}
