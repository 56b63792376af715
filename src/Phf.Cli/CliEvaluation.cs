using Phf.Evaluation;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>Evaluates a checkpoint under a progress display and writes the result into its run.</summary>
internal static class CliEvaluation
{
    /// <param name="title">What the display says.</param>
    /// <param name="run">Where the result goes.</param>
    /// <param name="checkpoint">One of the run's.</param>
    /// <param name="plan">The run's plan.</param>
    /// <param name="scenarios">The first one is the headline.</param>
    /// <param name="scorer">Scores the samples.</param>
    /// <param name="seed">Same seed, same samples.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cancel">Leaves what was there before.</param>
    public static void Run(string title, RunDirectory run, string checkpoint, RunPlan plan, IReadOnlyList<SamplingScenario> scenarios, IScorer scorer,
        ulong seed, IBackend backend, CancellationToken cancel) =>
        ConsoleProgress.Run(title, "samples", scenarios.Sum(scenario => scenario.Samples), progress =>
        {
            int finished = 0;
            var evaluator = new Evaluator(plan, backend, scorer, seed)
            {
                Progress = (_, done, of) =>
                {
                    progress.Report(finished + done, finished + done);
                    if (done == of) finished += done;
                },
            };
            var (result, samples) = evaluator.Evaluate(run, checkpoint, scenarios, cancel);
            EvaluationFiles.Write(run.Path, result, samples);
        });

    /// <summary>The scenarios of a run's configuration, else the default one; with another number of samples where one is asked for.</summary>
    public static IReadOnlyList<SamplingScenario> Scenarios(RunPlan plan, int? samples)
    {
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(plan);
        if (scenarios.Count == 0) scenarios = SamplingScenario.Default(plan);
        return samples is { } count ? [.. scenarios.Select(scenario => scenario with { Samples = count })] : scenarios;
    }

    /// <summary>The scorer asked for, or the one that scored the data.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or it needs what was not given.</exception>
    public static IScorer Scorer(string? asked, Func<string, IScorer> create, RunPlan plan)
    {
        string? known = plan.Data.Manifest.Scorer;
        string name = asked ?? known?.Split('/')[0] ?? ScorerOfConfig(plan.Config) ?? throw new UsageException("the data does not say what scored it; name a scorer (--scorer)");
        IScorer scorer;
        try
        {
            scorer = create(name);
        }
        catch (ArgumentException problem) when (asked is null && known is not null)
        {
            throw new ArgumentException($"the data was scored by {known}: {problem.Message}; or choose another with --scorer", problem);
        }
        if (known is not null && known != scorer.Id)
            Console.Error.WriteLine($"note: the data was scored by {known}, the samples are scored by {scorer.Id}");
        return scorer;
    }

    private static string? ScorerOfConfig(RunConfig config) => config.Generation.ScorerConfig.ClassName == "PIIScorer" ? "pii" : null;
}
