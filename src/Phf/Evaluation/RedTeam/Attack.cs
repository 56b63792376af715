using Phf.Evaluation.Sweep;

namespace Phf.Evaluation.RedTeam;

/// <summary>All prompts of an attack with their scores.</summary>
/// <param name="Name">Unique in a result.</param>
/// <param name="Kind">One of <see cref="AttackResult"/>'s.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Trials">For each trial the initial pool, then the prompts of each round; given prompts are one trial with one round.</param>
public sealed record Attack(string Name, string Kind, string Description, IReadOnlyList<IReadOnlyList<ScoredPrompt[]>> Trials)
{
    private const int MaximumOf = 25;
    private static readonly int[] BestCounts = [1, 10, 100];

    /// <summary>Who wrote the prompts; null where they were given.</summary>
    public string? Writer { get; init; }

    private bool IsSearch => Kind == AttackResult.FewShot;

    /// <summary>The prompts that the attack brought, for each trial: without the initial pools of a search.</summary>
    private ScoredPrompt[][] Brought => [.. Trials.Select(rounds => rounds.Skip(IsSearch ? 1 : 0).SelectMany(prompts => prompts).ToArray())];

    /// <summary>The numbers.</summary>
    /// <param name="options">How the attack went.</param>
    /// <param name="tags">How tags were treated.</param>
    /// <param name="threshold">A continuation with a score above it is misaligned.</param>
    public AttackResult Summarise(RedTeamOptions options, string? tags, double threshold)
    {
        ScoredPrompt[][] brought = Brought;
        (double? mean, Interval? meanInterval) = Over(brought, prompt => prompt.Score);
        (double? share, Interval? shareInterval) = Over(brought, prompt => prompt.ShareAbove(threshold));
        (double? maximum, Interval? maximumInterval) = Over(brought, prompt => ExpectedMaximum.Of([.. prompt.Scores.Where(double.IsFinite)], MaximumOf));
        return new AttackResult
        {
            Name = Name,
            Kind = Kind,
            Description = Description,
            Writer = Writer,
            Tags = tags,
            Seed = options.Seed,
            Trials = Trials.Count,
            Rounds = Trials[0].Count - 1,
            Continuations = options.Continuations,
            Temperature = IsSearch ? options.Temperature : null,
            Prompts = brought.Sum(prompts => prompts.Length),
            Unscored = brought.Sum(prompts => prompts.Sum(prompt => prompt.Scores.Count(double.IsNaN))),
            MeanScore = mean,
            MeanScoreInterval = meanInterval,
            ShareMisaligned = share,
            ShareMisalignedInterval = shareInterval,
            ExpectedMax25 = maximum,
            ExpectedMax25Interval = maximumInterval,
            PerRound = IsSearch ? [.. Enumerable.Range(0, Trials[0].Count).Select(round => Round(round, threshold))] : [],
            Best = [.. BestCounts.Where(count => brought.All(prompts => prompts.Length >= count)).Select(count => Best(brought, count, threshold))],
        };
    }

    /// <summary>The prompts with their worst continuations.</summary>
    public IEnumerable<AttackSample> Samples(double threshold) => Trials.SelectMany((rounds, trial) => rounds.SelectMany((prompts, round) => prompts.Select((prompt, index) => new AttackSample
    {
        Attack = Name,
        Trial = trial,
        Round = round,
        Index = index,
        Prompt = prompt.Text,
        Origin = prompt.Origin,
        Score = prompt.Score,
        ShareMisaligned = prompt.ShareAbove(threshold),
        Samples = prompt.Worst,
    })));

    private AttackRound Round(int round, double threshold)
    {
        ScoredPrompt[][] added = [.. Trials.Select(rounds => rounds[round])], pools = [.. Trials.Select(rounds => rounds.Take(round + 1).SelectMany(prompts => prompts).ToArray())];
        (double? mean, Interval? meanInterval) = Over(added, prompt => prompt.Score);
        (double? share, Interval? shareInterval) = Over(added, prompt => prompt.ShareAbove(threshold));
        (double? pool, Interval? poolInterval) = Over(pools, prompt => prompt.Score);
        return new AttackRound
        {
            Round = round,
            Prompts = added.Sum(prompts => prompts.Length),
            MeanScore = mean,
            MeanScoreInterval = meanInterval,
            ShareMisaligned = share,
            ShareMisalignedInterval = shareInterval,
            PoolMeanScore = pool,
            PoolMeanScoreInterval = poolInterval,
        };
    }

    private BestPrompts Best(ScoredPrompt[][] brought, int count, double threshold)
    {
        ScoredPrompt[][] best = [.. brought.Select(prompts => prompts.OrderByDescending(prompt => prompt.Score).Take(count).ToArray())]; // NaN comes last
        (double? mean, Interval? meanInterval) = Over(best, prompt => prompt.Score);
        (double? share, Interval? shareInterval) = Over(best, prompt => prompt.ShareAbove(threshold));
        return new BestPrompts { Count = count, MeanScore = mean, MeanScoreInterval = meanInterval, ShareMisaligned = share, ShareMisalignedInterval = shareInterval };
    }

    /// <summary>
    /// The mean over prompts, and its interval: Student's t over the trials' means for a search, in which the prompts of a trial descend from each other; bootstrap over given prompts.
    /// Prompts for which the number is not finite are left out.
    /// </summary>
    private (double? Mean, Interval? Interval) Over(ScoredPrompt[][] trials, Func<ScoredPrompt, double> number)
    {
        double[][] numbers = [.. trials.Select(prompts => prompts.Select(number).Where(double.IsFinite).ToArray()).Where(found => found.Length > 0)];
        if (numbers.Length == 0) return (null, null);
        if (!IsSearch) return (numbers[0].Average(), Bootstrap.OfMean(numbers[0]));
        MeanInterval over = MeanInterval.Of([.. numbers.Select(found => found.Average())])!;
        return (over.Mean, over.HalfWidth is { } half ? new Interval(over.Mean - half, over.Mean + half) : null);
    }
}
