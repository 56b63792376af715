using Phf.Evaluation;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;

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
}
