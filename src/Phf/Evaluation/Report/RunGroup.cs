using Phf.Evaluation.Sweep;

namespace Phf.Evaluation.Report;

/// <summary>One number, of a run or the mean over runs.</summary>
/// <param name="Value">Finite.</param>
/// <param name="Interval">95 %: of one run as its evaluation says, over the samples; of several by Student's t over the runs. Null where there is none.</param>
/// <param name="Count">Runs behind it.</param>
internal sealed record Reading(double Value, Interval? Interval, int Count)
{
    private const int FewestForBars = 3;

    /// <summary>What is drawn: with two runs Student's interval is 13 times the standard error, and the two points say more.</summary>
    public Interval? Bar => Count == 1 || Count >= FewestForBars ? Interval : null;

    /// <summary>The interval as text, "0.0041–0.0052"; null where there is none.</summary>
    public string? Range(Func<double?, string> format) => Interval is { } interval ? $"{format(interval.Low)}–{format(interval.High)}" : null;

    /// <summary>One number of one run; null where it is not finite.</summary>
    public static Reading? Of(double? value, Interval? interval = null)
    {
        if (Figures.Finite(value) is not { } number) return null;
        bool isUsable = interval is not null && double.IsFinite(interval.Low) && double.IsFinite(interval.High) && interval.Low <= interval.High;
        return new Reading(number, isUsable ? interval : null, 1);
    }

    /// <summary>The mean of several runs' numbers; of one it is itself; null without any.</summary>
    public static Reading? Mean(IEnumerable<Reading?> readings)
    {
        Reading[] known = [.. readings.OfType<Reading>()];
        if (known.Length < 2) return known.FirstOrDefault();
        MeanInterval mean = MeanInterval.Of([.. known.Select(reading => reading.Value)])!;
        return new Reading(mean.Mean, mean.HalfWidth is { } half ? new Interval(mean.Mean - half, mean.Mean + half) : null, known.Length);
    }
}

/// <summary>The runs of one setting, which differ in the seed alone; a run whose configuration is no other's is a group of its own.</summary>
internal sealed record RunGroup(string Name, IReadOnlyList<RunReport> Runs)
{
    /// <summary>Number of its colour and shape in the main chart; null for its place among the groups.</summary>
    public int? Series { get; init; }

    public string Objective => Runs[0].Objective;

    public bool IsSingle => Runs.Count == 1;

    public double? Misalignment => Read(Measure.Misalignment)?.Value;

    /// <summary>Held-out loss on all text, nats per token.</summary>
    public double? Capability => Read(Measure.HeldoutLoss)?.Value;

    public double? ShareMisaligned => Read(Measure.ShareMisaligned)?.Value;

    /// <summary>Names of the ways of sampling besides the headline, in the order of the first run that has them.</summary>
    public IReadOnlyList<string> FurtherScenarios => [.. Runs.SelectMany(run => run.Evaluation?.Scenarios.Skip(1) ?? []).Select(scenario => scenario.Name).Distinct()];

    /// <summary>Groups in the order of their first runs.</summary>
    public static IReadOnlyList<RunGroup> Of(IReadOnlyList<RunReport> runs)
    {
        var groups = new List<List<RunReport>>();
        foreach (RunReport run in runs)
        {
            List<RunReport>? own = groups.FirstOrDefault(group => group.All(other => DifferInSeedAlone(run, other)));
            if (own is null) groups.Add([run]);
            else own.Add(run);
        }
        string[] names = [.. groups.Select(NameOf)];
        return [.. groups.Select((group, i) => new RunGroup(names.Count(name => name == names[i]) > 1 ? group[0].Name : names[i], group))];
    }

    /// <summary>The mean of a number over the runs that have it; null where none has.</summary>
    public Reading? Read(Measure measure, string? furtherScenario = null) => Reading.Mean(Runs.Select(run => measure.Of(run, Scenario(run, furtherScenario))));

    /// <summary>Whether any run has the number, of its headline or of another way of sampling.</summary>
    public bool Has(Measure measure) => ((string?[])[null, .. FurtherScenarios]).Any(further => Read(measure, further) is not null);

    /// <summary>A run's headline (null), or its further scenario of that name.</summary>
    public static EvaluationScenario? Scenario(RunReport run, string? further) =>
        further is null ? run.Headline : run.Evaluation?.Scenarios.Skip(1).FirstOrDefault(scenario => scenario.Name == further);

    private static bool DifferInSeedAlone(RunReport run, RunReport other) =>
        run.Identity.Rest is { } rest && rest == other.Identity.Rest
        && run.Identity.Seed is { } seed && other.Identity.Seed is { } otherSeed && seed != otherSeed
        && (run.Evaluation is null || other.Evaluation is null
            || (run.Evaluation.Scorer, run.Evaluation.Threshold) == (other.Evaluation.Scorer, other.Evaluation.Threshold));

    /// <summary>What the names have in common: without their seeds, else up to the first difference; the objective where that is nothing.</summary>
    private static string NameOf(List<RunReport> group)
    {
        if (group.Count == 1) return group[0].Name;
        string[] names = [.. group.Select(run => ConfigIdentity.WithoutSeed(run.Name))];
        int common = names[0].Length;
        foreach (string name in names) common = Math.Min(common, names[0].AsSpan().CommonPrefixLength(name));
        string prefix = names[0][..common];
        if (names.Any(name => name.Length > common)) prefix = prefix.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        prefix = prefix.Trim('-', '_', '.', '/', '=', ' ');
        return prefix.Length > 0 ? prefix : group[0].Objective;
    }
}
