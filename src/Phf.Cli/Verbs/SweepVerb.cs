using System.CommandLine;
using Phf.Evaluation.Sweep;
using Phf.Scoring;
using Phf.Training.Configuration;
using Phf.Training.Sweep;
using Spectre.Console;

namespace Phf.Cli.Verbs;

/// <summary><c>phf sweep</c>: several runs one after another, and one report over them.</summary>
internal static class SweepVerb
{
    private const int WidestTable = 400; // characters
    private static readonly Argument<string> Grid = new("GRID") { Description = "what to run (YAML): task, methods, seeds, grid, output; docs/configuration.md has the keys" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "check everything, list the runs and how far they are, and compute nothing" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };

    private static readonly ScorerArguments ScorerOptions = new();

    public static Command Create()
    {
        var verb = new Command("sweep", "Train methods with several seeds and settings, one run after another; a second call goes on where the first stopped.")
        {
            Grid, DryRun, Threads,
        };
        ScorerOptions.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        string path = parsed.GetRequiredValue(Grid);
        if (parsed.GetValue(Threads) is { } threads) CliBackend.CheckThreads(threads);
        SweepPlan sweep = SweepPlan.Load(path);
        foreach (string note in sweep.Notes) Console.Error.WriteLine($"note: {note}");
        using var models = new ScorerModels(parsed.GetValue(Threads) ?? 0);
        IScorer CreateScorer(string name, ScorerSettings settings) => ScorerOptions.Create(name, parsed, models, settings);
        SweepRunner.Check(sweep, CreateScorer);
        if (parsed.GetValue(DryRun))
        {
            List(sweep, output);
            return ExitCode.Done;
        }
        SweepSummary summary = Compute(sweep, path, CreateScorer, parsed.GetValue(Threads), output, cancel);
        models.Tell();
        string folder = sweep.Settings.Output;
        SweepFiles.Write(folder, summary);
        Print(SweepTable.Of(summary), output);
        output.WriteLine(SweepTable.Caption);
        output.WriteLine($"wrote sweep.json, sweep.csv, sweep.md and report.html to {folder}");
        int failed = summary.Outcomes.Count(outcome => outcome.Failure is not null);
        if (failed == 0) return ExitCode.Done;
        Console.Error.WriteLine($"phf: {failed} of {summary.Outcomes.Count} runs failed, as said above; mend the cause and run phf sweep {path} again, finished runs are kept");
        return ExitCode.Failure;
    }

    private static SweepSummary Compute(SweepPlan sweep, string path, ScorerFactory scorers, int? threads, TextWriter output, CancellationToken cancel)
    {
        try
        {
            return SweepSummary.Of(new SweepRunner(sweep, scorers, threads, output, cancel).Run());
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"stopped; phf sweep {path} goes on");
            throw;
        }
    }

    private static void List(SweepPlan sweep, TextWriter output)
    {
        foreach (SweepRun run in sweep.Runs) output.WriteLine($"{run.Name} ({SweepRunner.StateOf(run, sweep.Settings.Evaluate)})");
        output.WriteLine($"{sweep.Runs.Count} runs in {sweep.Settings.Output}; nothing was computed");
    }

    private static void Print(SweepTable table, TextWriter output)
    {
        var drawn = new Table { Border = TableBorder.Simple };
        for (int i = 0; i < table.Titles.Count; i++)
        {
            TableColumn column = new TableColumn(Markup.Escape(table.Titles[i])).NoWrap();
            drawn.AddColumn(i < table.TextColumns ? column.LeftAligned() : column.RightAligned());
        }
        foreach (IReadOnlyList<string> row in table.Rows) drawn.AddRow([.. row.Select(Markup.Escape)]);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = WidestTable;
        console.Write(drawn);
    }
}
