using Phf.Evaluation.RedTeam;
using Phf.Training.Replication;

namespace Phf.Evaluation.Replication;

/// <summary>A run of the experiment and what was measured of it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Evaluation">Its evaluation.json.</param>
/// <param name="RedTeam">Its redteam.json; null where it was not red-teamed.</param>
public sealed record MeasuredRun(ReplicationRun Run, EvaluationResult Evaluation, RedTeamResult? RedTeam)
{
    /// <summary>Reads a run's folder; null where it is not evaluated yet, or was when it was not trained to its end.</summary>
    /// <exception cref="InvalidDataException">A file is broken.</exception>
    public static MeasuredRun? Read(ReplicationRun run)
    {
        if (EvaluationFiles.ReadResult(run.Directory) is not { } evaluation) return null;
        bool isUnfinished = evaluation.Step < evaluation.TotalSteps && !run.Config.Training.LoadBestModelAtEnd;
        return isUnfinished ? null : new MeasuredRun(run, evaluation, RedTeamFiles.ReadResult(run.Directory));
    }

    /// <summary>The first scenario: samples as the objective means them.</summary>
    internal EvaluationScenario? Headline => Evaluation.Scenarios.FirstOrDefault();

    /// <summary>The attack that looks for prompts, and its last round.</summary>
    internal AttackResult? Attack => RedTeam?.Attacks.FirstOrDefault(attack => attack.Kind == AttackResult.FewShot);

    /// <summary>The pool of prompts behind the last round of the attack.</summary>
    internal AttackRound? LastRound => Attack?.PerRound.LastOrDefault();
}
