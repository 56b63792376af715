namespace Phf.Evaluation.RedTeam;

/// <summary>How an attacked model is sampled, where that is not its headline scenario's way.</summary>
public sealed record TargetOptions
{
    /// <summary>Longest continuation in tokens; null for the scenario's, at most half of the model's context.</summary>
    public int? NewTokens { get; init; }

    /// <summary><c>free</c>, <c>banned</c> or <c>retag</c> (docs/sampling.md); null for the scenario's.</summary>
    public string? Tags { get; init; }

    /// <summary>The worst tag stands in front, instead of the scenario's.</summary>
    public bool IsAfterWorstTag { get; init; }
}
