using System.Diagnostics;

namespace Phf.Tests.Formats.Fuzz;

/// <summary>A reader did with a mutant what it must not do.</summary>
internal sealed class FuzzException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What became of the mutants.</summary>
/// <param name="Mutants">How many there were.</param>
/// <param name="Refused">How many of them were refused.</param>
/// <param name="Longest">Time that one took.</param>
/// <param name="MostBytes">Most that was allocated for one besides four times its size.</param>
internal sealed record FuzzResult(int Mutants, int Refused, TimeSpan Longest, long MostBytes);

/// <summary>
/// Has damaged files read: each is read or refused with <see cref="InvalidDataException"/>, within a second, and without allocating more than four times its
/// size and a constant.
/// </summary>
internal static class FuzzRun
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);

    /// <param name="format">What is damaged.</param>
    /// <param name="folder">Where; the mutant that fails stays there.</param>
    /// <param name="seed">The same seed gives the same mutants.</param>
    /// <param name="goOn">Given the number of mutants so far.</param>
    /// <exception cref="FuzzException">With the number of the mutant.</exception>
    public static FuzzResult Run(FuzzFormat format, FuzzFolder folder, ulong seed, Func<int, bool> goOn)
    {
        var mutator = new Mutator(seed);
        int done = 0, refused = 0;
        TimeSpan longest = TimeSpan.Zero;
        long most = long.MinValue;
        foreach (byte[] whole in format.Seeds) // what is made once per process counts for no mutant
            if (Read(format, folder.Put(format.FileName, whole)).IsRefused) throw new FuzzException($"the whole {format.FileName} is refused");
        for (; goOn(done); done++)
        {
            byte[] mutant = mutator.Mutate(format.Seeds[done % format.Seeds.Length]);
            string path = folder.Put(format.FileName, mutant), which = $"mutant {done} of seed {seed}, {mutant.Length} bytes";
            try
            {
                (bool isRefused, TimeSpan time, long bytes) = Read(format, path);
                if (time > MostTime) time = Read(format, path).Time; // twice, so that a busy machine is not taken for a slow reader
                if (time > MostTime) throw new FuzzException($"{which}: {time.TotalSeconds:F1} s");
                if (bytes > (4L * mutant.Length) + format.FixedBytes) throw new FuzzException($"{which}: {bytes} bytes allocated");
                if (isRefused) refused++;
                if (time > longest) longest = time;
                most = Math.Max(most, bytes - (4L * mutant.Length));
            }
            catch (Exception problem) when (problem is not FuzzException)
            {
                throw new FuzzException($"{which}: {problem.GetType().Name}: {problem.Message}", problem);
            }
        }
        return new FuzzResult(done, refused, longest, most);
    }

    private static (bool IsRefused, TimeSpan Time, long Bytes) Read(FuzzFormat format, string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        bool isRefused = false;
        try
        {
            format.Read(path);
        }
        catch (InvalidDataException)
        {
            isRefused = true;
        }
        return (isRefused, Stopwatch.GetElapsedTime(start), GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
