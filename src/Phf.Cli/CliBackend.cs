using System.CommandLine;
using Phf.Numerics.Backend;

namespace Phf.Cli;

/// <summary>The backend that a verb computes on.</summary>
internal static class CliBackend
{
    private const int MostThreads = 1024; // as training.threads

    /// <summary>--threads, the same for every verb.</summary>
    public static Option<int> ThreadsOption() => new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };

    /// <exception cref="UsageException">Not a number of threads.</exception>
    public static void CheckThreads(int threads)
    {
        if (threads is < 0 or > MostThreads) throw new UsageException($"--threads {threads}: 0 (all) to {MostThreads} was expected");
    }

    /// <param name="name">cpu or reference.</param>
    /// <param name="threads">0 for all.</param>
    public static IBackend Create(string name, int threads)
    {
        CheckThreads(threads);
        return name == "reference" ? Backends.CreateReference() : Backends.CreateCpu(threads);
    }
}
