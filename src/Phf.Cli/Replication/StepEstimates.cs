namespace Phf.Cli.Replication;

/// <summary>
/// How long steps will take. Where a step of the same kind is done in this experiment, its speed is that of all that are; before that it is a guess from two
/// cores of one machine.
/// </summary>
internal sealed class StepEstimates
{
    private const double ShortStep = 15; // seconds of a step whose work is not known beforehand
    private static readonly Dictionary<ReplicationStage, double> Guesses = new()
    {
        [ReplicationStage.Prepare] = 5e5, // bytes a second, compressed
        [ReplicationStage.Train] = 1.2e11, // floating-point operations a second
        [ReplicationStage.Evaluate] = 4e10,
        [ReplicationStage.RedTeam] = 4e10,
    };

    private readonly Dictionary<ReplicationStage, double> _speeds = new(Guesses);

    public StepEstimates(IReadOnlyList<ReplicationStep> steps, ReplicationState state)
    {
        foreach (var stage in steps.Where(step => step.Stage != ReplicationStage.Prepare && state.SecondsOf(step) > 0).GroupBy(step => step.Stage))
            _speeds[stage.Key] = stage.Sum(step => step.Work) / stage.Sum(step => state.SecondsOf(step)!.Value);
    }

    /// <summary>The time of a whole step.</summary>
    public TimeSpan Of(ReplicationStep step) => TimeSpan.FromSeconds(step.Work > 0 ? Math.Max(1, step.Work / _speeds[step.Stage]) : ShortStep);
}
