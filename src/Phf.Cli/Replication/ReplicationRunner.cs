using System.CommandLine;
using System.Diagnostics;
using Phf.Formats;
using Phf.Training.Replication;

namespace Phf.Cli.Replication;

/// <summary>Does the steps of an experiment one after another. What is done is not done again; what fails is told, what stands on it is left out, and the rest goes on.</summary>
/// <param name="root">The command line whose verbs do the work.</param>
/// <param name="folder">Where the experiment lies.</param>
/// <param name="state">What is done.</param>
/// <param name="threads">Null for the verbs' own default.</param>
/// <param name="output">What people see.</param>
internal sealed class ReplicationRunner(Command root, ReplicationFolder folder, ReplicationState state, int? threads, TextWriter output)
{
    private readonly List<string> _problems = [];

    /// <summary>Steps that failed or were left out, each as a sentence.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Does what is not done of <paramref name="wanted"/>.</summary>
    /// <param name="all">All steps of the experiment.</param>
    /// <param name="wanted">The ones to do, in order.</param>
    /// <param name="estimates">How long they take.</param>
    /// <param name="cancel">Stops within the step at hand, which goes on where it was in the next call.</param>
    public async Task RunAsync(IReadOnlyList<ReplicationStep> all, IReadOnlyList<ReplicationStep> wanted, StepEstimates estimates, CancellationToken cancel)
    {
        WriteConfigurations(all);
        for (int i = 0; i < wanted.Count; i++)
        {
            ReplicationStep step = wanted[i];
            string title = $"{i + 1}/{wanted.Count} {step.Name}";
            if (MissingOf(step, all) is { } missing)
            {
                Fail($"{title}: left out, because {missing} is not done");
                continue;
            }
            if (state.IsDone(step)) continue;
            output.WriteLine($"{title}: {step.Text} (about {Durations.Text(estimates.Of(step))})");
            try
            {
                await RunAsync(step, cancel);
            }
            catch (Exception problem) when (IsOfTheStep(problem) && step.Stage != ReplicationStage.Prepare)
            {
                Fail($"{title} failed: {problem.Message}");
            }
        }
    }

    /// <summary>Runs a command of phf in this process; its errors pass through.</summary>
    public async Task InvokeAsync(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0) throw new UsageException($"phf {string.Join(' ', arguments)}: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = output };
        int code = await parsed.InvokeAsync(configuration, cancel);
        if (code != ExitCode.Done) throw new IOException($"phf {string.Join(' ', arguments)} ended with exit code {code}");
    }

    private async Task RunAsync(ReplicationStep step, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        state.Begin(step);
        if (step.Compute is { } compute) compute(cancel);
        else await InvokeAsync([.. step.Arguments, .. ThreadsOf(step)], cancel);
        state.Finish(step, clock.Elapsed.TotalSeconds);
    }

    /// <summary>Verbs that prepare data do not take 0 for all; without the option it is all.</summary>
    private string[] ThreadsOf(ReplicationStep step) =>
        step.TakesThreads && threads is { } number && (number > 0 || step.Stage != ReplicationStage.Prepare) ? ["--threads", $"{number}"] : [];

    private string? MissingOf(ReplicationStep step, IReadOnlyList<ReplicationStep> all) =>
        step.Needs.FirstOrDefault(name => !state.IsDone(all.First(other => other.Name == name)));

    private void Fail(string message)
    {
        output.WriteLine(message);
        _problems.Add(message);
    }

    /// <summary>Each run's whole configuration in a file, with which phf train can be called by hand, too.</summary>
    private void WriteConfigurations(IReadOnlyList<ReplicationStep> steps)
    {
        Directory.CreateDirectory(folder.Configurations);
        foreach (ReplicationRun run in steps.Where(step => step.Stage == ReplicationStage.Train).Select(step => step.Run!))
            DurableFile.WriteText(folder.ConfigurationOf(run.Name), run.Config.ToYaml());
    }

    /// <summary>What is wrong with one step and leaves the others as they are.</summary>
    private static bool IsOfTheStep(Exception problem) =>
        problem is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or InsufficientMemoryException or UsageException;
}
