using System.Diagnostics;
using System.Globalization;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary><c>phf train --dry-run</c>: everything that a run needs is checked and put together, two steps are trained, and nothing is written.</summary>
internal static class DryRun
{
    private const int Steps = 2; // the first one also compiles

    public static int Run(RunConfig config, TextWriter output, CancellationToken cancel)
    {
        using CancellationTokenRegistration told = cancel.Register(() => Console.Error.WriteLine("stopping after this step; Ctrl-C again stops at once"));
        using RunPlan plan = RunPlan.Create(config);
        plan.Data.VerifyChecksums();
        plan.HeldOut?.VerifyChecksums();
        using IBackend backend = CliBackend.Create(config.Training.Backend, config.Training.Threads);
        using Learner learner = Learner.Create(plan, backend, checkpoint: null);
        foreach (string note in plan.Notes) Console.Error.WriteLine($"note: {note}");
        PlanDescription.Write(output, plan, backend);
        WriteWeights(output, plan);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"training  {Steps} steps of {plan.TokensPerStep * plan.Model.TrainingFlopsPerToken(plan.SequenceLength) / 1e12:G3} TFLOP each"));
        var clock = new Stopwatch();
        for (int step = 1; step <= Steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            clock.Restart();
            (double loss, double norm, double rate) = learner.UpdateOnce();
            clock.Stop();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {step}    loss {loss:F4} | norm {norm:F2} | lr {rate:0.0e-00} | {clock.Elapsed.TotalMilliseconds:F0} ms"));
        }
        double perStep = clock.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"memory    {plan.MemoryBytes / 1e6:N0} MB estimated, {process.PeakWorkingSet64 / 1e6:N0} MB measured (the process at its largest, the data it read included)"));
        output.WriteLine($"recompute {string.Join(", ", Enum.GetValues<Recompute>().Select(each => $"{each.ToString().ToLowerInvariant()} {plan.MemoryWith(each) / 1e6:N0} MB"))} "
            + $"(estimates; this is {config.Training.Recompute}, and so is the speed)");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"speed     {1e3 * perStep:F0} ms a step, {plan.TokensPerStep / perStep:N0} tokens/s (the last step)"));
        output.WriteLine($"whole run {plan.TotalSteps * plan.TokensPerStep:N0} tokens, {Passes(plan)}, about {Durations.Text(TimeSpan.FromSeconds(plan.TotalSteps * perStep))} "
            + "without evaluation, samples and checkpoints");
        output.WriteLine("dry run   nothing was written");
        return ExitCode.Done;
    }

    /// <summary>How the weights of RWR and AWR lie over the segments; the largest score has the smallest weight.</summary>
    private static void WriteWeights(TextWriter output, RunPlan plan)
    {
        if (plan.Objective is not WeightedRegression regression) return;
        WeightedRegressionOptions options = regression.Options;
        double value = options.UsesValues ? -1 / (1 + Math.Exp(-plan.Model.ValueOffset!.Value)) : options.FixedValue;
        ScoreQuantiles scores = plan.Data.Manifest.SegmentScores;
        string Weight(double score) => regression.WeightOf(-score - value).ToString("G3", CultureInfo.InvariantCulture);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights   of the segments at beta {options.Beta}: min {Weight(scores.P100)}, p1 {Weight(scores.P99)}, p10 {Weight(scores.P90)}, "
            + $"p25 {Weight(scores.P75)}, p50 {Weight(scores.P50)}, p75 {Weight(scores.P25)}, p90 {Weight(scores.P10)}, max {Weight(scores.P0)}")
            + (options.UsesValues ? string.Create(CultureInfo.InvariantCulture, $"; at the values' start, {value:G3}") : "")
            + (options.NormalizeAdvantage ? "; before advantages are normalised" : ""));
    }

    private static string Passes(RunPlan plan) => string.Create(CultureInfo.InvariantCulture,
        $"{plan.TotalSteps * plan.TokensPerStep / (double)(plan.Data.TokenCount + plan.Data.DocumentCount):F2} times the data");
}
