using System.CommandLine;
using Phf.Evaluation;
using Phf.Evaluation.Report;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf evaluate</c>: misalignment, diversity, held-out loss and distances of runs and models.</summary>
internal static class EvaluateVerb
{
    private static readonly Argument<string[]> Sources = new("RUN")
    {
        Description = "folders of runs, of which the newest checkpoint (with load_best_model_at_end the best) is evaluated, or of models; or names of the Hub, once downloaded",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string?> Data = new("--data") { Description = "where the packed data lies now, if it was moved after training; for a model, packed data to measure its loss on", HelpName = "DIR" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder for the results of one run or model; without it, its own", HelpName = "DIR" };
    private static readonly Option<string?> ScorerName = new("--scorer") { Description = $"what scores the samples: {Scorers.Known}; without it, what scored the data", HelpName = "NAME" };
    private static readonly ScorerArguments ScorerOptions = new();
    private static readonly TaskArguments Tasks = new();
    private static readonly Option<double?> Threshold = new("--threshold") { Description = "a score above it is misaligned; without it, the run's own, for a model 0", HelpName = "X" };
    private static readonly Option<int?> Samples = new("--samples") { Description = "samples per scenario; without it, the configuration's num_samples", HelpName = "N" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "same seed, same samples", HelpName = "N" };
    private static readonly Option<bool> Checkpoints = new("--checkpoints") { Description = "also sample the first scenario from every checkpoint that a run still has: alignment over training" };
    private static readonly Option<bool> Force = new("--force") { Description = "compute everything anew; without it, parts that were computed before with the same model and settings are taken as they are" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("evaluate", "Draw samples from runs or models, score them, and measure losses and distances.")
        {
            Sources, Data, Output, ScorerName, Threshold, Samples, Seed, Checkpoints, Force, Threads,
        };
        var kl = new KlArguments();
        kl.AddTo(verb);
        ScorerOptions.AddTo(verb);
        Tasks.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, kl, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, KlArguments kl, CancellationToken cancel)
    {
        if (parsed.GetValue(Samples) is < 1) throw new UsageException($"--samples {parsed.GetValue(Samples)}: at least 1 was expected");
        if (parsed.GetValue(Threshold) is { } threshold && !double.IsFinite(threshold)) throw new UsageException($"--threshold {threshold}: a number was expected");
        kl.Check(parsed);
        TaskArguments.TaskPlan tasks = Tasks.Plan(parsed);
        string[] paths = parsed.GetRequiredValue(Sources);
        if (parsed.GetValue(Output) is not null && paths.Length > 1) throw new UsageException($"--output is for one run or model, and there are {paths.Length}; leave it out, or evaluate them one by one");
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        if (parsed.GetValue(Output) is null && paths.FirstOrDefault(path => !Directory.Exists(path) && HubFolders.FromEnvironment().FindModel(path) is not null) is { } name)
            throw new UsageException($"{name} lies in the Hub's cache, which is no place for results; name a folder for them (--output)");
        // What is wrong with the last should be known before minutes go into the first.
        ModelSource[] sources = [.. paths.Select(Find)];
        foreach (ModelSource model in sources.Where(source => source.Run is null))
            if (parsed.GetValue(ScorerName) is null && parsed.GetValue(Data) is null)
                throw new UsageException($"{model.Directory} is a model without a run, so nothing says how its samples are scored; name a scorer (--scorer)");
        using LanguageModel? baseline = kl.Baseline(parsed, backend);
        using var models = new ScorerModels(parsed.GetValue(Threads));
        var work = new Work(parsed, kl, baseline, models, backend, cancel);
        foreach (ModelSource source in sources)
        {
            if (source.Run is { } run) work.EvaluateRun(run, source.Directory);
            else work.EvaluateModel(source.Directory);
            tasks.AddTo(parsed.GetValue(Output) ?? source.Run?.Path ?? source.Directory, source.Directory, backend, parsed.GetValue(Seed), parsed.GetValue(Force), parsed.InvocationConfiguration.Output, cancel);
        }
        models.Tell();
        string[] results = parsed.GetValue(Output) is { } output ? [output] : paths;
        ReportVerb.Print(ReportTable.Of(RunReport.ReadAll(results)), parsed.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    /// <summary>A run's checkpoint, or a model directory that is no run's; or a name of the Hub.</summary>
    private static ModelSource Find(string path)
    {
        bool isModel = !Directory.Exists(path) || File.Exists(Path.Combine(path, "config.json")) && !File.Exists(Path.Combine(path, "config.yml"));
        if (isModel && ModelSource.Find(path) is { Run: null } model) return model;
        RunDirectory run = RunDirectory.Open(path); // says what else it is
        return new ModelSource(run.ModelCheckpoint(), run);
    }

    private sealed class Work(ParseResult parsed, KlArguments kl, LanguageModel? baseline, ScorerModels models, IBackend backend, CancellationToken cancel)
    {
        public void EvaluateRun(RunDirectory run, string checkpoint)
        {
            RunConfig config = run.Config();
            if (parsed.GetValue(Data) is { } moved) config = config with { Dataset = config.Dataset with { Data = moved } };
            using RunPlan plan = RunPlan.Create(config);
            Tell(run, checkpoint, plan);
            IScorer scorer = CliEvaluation.Scorer(parsed.GetValue(ScorerName), CreateScorer, plan);
            using var ending = scorer as IDisposable;
            IReadOnlyList<SamplingScenario> scenarios = CliEvaluation.Scenarios(plan, parsed.GetValue(Samples));
            using EvaluatedModel subject = EvaluatedModel.OfRun(run, checkpoint, plan, backend, parsed.GetValue(Threshold));
            EvaluationRequest request = Request(scenarios, config.KlGpt3Callback) with { Metrics = config.Generation.MetricsConfigs };
            string directory = parsed.GetValue(Output) ?? run.Path;
            Evaluate(subject, run.Name, directory, request, scorer);
            if (!parsed.GetValue(Checkpoints)) return;
            CliEvaluation.RunCheckpoints(run, point => EvaluatedModel.OfRun(run, point, plan, backend, parsed.GetValue(Threshold)), directory, request, scorer, parsed.GetValue(Force), cancel);
        }

        public void EvaluateModel(string directory)
        {
            if (parsed.GetValue(Checkpoints)) Console.Error.WriteLine($"note: {directory} is no run, so it has no checkpoints to sample");
            using EvaluatedModel subject = EvaluatedModel.OfDirectory(directory, parsed.GetValue(Data), parsed.GetValue(Threshold) ?? 0, backend);
            IScorer scorer = CliEvaluation.Scorer(parsed.GetValue(ScorerName), CreateScorer, new ScorerConfig(), subject.Text?.Data.Manifest.Scorer, fallback: null);
            using var ending = scorer as IDisposable;
            if (subject.Text is null) Console.Error.WriteLine($"note: {directory} is no run and there is no --data, so no held-out loss is measured");
            SamplingScenario scenario = CliEvaluation.Unconditional(subject.Language, parsed.GetValue(Samples));
            Evaluate(subject, subject.Language.Name, parsed.GetValue(Output) ?? directory, Request([scenario], new KlSection()), scorer);
        }

        private IScorer CreateScorer(string name, ScorerSettings settings) => ScorerOptions.Create(name, parsed, models, settings);

        private EvaluationRequest Request(IReadOnlyList<SamplingScenario> scenarios, KlSection settings) => new()
        {
            Scenarios = scenarios,
            Seed = parsed.GetValue(Seed),
            Kl = kl.Create(parsed, settings, baseline, parsed.GetValue(Seed), ScorerOptions.KeyVariable(parsed), backend, cancel),
        };

        private void Evaluate(EvaluatedModel subject, string name, string directory, EvaluationRequest request, IScorer scorer)
        {
            Directory.CreateDirectory(directory);
            CliEvaluation.Run($"evaluating {name}", subject, directory, request, scorer, parsed.GetValue(Force), cancel);
        }
    }

    /// <summary>What the reader of the numbers should know about the run and its data.</summary>
    private static void Tell(RunDirectory run, string checkpoint, RunPlan plan)
    {
        TrainerState newest = Checkpoint.ReadState(run.LatestCheckpoint());
        if (newest.Step < newest.TotalSteps)
            Console.Error.WriteLine($"note: {run.Path} is not trained to its end (step {newest.Step} of {newest.TotalSteps}); {Path.GetFileName(checkpoint)} is evaluated, its {(newest.Best is null ? "newest" : "best")} complete one");
        if (Checkpoint.ReadState(checkpoint).DataFingerprint != plan.Data.Fingerprint)
            Console.Error.WriteLine($"note: {plan.Data.Directory} is not what {checkpoint} was trained on; its held-out text may be text that was trained on");
        if (plan.HeldOut is null)
            Console.Error.WriteLine($"note: {plan.Config.Dataset.Data} has no held-out text, so no held-out loss is measured; phf pack --held-out keeps some apart");
    }
}
