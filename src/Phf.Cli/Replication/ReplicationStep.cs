using Phf.Training.Replication;

namespace Phf.Cli.Replication;

/// <summary>What a step belongs to; the names are those of <c>--steps</c>.</summary>
internal enum ReplicationStage { Prepare, Train, Evaluate, RedTeam, Report }

/// <summary>One step of an experiment: a command of phf, or work that no verb does.</summary>
internal sealed record ReplicationStep
{
    /// <summary>Unique in the experiment, and fit for a file's name.</summary>
    public required string Name { get; init; }

    public required ReplicationStage Stage { get; init; }

    /// <summary>The command without <c>phf</c>; empty where <see cref="Compute"/> does the work.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>What the step does in words, where it is no command.</summary>
    public string Words { get; init; } = "";

    /// <summary>The work of a step that is no command.</summary>
    public Action<CancellationToken>? Compute { get; init; }

    /// <summary>Whether the command takes <c>--threads</c>.</summary>
    public bool TakesThreads { get; init; }

    /// <summary>The file or folder that is there when it is done; null where a run's folder tells.</summary>
    public string? Output { get; init; }

    /// <summary>What decides the result besides the command, e.g. the sizes of files.</summary>
    public string Inputs { get; init; } = "";

    /// <summary>The step begins with files of the user's that need not be named again once it is done.</summary>
    public bool IsSource { get; init; }

    /// <summary>Names of the steps that must be done before.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>The run that is trained, evaluated or red-teamed; null for preparation.</summary>
    public ReplicationRun? Run { get; init; }

    /// <summary>The run that it is compared with; null where there is none.</summary>
    public ReplicationRun? Baseline { get; init; }

    /// <summary>What there is to do: of training, evaluation and red-teaming floating-point operations, else bytes.</summary>
    public double Work { get; init; }

    /// <summary>For people: the command as it could be typed.</summary>
    public string Text => Words.Length > 0 ? Words : $"phf {string.Join(' ', Arguments)}";
}
