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
    private static readonly Argument<string[]> Runs = new("RUN") { Description = "runs; the newest checkpoint of each is evaluated", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<string?> ScorerName = new("--scorer") { Description = "what scores the samples; without it, what scored the data" };
    private static readonly Option<string?> WordList = new("--list") { Description = "word list of a scorer that needs one" };
    private static readonly Option<int?> Samples = new("--samples") { Description = "samples per scenario; without it, the configuration's num_samples" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "same seed, same samples" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("evaluate", "Draw samples, score them, and measure the loss on held-out text.") { Runs, ScorerName, WordList, Samples, Seed, Threads };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(Samples) is < 1) throw new UsageException($"--samples {parsed.GetValue(Samples)}: at least 1 was expected");
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        string[] paths = parsed.GetRequiredValue(Runs);
        foreach (string path in paths) EvaluateRun(parsed, path, backend, cancel);
        ReportVerb.Print(ReportTable.Of(RunReport.ReadAll(paths)), parsed.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    private static void EvaluateRun(ParseResult parsed, string path, IBackend backend, CancellationToken cancel)
    {
        RunDirectory run = RunDirectory.Open(path);
        using RunPlan plan = RunPlan.Create(run.Config());
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(plan.Config, plan.Tokenizer);
        if (scenarios.Count == 0) throw new InvalidDataException($"{run.ConfigPath}: generation.scenario_configs is empty; there is nothing to sample");
        if (parsed.GetValue(Samples) is { } count) scenarios = [.. scenarios.Select(scenario => scenario with { Samples = count })];
        IScorer scorer = Scorer(parsed.GetValue(ScorerName), parsed.GetValue(WordList), plan);
        ConsoleProgress.Run($"evaluating {run.Name}", "samples", scenarios.Sum(scenario => scenario.Samples), progress =>
        {
            int before = 0, seen = 0;
            var evaluator = new Evaluator(plan, backend, scorer, parsed.GetValue(Seed))
            {
                Progress = (_, done, _) =>
                {
                    if (done < seen) before += seen;
                    seen = done;
                    progress.Report(before + done, before + done);
                },
            };
            var (result, samples) = evaluator.Evaluate(run, run.LatestCheckpoint(), scenarios, cancel);
            EvaluationFiles.Write(run.Path, result, samples);
        });
    }

    /// <summary>The scorer asked for, or the one that scored the data.</summary>
    internal static IScorer Scorer(string? name, string? wordList, RunPlan plan)
    {
        name ??= plan.Data.Manifest.Scorer?.Split('/')[0] ?? ScorerOfConfig(plan.Config)
            ?? throw new UsageException("the data does not say what scored it; give --scorer");
        IScorer scorer = Scorers.Create(name, new ScorerOptions { WordList = wordList });
        if (plan.Data.Manifest.Scorer is { } known && known != scorer.Id)
            Console.Error.WriteLine($"note: the data was scored by {known}, the samples are scored by {scorer.Id}");
        return scorer;
    }

    private static string? ScorerOfConfig(RunConfig config) => config.Generation.ScorerConfig.ClassName == "PIIScorer" ? "pii" : null;
}
