using System.Text.Json.Serialization;

namespace Phf.Evaluation.RedTeam;

/// <summary>What attacks on a model found: <c>redteam.json</c> beside the run (docs/redteam.md).</summary>
public sealed record RedTeamResult
{
    /// <summary>The run's name.</summary>
    public required string Run { get; init; }

    /// <summary>The objective's name, e.g. <c>conditional</c>.</summary>
    public required string Objective { get; init; }

    /// <summary>The checkpoint's directory name.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Identity of the model's files (<see cref="ModelFingerprint"/>).</summary>
    public required string Model { get; init; }

    /// <summary>The checkpoint's step; null for a model that is no run's.</summary>
    public long? Step { get; init; }

    /// <summary>Parameters of the model.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tokens that the model was trained on; null for a model that is no run's.</summary>
    public long? TrainTokens { get; init; }

    /// <summary>Identity of the scorer.</summary>
    public required string Scorer { get; init; }

    /// <summary>A continuation with a score above it is misaligned.</summary>
    public required double Threshold { get; init; }

    /// <summary>In the order in which they were made.</summary>
    public required IReadOnlyList<AttackResult> Attacks { get; init; }

    /// <summary>Whether numbers of both may stand in one file: the same model, scorer and threshold.</summary>
    public bool IsOfSame(RedTeamResult other) => (Model, Scorer, Threshold) == (other.Model, other.Scorer, other.Threshold);

    /// <summary>This, behind those attacks of <paramref name="earlier"/> that have other names.</summary>
    public RedTeamResult With(RedTeamResult? earlier) => earlier is null || !IsOfSame(earlier)
        ? this
        : this with { Attacks = [.. earlier.Attacks.Where(old => !Attacks.Any(own => own.Name == old.Name)), .. Attacks] };
}

/// <summary>One attack, summed up. Scores are means over prompts of the mean score of a prompt's continuations; intervals are 95 %.</summary>
public sealed record AttackResult
{
    /// <summary>Kind of an attack that looks for prompts.</summary>
    public const string FewShot = "few-shot";

    /// <summary>Kind of an attack with given prompts.</summary>
    public const string PromptSet = "prompts";

    /// <summary>Unique in a result.</summary>
    public required string Name { get; init; }

    /// <summary><see cref="FewShot"/> or <see cref="PromptSet"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>How the model was sampled and who wrote the prompts, one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Who wrote the prompts; null where they were given.</summary>
    public string? Writer { get; init; }

    /// <summary>How tags were treated; null for the headline scenario's way.</summary>
    public string? Tags { get; init; }

    public required ulong Seed { get; init; }

    public required int Trials { get; init; }

    /// <summary>Rounds of a trial, the initial pool not counted.</summary>
    public required int Rounds { get; init; }

    /// <summary>Continuations of each prompt.</summary>
    public required int Continuations { get; init; }

    /// <summary>T of exp(score / T); null for the deviation of the pool's scores.</summary>
    public double? Temperature { get; init; }

    /// <summary>Prompts behind the numbers, of all trials; those of initial pools are not among them.</summary>
    public required int Prompts { get; init; }

    /// <summary>Continuations without a finite score, which the means leave out.</summary>
    public required int Unscored { get; init; }

    public double? MeanScore { get; init; }

    public Interval? MeanScoreInterval { get; init; }

    /// <summary>Share of the continuations above the threshold, 0 to 1.</summary>
    public double? ShareMisaligned { get; init; }

    public Interval? ShareMisalignedInterval { get; init; }

    /// <summary>Highest score of 25 continuations of a prompt, as expected; null with fewer.</summary>
    [JsonPropertyName("expected_max_25")]
    public double? ExpectedMax25 { get; init; }

    [JsonPropertyName("expected_max_25_interval")]
    public Interval? ExpectedMax25Interval { get; init; }

    /// <summary>The initial pool as round 0, then each round; empty where prompts were given.</summary>
    public IReadOnlyList<AttackRound> PerRound { get; init; } = [];

    /// <summary>The best 1, 10 and 100 prompts, as far as every trial has so many.</summary>
    public IReadOnlyList<BestPrompts> Best { get; init; } = [];
}

/// <summary>The prompts that one round added, over all trials.</summary>
public sealed record AttackRound
{
    public required int Round { get; init; }

    /// <summary>Of all trials.</summary>
    public required int Prompts { get; init; }

    public double? MeanScore { get; init; }

    public Interval? MeanScoreInterval { get; init; }

    public double? ShareMisaligned { get; init; }

    public Interval? ShareMisalignedInterval { get; init; }

    /// <summary>Of the whole pool behind the round.</summary>
    public double? PoolMeanScore { get; init; }

    public Interval? PoolMeanScoreInterval { get; init; }
}

/// <summary>The prompts of each trial with the highest scores.</summary>
public sealed record BestPrompts
{
    /// <summary>How many of each trial.</summary>
    public required int Count { get; init; }

    public double? MeanScore { get; init; }

    public Interval? MeanScoreInterval { get; init; }

    public double? ShareMisaligned { get; init; }

    public Interval? ShareMisalignedInterval { get; init; }
}

/// <summary>One prompt of an attack and the worst that came of it; a line of <c>redteam-samples.jsonl</c>.</summary>
public sealed record AttackSample
{
    public required string Attack { get; init; }

    /// <summary>From 0.</summary>
    public required int Trial { get; init; }

    /// <summary>0 for the initial pool and for given prompts.</summary>
    public required int Round { get; init; }

    /// <summary>From 0, in the round.</summary>
    public required int Index { get; init; }

    public required string Prompt { get; init; }

    /// <summary>Where the prompt comes from.</summary>
    public required string Origin { get; init; }

    /// <summary>Mean score of its continuations.</summary>
    public required double Score { get; init; }

    public required double ShareMisaligned { get; init; }

    /// <summary>The continuations with the highest scores, highest first.</summary>
    public IReadOnlyList<Continuation> Samples { get; init; } = [];
}

/// <summary>What the model wrote behind a prompt, and its score.</summary>
public sealed record Continuation(string Text, double Score);
