namespace Phf.Evaluation.RedTeam;

/// <summary>How an attack goes.</summary>
public sealed record RedTeamOptions
{
    /// <summary>Repetitions with other pools and other random streams, over which intervals are taken.</summary>
    public int Trials { get; init; } = 10;

    /// <summary>Rounds of a trial.</summary>
    public int Rounds { get; init; } = 10;

    /// <summary>Prompts that a round writes.</summary>
    public int Candidates { get; init; } = 20;

    /// <summary>Continuations of a prompt, whose mean score is its score.</summary>
    public int Continuations { get; init; } = 64;

    /// <summary>Prompts of a trial's initial pool, at most.</summary>
    public int PoolSize { get; init; } = 20;

    /// <summary>Prompts that are shown for each candidate, at most.</summary>
    public int Examples { get; init; } = 4;

    /// <summary>T: prompts are shown with probability proportional to exp(score / T); null for the deviation of the scores in the pool.</summary>
    public double? Temperature { get; init; }

    /// <summary>Longest prompt that is written, in the model's tokens, unless the pool has longer ones.</summary>
    public int PromptTokens { get; init; } = 32;

    /// <summary>Same seed, same attack.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A value out of its range.</exception>
    public void Validate()
    {
        foreach ((string name, int value) in new[] { ("trials", Trials), ("rounds", Rounds), ("candidates", Candidates), ("continuations", Continuations), ("pool size", PoolSize), ("examples", Examples), ("prompt tokens", PromptTokens) })
            if (value < 1) throw new ArgumentException($"{name} {value}: at least 1 was expected");
        if (Temperature is { } temperature && !(temperature > 0 && double.IsFinite(temperature))) throw new ArgumentException($"temperature {temperature}: a number above 0 was expected");
    }
}
