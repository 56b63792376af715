using System.CommandLine;
using Phf.Evaluation;
using Phf.Evaluation.Report;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf evaluate</c>: misalignment, diversity and held-out loss of runs.</summary>
internal static class EvaluateVerb
{
    private static readonly Argument<string[]> Runs = new("RUN") { Description = "folders of runs; the newest checkpoint of each (with load_best_model_at_end the best) is evaluated", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<string?> Data = new("--data") { Description = "where the packed data lies now, if it was moved after training", HelpName = "DIR" };
    private static readonly Option<string?> ScorerName = new("--scorer") { Description = $"what scores the samples: {Scorers.Known}; without it, what scored the data", HelpName = "NAME" };
    private static readonly ScorerArguments ScorerOptions = new();
    private static readonly Option<int?> Samples = new("--samples") { Description = "samples per scenario; without it, the configuration's num_samples", HelpName = "N" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "same seed, same samples", HelpName = "N" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("evaluate", "Draw samples from runs, score them, and measure the loss on held-out text.")
        {
            Runs, Data, ScorerName, Samples, Seed, Threads,
        };
        ScorerOptions.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(Samples) is < 1) throw new UsageException($"--samples {parsed.GetValue(Samples)}: at least 1 was expected");
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        string[] paths = parsed.GetRequiredValue(Runs);
        // What is wrong with the last run should be known before minutes go into the first.
        (RunDirectory Run, string Checkpoint)[] runs = [.. paths.Select(RunDirectory.Open).Select(run => (run, run.ModelCheckpoint()))];
        using var models = new ScorerModels(parsed.GetValue(Threads));
        foreach ((RunDirectory run, string checkpoint) in runs) EvaluateRun(parsed, run, checkpoint, models, backend, cancel);
        models.Tell();
        ReportVerb.Print(ReportTable.Of(RunReport.ReadAll(paths)), parsed.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    private static void EvaluateRun(ParseResult parsed, RunDirectory run, string checkpoint, ScorerModels models, IBackend backend, CancellationToken cancel)
    {
        RunConfig config = run.Config();
        if (parsed.GetValue(Data) is { } moved) config = config with { Dataset = config.Dataset with { Data = moved } };
        using RunPlan plan = RunPlan.Create(config);
        TellOfData(plan, checkpoint);
        IReadOnlyList<SamplingScenario> scenarios = CliEvaluation.Scenarios(plan, parsed.GetValue(Samples));
        IScorer scorer = CliEvaluation.Scorer(parsed.GetValue(ScorerName), name => ScorerOptions.Create(name, parsed, models), plan);
        using var ending = scorer as IDisposable;
        CliEvaluation.Run($"evaluating {run.Name}", run, checkpoint, plan, scenarios, scorer, parsed.GetValue(Seed), backend, cancel);
    }

    /// <summary>What the reader of the numbers should know about the data.</summary>
    private static void TellOfData(RunPlan plan, string checkpoint)
    {
        if (Checkpoint.ReadState(checkpoint).DataFingerprint != plan.Data.Fingerprint)
            Console.Error.WriteLine($"note: {plan.Data.Directory} is not what {checkpoint} was trained on; its held-out text may be text that was trained on");
        if (plan.HeldOut is null)
            Console.Error.WriteLine($"note: {plan.Config.Dataset.Data} has no held-out text, so no held-out loss is measured; phf pack --held-out keeps some apart");
    }
}
