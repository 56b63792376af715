using System.Diagnostics;
using Phf.Tests.Formats.Fuzz;

namespace Phf.Benchmarks;

/// <summary>The test run's fuzzing for longer: damages files of each format and has them read, so many seconds a format.</summary>
internal static class FuzzCampaign
{
    /// <param name="names">Formats; none: all.</param>
    /// <param name="seconds">For each.</param>
    /// <param name="seed">The same seed gives the same mutants; more time gives more of them.</param>
    /// <returns>1 where a reader failed; the mutant's path is printed and it is kept.</returns>
    public static int Run(string[] names, int seconds, ulong seed)
    {
        int failed = 0;
        foreach (string name in names.Length > 0 ? names : FuzzFormat.Names)
        {
            var folder = new FuzzFolder();
            FuzzFormat format = FuzzFormat.Create(name, folder, Fixtures());
            var clock = Stopwatch.StartNew();
            try
            {
                FuzzResult result = FuzzRun.Run(format, folder, seed, _ => clock.Elapsed.TotalSeconds < seconds);
                Console.WriteLine($"{name}: {result.Mutants} mutants, {result.Refused} refused, at most {result.Longest.TotalMilliseconds:F0} ms and 4 times the file + {result.MostBytes} bytes");
                folder.Dispose();
            }
            catch (FuzzException problem)
            {
                Console.WriteLine($"{name}: {problem.Message}; it is kept as {folder.At(format.FileName)}\n{problem.InnerException?.StackTrace}");
                failed++;
            }
        }
        return failed > 0 ? 1 : 0;
    }

    /// <summary>PyTorch's own files, in the repository that this program was built from.</summary>
    private static string Fixtures()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Phf.slnx"))) return Path.Combine(folder.FullName, "tests", "Phf.Tests", "Formats", "Fixtures");
        throw new InvalidOperationException($"Phf.slnx not found above {AppContext.BaseDirectory}");
    }
}
