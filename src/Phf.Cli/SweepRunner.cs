using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.Report;
using Phf.Evaluation.Sweep;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;
using Phf.Training.Sweep;

namespace Phf.Cli;

/// <summary>Trains and evaluates the runs of a sweep one after another. What is done already is not done again; what fails is told, and the rest goes on.</summary>
/// <remarks><c>threads</c> is null where each run's own training.threads hold.</remarks>
internal sealed class SweepRunner(SweepPlan sweep, ScorerFactory scorers, int? threads, TextWriter output, CancellationToken cancel)
{
    /// <summary>Works every run out against its data, once for each method and point, before anything is computed.</summary>
    /// <exception cref="InvalidDataException">Every problem, one per line.</exception>
    public static void Check(SweepPlan sweep, ScorerFactory scorers)
    {
        var problems = new List<string>();
        foreach (SweepRun run in sweep.Runs.DistinctBy(run => string.Join('\n', [run.Method, .. run.Point.Select(setting => setting.Value)])))
        {
            try
            {
                using RunPlan plan = RunPlan.Create(run.Config);
                BlockReader.OfLanes(plan.Data, plan.Blocks, lanes: 1); // finds out whether the filter leaves anything
                if (sweep.Settings.Evaluate is not { } wanted) continue;
                Scenarios(plan, wanted);
                using var ending = Scorer(plan, wanted, scorers) as IDisposable;
            }
            catch (Exception problem) when (IsOfTheRun(problem))
            {
                problems.Add(problem.Message);
            }
        }
        if (problems.Count > 0) throw new InvalidDataException(string.Join('\n', problems.Distinct()));
    }

    /// <summary>How far a run is, in words: new, at a step, trained, finished.</summary>
    public static string StateOf(SweepRun run, SweepEvaluation? wanted)
    {
        if (RunDirectory.IsFree(run.Directory)) return "new";
        RunDirectory directory = RunDirectory.Open(run.Directory);
        if (directory.Checkpoints().LastOrDefault() is not { } checkpoint) return "at step 0";
        TrainerState state = Checkpoint.ReadState(checkpoint);
        if (state.Step < state.TotalSteps) return $"at step {state.Step} of {state.TotalSteps}";
        return wanted is null || EvaluationFiles.ReadResult(run.Directory)?.Checkpoint == Path.GetFileName(directory.ModelCheckpoint()) ? "finished" : "trained, not evaluated";
    }

    /// <summary>Goes through all runs.</summary>
    public IReadOnlyList<SweepOutcome> Run()
    {
        var outcomes = new List<SweepOutcome>();
        foreach (SweepRun run in sweep.Runs)
        {
            string title = $"{outcomes.Count + 1}/{sweep.Runs.Count} {run.Name}";
            try
            {
                Run(run, title);
                outcomes.Add(new SweepOutcome(run, RunReport.Read(run.Directory), Failure: null));
            }
            catch (Exception problem) when (IsOfTheRun(problem))
            {
                output.WriteLine($"{title} failed: {problem.Message}");
                outcomes.Add(new SweepOutcome(run, Report: null, problem.Message));
            }
        }
        return outcomes;
    }

    private void Run(SweepRun run, string title)
    {
        bool goesOn = !RunDirectory.IsFree(run.Directory);
        RunDirectory directory = goesOn ? RunDirectory.Open(run.Directory) : RunDirectory.Reserve(run.Directory, force: false);
        using RunPlan plan = RunPlan.Create(goesOn ? directory.CheckSameConfig(run.Config) : run.Config);
        using IBackend backend = CliBackend.Create(run.Config.Training.Backend, threads ?? run.Config.Training.Threads);
        Train(directory, plan, backend, goesOn, title);
        if (sweep.Settings.Evaluate is not { } wanted) return;
        string checkpoint = directory.ModelCheckpoint();
        IReadOnlyList<SamplingScenario> scenarios = Scenarios(plan, wanted);
        IScorer scorer = Scorer(plan, wanted, scorers);
        using var ending = scorer as IDisposable;
        if (IsEvaluated(run.Directory, checkpoint, scenarios, scorer)) return;
        CliEvaluation.Run($"{title}: sampling", directory, checkpoint, plan, new EvaluationRequest { Scenarios = scenarios, Seed = (ulong)wanted.Seed }, scorer, backend, cancel);
    }

    private static IScorer Scorer(RunPlan plan, SweepEvaluation wanted, ScorerFactory scorers) =>
        CliEvaluation.Scorer(wanted.Scorer, scorers, plan, wanted);

    private void Train(RunDirectory run, RunPlan plan, IBackend backend, bool goesOn, string title)
    {
        string? checkpoint = goesOn ? run.Checkpoints().LastOrDefault() : null;
        if (checkpoint is not null && Checkpoint.ReadState(checkpoint) is var state && state.Step >= state.TotalSteps)
        {
            output.WriteLine($"{title}: finished earlier");
            return;
        }
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint);
        foreach (string note in plan.Notes) Console.Error.WriteLine($"note: {run.Name}: {note}");
        if (goesOn) output.WriteLine(checkpoint is null ? $"{title}: begins again, it has no checkpoint" : $"{title}: goes on from {Path.GetFileName(checkpoint)}");
        else run.Start(plan.Config);
        ConsoleProgress.Run($"{title}: training", "tokens", plan.TotalSteps * plan.TokensPerStep, progress =>
        {
            long before = trainer.Step * plan.TokensPerStep;
            progress.BeginAt(before);
            trainer.Run(new ProgressObserver(progress, before), TrainingSamples.Writer(plan, run), cancel);
        });
    }

    private static IReadOnlyList<SamplingScenario> Scenarios(RunPlan plan, SweepEvaluation wanted)
    {
        IReadOnlyList<SamplingScenario> all = CliEvaluation.Scenarios(plan, wanted.Samples);
        if (wanted.Scenarios is not { } names) return all;
        // A method may add scenarios of its own (tags), so a name need not be known to each; but a run with none has nothing to say.
        SamplingScenario[] chosen = [.. all.Where(scenario => names.Contains(scenario.Name))];
        return chosen.Length > 0 ? chosen : throw new InvalidDataException(
            $"evaluate.scenarios names none of the scenarios of {Path.GetFileName(plan.Config.Training.OutputDir)}; it has {string.Join(", ", all.Select(scenario => scenario.Name))}");
    }

    /// <summary>Whether the run's evaluation is of this checkpoint and was made in this way.</summary>
    private static bool IsEvaluated(string directory, string checkpoint, IReadOnlyList<SamplingScenario> scenarios, IScorer scorer) =>
        EvaluationFiles.ReadResult(directory) is { } result && result.Checkpoint == Path.GetFileName(checkpoint) && result.Scorer == scorer.Id
        && result.Scenarios.Select(scenario => (scenario.Name, scenario.Samples)).SequenceEqual(scenarios.Select(scenario => (scenario.Name, scenario.Samples)));

    /// <summary>What is wrong with one run and leaves the others as they are.</summary>
    private static bool IsOfTheRun(Exception problem) =>
        problem is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or InsufficientMemoryException or UsageException;
}
