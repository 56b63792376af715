using System.CommandLine;
using Phf.Cli.Replication;
using Phf.Evaluation.Replication;
using Phf.Training.Replication;

namespace Phf.Cli.Verbs;

/// <summary><c>phf replicate</c>: the paper's experiment on one task, from text to tables, over as many sittings as it takes.</summary>
internal static class ReplicateVerb
{
    private const string DefaultConfigs = "configs/replication";
    private static readonly Option<string> TaskName = new("--task") { Description = "pii, toxicity or pep8", Required = true };
    private static readonly Option<string> Scale = new("--scale")
    {
        Description = "how large: laptop (hours to days), tiny (seconds, to try it), or any other with a file TASK-SCALE.yml",
        HelpName = "NAME",
        DefaultValueFactory = _ => "laptop",
    };
    private static readonly Option<string[]> Texts = new("--text")
    {
        Description = "text to learn from, as of phf score; not needed again once it is scored",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
    private static readonly Option<string[]> PythonFolders = new("--python-dir")
    {
        Description = "folders with Python files to learn from, searched through; not needed again once they are read",
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
    private static readonly Option<string> Runs = new("--runs")
    {
        Description = "folder for data, runs and report, in a folder TASK-SCALE",
        HelpName = "DIR",
        DefaultValueFactory = _ => "runs/replication",
    };
    private static readonly Option<string> Results = new("--results")
    {
        Description = "folder for the figures, without any text, in a folder TASK-SCALE",
        HelpName = "DIR",
        DefaultValueFactory = _ => "results/replication",
    };
    private static readonly Option<string?> Configs = new("--configs") { Description = $"folder with the experiments' files; without it {DefaultConfigs}", HelpName = "DIR" };
    private static readonly Option<string[]> Only = new("--only")
    {
        Description = "methods, e.g. conditional,filtering; mle is always among them, the others are compared with it",
        HelpName = "LIST",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
    private static readonly Option<string[]> Seeds = new("--seeds")
    {
        Description = "seeds, e.g. 1,2; without it, the file's",
        HelpName = "LIST",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
    private static readonly Option<string[]> Steps = new("--steps")
    {
        Description = "what to do: prepare, train, evaluate, redteam, report; without it, all",
        HelpName = "LIST",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "check everything, list the steps, how far they are and how long they will take; computes nothing" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };

    public static Command Create()
    {
        TaskName.AcceptOnlyFromAmong([.. ReplicationPlan.Tasks]);
        var verb = new Command("replicate",
            "Do the paper's experiment on one task: all objectives, pretraining and finetuning, evaluation, red-teaming, report. The same command goes on where it was stopped.")
        {
            TaskName, Scale, Texts, PythonFolders, Runs, Results, Configs, Only, Seeds, Steps, DryRun, Threads,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Threads) is { } threads) CliBackend.CheckThreads(threads);
        string name = $"{parsed.GetValue(TaskName)}-{parsed.GetValue(Scale)}";
        var folder = new ReplicationFolder(Path.Combine(parsed.GetValue(Runs)!, name));
        HashSet<ReplicationStage> stages = Stages(parsed);
        string[] methods = Listed(parsed, Only);
        string file = ConfigOf(name, parsed.GetValue(Configs));
        ReplicationPlan plan = ReplicationPlan.Load(file, folder.Data, folder.Runs, methods.Length > 0 ? methods : null, SeedsIn(parsed));
        ReplicationSource source = SourceOf(parsed, folder);
        IReadOnlyList<ReplicationStep> all = new ReplicationSteps(plan, folder, source).All();
        var state = new ReplicationState(folder, source);
        state.Check(all);
        ReplicationStep[] wanted = [.. all.Where(step => stages.Contains(step.Stage))];
        var estimates = new StepEstimates(all, state);
        bool lacksText = wanted.Any(step => ReplicationState.IsOmitted(step) && !state.IsDone(step));
        if (parsed.GetValue(DryRun))
        {
            List(wanted, state, estimates, folder, output);
            if (lacksText) output.WriteLine("there is no text yet: give --text FILE or --python-dir DIR");
            return ExitCode.Done;
        }
        if (lacksText) throw new UsageException($"{name} has no text to learn from; give --text FILE (JSON lines with a field text, .txt or .csv), or --python-dir DIR for Python files");
        Directory.CreateDirectory(folder.Path);
        using FileStream alone = Lock(folder);
        var runner = new ReplicationRunner(parsed.RootCommandResult.Command, folder, state, parsed.GetValue(Threads), output);
        try
        {
            await runner.RunAsync(all, wanted, estimates, cancel);
            if (stages.Contains(ReplicationStage.Report)) await ReportAsync(file, folder, parsed, runner, cancel);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("stopped; the same command goes on");
            throw;
        }
        if (runner.Problems.Count == 0) return ExitCode.Done;
        Console.Error.WriteLine($"phf: {runner.Problems.Count} steps failed or were left out, as said above; the same command tries them again and keeps what is done");
        return ExitCode.Failure;
    }

    /// <summary>The page over all runs that are evaluated, and the figures; of whatever there is, also of methods and seeds that this call leaves alone.</summary>
    private static async Task ReportAsync(string file, ReplicationFolder folder, ParseResult parsed, ReplicationRunner runner, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        ReplicationPlan plan = ReplicationPlan.Load(file, folder.Data, folder.Runs, methods: null, folder.SeedsOfRuns());
        MeasuredRun[] measured = [.. plan.Runs.Select(MeasuredRun.Read).OfType<MeasuredRun>()];
        if (measured.Length == 0)
        {
            output.WriteLine("no run is evaluated yet, so there is nothing to report");
            return;
        }
        await runner.InvokeAsync(["report", .. measured.Select(run => run.Run.Directory), "--output", folder.Report, "--force"], cancel);
        string results = parsed.GetValue(Results)!, name = Path.GetFileName(folder.Path);
        ReplicationFiles.Write(Path.Combine(results, name), ReplicationSummary.Of(name, measured, [.. plan.Runs.Select(run => run.Name)]));
        string claims = AcrossTasks.Write(results, parsed.GetValue(Scale)!);
        output.WriteLine($"wrote the figures of {measured.Length} of {plan.Runs.Count} runs to {Path.Combine(results, name)}, and the claims of all tasks to {claims}");
    }

    private static void List(IReadOnlyList<ReplicationStep> steps, ReplicationState state, StepEstimates estimates, ReplicationFolder folder, TextWriter output)
    {
        TimeSpan left = TimeSpan.Zero;
        int number = 0;
        foreach (ReplicationStep step in steps)
        {
            bool isDone = state.IsDone(step);
            if (!isDone) left += estimates.Of(step);
            string how = state.SecondsOf(step) is { } seconds ? $"done in {Durations.Text(TimeSpan.FromSeconds(seconds))}"
                : $"{(state.IsBegun(step) ? "begun, " : "")}about {Durations.Text(estimates.Of(step))}";
            output.WriteLine($"{++number}/{steps.Count} {step.Name} ({how}): {step.Text}");
        }
        output.WriteLine($"{steps.Count} steps in {folder.Path}, about {Durations.Text(left)} to go; nothing was computed");
    }

    private static FileStream Lock(ReplicationFolder folder)
    {
        try
        {
            return new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (File.Exists(folder.Lock))
        {
            throw new IOException($"{folder.Path} is in use by another phf replicate; wait for it, or stop it with Ctrl-C", problem);
        }
    }

    private static ReplicationSource SourceOf(ParseResult parsed, ReplicationFolder folder)
    {
        string[] texts = parsed.GetValue(Texts)!, python = parsed.GetValue(PythonFolders)!;
        if (texts.Length > 0 && python.Length > 0) throw new UsageException("--text and --python-dir are two kinds of text; give one of them");
        if (texts.FirstOrDefault(file => !File.Exists(file)) is { } missing) throw new UsageException($"--text {missing}: no such file");
        return new ReplicationSource(texts, python, WereTexts: texts.Length == 0 && python.Length == 0 && ReplicationState.WasText(folder));
    }

    private static HashSet<ReplicationStage> Stages(ParseResult parsed)
    {
        string[] names = Listed(parsed, Steps);
        if (names.Length == 0) return [.. Enum.GetValues<ReplicationStage>()];
        return [.. names.Select(name => Enum.TryParse(name, ignoreCase: true, out ReplicationStage stage) && !char.IsDigit(name[0]) ? stage
            : throw new UsageException($"--steps {name}: prepare, train, evaluate, redteam or report was expected"))];
    }

    private static long[]? SeedsIn(ParseResult parsed)
    {
        string[] seeds = Listed(parsed, Seeds);
        if (seeds.Length == 0) return null;
        return [.. seeds.Select(text => long.TryParse(text, out long seed) && seed >= 0 ? seed : throw new UsageException($"--seeds {text}: whole numbers from 0 were expected, e.g. 1,2")).Distinct()];
    }

    private static string[] Listed(ParseResult parsed, Option<string[]> option) =>
        [.. parsed.GetValue(option)!.SelectMany(part => part.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()];

    /// <summary>The experiment's file: in the folder given, else in the working folder's, else in that of the sources that the program was built from.</summary>
    private static string ConfigOf(string name, string? given)
    {
        string folder = given ?? DefaultConfigs;
        for (string? above = AppContext.BaseDirectory; given is null && !Directory.Exists(folder) && above is not null; above = Path.GetDirectoryName(above))
            if (Directory.Exists(Path.Combine(above, DefaultConfigs))) folder = Path.Combine(above, DefaultConfigs);
        string path = Path.Combine(folder, $"{name}.yml");
        if (File.Exists(path)) return path;
        string there = Directory.Exists(folder) ? string.Join(", ", Directory.GetFiles(folder, "*-*.yml").Select(Path.GetFileNameWithoutExtension).Order()) : "";
        throw new UsageException(there.Length > 0 ? $"{path} does not exist; {folder} has {there}" : $"no experiments in {folder}; name the folder with --configs, {DefaultConfigs} of the sources");
    }
}
