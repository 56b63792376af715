using System.CommandLine;
using Phf.Numerics.Backend;

namespace Phf.Cli;

/// <summary>The backend that a verb computes on.</summary>
internal static class CliBackend
{
    /// <summary>--threads, the same for every verb.</summary>
    public static Option<int> ThreadsOption() => new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number" };

    /// <param name="name">cpu or reference.</param>
    /// <param name="threads">0 for all.</param>
    public static IBackend Create(string name, int threads)
    {
        if (threads < 0) throw new UsageException($"--threads {threads}: 0 (all) or more was expected");
        return name == "reference" ? Backends.CreateReference() : Backends.CreateCpu(threads);
    }
}
