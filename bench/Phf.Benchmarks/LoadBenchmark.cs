using System.Diagnostics;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Benchmarks;

/// <summary>
/// Time to load a model of 124 M parameters and one of a gigabyte, beside that of reading the same file's bytes: both from the page cache. And to save it: with
/// all that makes the file safe on the disk, and without a file.
/// </summary>
internal static class LoadBenchmark
{
    private const int Repeats = 3;

    /// <summary>Writes the models into a temporary folder and prints the best times.</summary>
    public static void Run(IBackend backend)
    {
        string folder = Directory.CreateTempSubdirectory("phf-load-").FullName;
        try
        {
            foreach (int layers in (int[])[12, 30])
            {
                var config = new Gpt2Config { VocabularySize = 50257, Layers = layers };
                using var model = new Gpt2(config, backend);
                model.Initialize(seed: 1);
                foreach (SafetensorsType type in (SafetensorsType[])[SafetensorsType.F32, SafetensorsType.F16, SafetensorsType.BF16])
                {
                    double saved = Best(() => Gpt2Weights.Write(Path.Combine(folder, Gpt2Weights.FileName), model.Parameters, type));
                    config.Save(Path.Combine(folder, "config.json"), endOfTextId: 0, type);
                    Print(folder, model.Parameters.Layout.Count, type, backend);
                    double converted = Best(() => Convert(model.Parameters, type));
                    Console.WriteLine($"  save {saved:F2} s, without a file {converted:F3} s");
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(string folder, long parameters, SafetensorsType type, IBackend backend)
    {
        string path = Path.Combine(folder, Gpt2Weights.FileName);
        double bytes = new FileInfo(path).Length;
        double read = Best(() => ReadBytes(path)), loaded = Best(() => Gpt2Weights.Load(folder, backend).Dispose());
        Console.WriteLine($"{parameters / 1e6:F0} M parameters, {type}: {bytes / 1e9:F2} GB; load {loaded:F2} s, {bytes / loaded / 1e9:F1} GB/s; its bytes alone {read:F2} s, {bytes / read / 1e9:F1} GB/s");
    }

    private static void Convert(ParameterSet parameters, SafetensorsType type)
    {
        foreach (SafetensorsTensor tensor in Gpt2Weights.Tensors(parameters, "", type)) tensor.Write(Stream.Null);
    }

    private static void ReadBytes(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[1 << 20];
        while (file.Read(buffer) > 0) { }
    }

    private static double Best(Action work)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
