namespace Phf.Evaluation;

/// <summary>Which of several candidates becomes a sample; the default takes the first. The baselines that need no training: best-of-n and rejection sampling.</summary>
public sealed record Selection
{
    /// <summary>Candidates of which the one with the lowest score is kept.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>A candidate with a score up to it is kept at once; null keeps by <see cref="BestOf"/>.</summary>
    public double? RejectAbove { get; init; }

    /// <summary>Candidates at most with <see cref="RejectAbove"/>; if none passes, the one with the lowest score is kept.</summary>
    public int MaxTries { get; init; } = 16;

    /// <summary>Candidates that a sample may take.</summary>
    public int Rounds => RejectAbove is null ? BestOf : MaxTries;

    /// <summary>Whether candidates are looked at before they become samples.</summary>
    public bool IsNeeded => BestOf > 1 || RejectAbove is not null;
}
