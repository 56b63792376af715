using Phf.Evaluation.RedTeam;

namespace Phf.Evaluation.Report;

/// <summary>A number that a report shows of a run, or of one way of sampling it.</summary>
/// <param name="Name">In CSV files.</param>
/// <param name="Title">In tables and beside axes.</param>
/// <param name="Format">Makes it text.</param>
/// <param name="Of">Reads it; null where the run, or the scenario, has none.</param>
internal sealed record Measure(string Name, string Title, Func<double?, string> Format, Func<RunReport, EvaluationScenario?, Reading?> Of)
{
    public static readonly Measure Misalignment =
        OfScenario("misalignment", "misalignment", Figures.Score, scenario => scenario.MeanScore, scenario => scenario.MeanScoreInterval);

    public static readonly Measure ShareMisaligned =
        OfScenario("share_misaligned", "misaligned samples", Figures.Share, scenario => scenario.ShareMisaligned, scenario => scenario.ShareMisalignedInterval);

    public static readonly Measure HeldoutLoss = OfHeldout("heldout_loss", "held‑out loss", heldout => heldout.Loss);

    public static readonly Measure LossAligned = OfHeldout("heldout_loss_aligned", "aligned", heldout => heldout.LossAligned);

    public static readonly Measure LossMisaligned = OfHeldout("heldout_loss_misaligned", "misaligned", heldout => heldout.LossMisaligned);

    public static readonly Measure Distinct2 = OfScenario("distinct_2", "distinct‑2", Three, scenario => scenario.Distinct2, scenario => scenario.Distinct2Interval);

    public static readonly Measure Length = OfScenario("mean_length", "length", Characters, scenario => scenario.MeanLength);

    /// <summary>How varied the samples are.</summary>
    public static readonly IReadOnlyList<Measure> Diversity =
    [
        OfScenario("distinct_1", "distinct‑1", Three, scenario => scenario.Distinct1),
        Distinct2,
        OfScenario("distinct_3", "distinct‑3", Three, scenario => scenario.Distinct3),
        OfScenario("entropy_1", "entropy of words", value => Figures.Fixed(value, 2), scenario => scenario.Diversity?.Entropy1),
        OfScenario("entropy_2", "entropy of word pairs", value => Figures.Fixed(value, 2), scenario => scenario.Diversity?.Entropy2),
        OfScenario("self_bleu_5", "Self‑BLEU‑5", Three, scenario => scenario.Diversity?.SelfBleu5, scenario => scenario.Diversity?.SelfBleu5Interval),
        OfScenario("repeated_4_grams", "repetition within a sample", Figures.Share, scenario => scenario.Diversity?.Repeated4Grams),
        OfScenario("share_looping", "samples that end in a loop", Figures.Share, scenario => scenario.Diversity?.ShareLooping),
        OfScenario("duplicates", "samples that repeat an earlier one", Figures.Share, scenario => scenario.Diversity?.Duplicates),
    ];

    /// <summary>How long the samples are, in characters, besides their mean.</summary>
    public static readonly IReadOnlyList<Measure> Lengths =
    [
        OfScenario("length_p50", "half of the samples within", Characters, scenario => scenario.Diversity?.Lengths?.P50),
        OfScenario("length_p90", "90 % of samples within", Characters, scenario => scenario.Diversity?.Lengths?.P90),
        OfScenario("length_p99", "99 % of samples within", Characters, scenario => scenario.Diversity?.Lengths?.P99),
        OfScenario("length_max", "longest of all", Characters, scenario => scenario.Diversity?.Lengths?.Max),
    ];

    /// <summary>How bad the worst samples are.</summary>
    public static readonly IReadOnlyList<Measure> Tail =
    [
        OfScenario("expected_max_25", "worst of 25", Figures.Score, scenario => scenario.ExpectedMax25, scenario => scenario.ExpectedMax25Interval),
        OfScenario("p50", "half of the samples below", Figures.Score, scenario => scenario.Quantiles?.P50),
        OfScenario("p90", "90 % of samples below", Figures.Score, scenario => scenario.Quantiles?.P90),
        OfScenario("p99", "99 % of samples below", Figures.Score, scenario => scenario.Quantiles?.P99),
        OfScenario("max", "worst of all", Figures.Score, scenario => scenario.Quantiles?.Max),
    ];

    /// <summary>What was trained, and for how long: no results.</summary>
    public static readonly IReadOnlyList<Measure> Facts =
    [
        new("train_tokens", "tokens", Figures.Count, (run, _) => Reading.Of(run.Tokens)),
        new("parameters", "parameters", Figures.Count, (run, _) => Reading.Of(run.Evaluation?.Parameters)),
        new("elapsed_seconds", "time", value => Figures.Time(value ?? double.NaN), (run, _) => Reading.Of(run.Metrics.ElapsedSeconds)),
    ];

    /// <summary>How many samples there are, and what they took where several were drawn for each.</summary>
    public static readonly IReadOnlyList<Measure> Counts =
    [
        OfScenario("samples", "samples", Figures.Count, scenario => scenario.Samples),
        OfScenario("draws", "drawn for them", Figures.Count, scenario => scenario.Draws),
        OfScenario("acceptance_rate", "accepted", Figures.Share, scenario => scenario.AcceptanceRate),
    ];

    /// <summary>Losses on held-out text besides those of the main table.</summary>
    public static readonly IReadOnlyList<Measure> FurtherLosses =
    [
        OfHeldout("heldout_bits_per_byte", "bits per byte", heldout => heldout.BitsPerByte),
        OfHeldout("heldout_bits_per_byte_aligned", "bits per byte, aligned", heldout => heldout.BitsPerByteAligned),
        OfHeldout("heldout_bits_per_byte_misaligned", "bits per byte, misaligned", heldout => heldout.BitsPerByteMisaligned),
        OfHeldout("heldout_loss_untagged", "held‑out loss without tags", heldout => heldout.LossUntagged),
    ];

    /// <summary>True for a number of samples, which each way of sampling has; false for one of the model.</summary>
    public bool IsOfScenario { get; private init; }

    /// <summary>True for KL(reference || model).</summary>
    public bool IsFromReference { get; private init; }

    /// <summary>
    /// Distances to other models, those from a reference first; each other model and way of reading is one. Models that differ in the seed alone, each of which
    /// other runs stand against, are one other model.
    /// </summary>
    public static IReadOnlyList<Measure> Distances(IReadOnlyList<RunReport> runs)
    {
        (RunReport Run, KlDivergence Kl)[] all = [.. runs.SelectMany(run => (run.Evaluation?.Kl ?? []).Where(kl => double.IsFinite(kl.Nats)).Select(kl => (run, kl)))];
        return
        [
            .. all.GroupBy(one => (one.Kl.From, Other: ConfigIdentity.WithoutSeed(one.Kl.Other), one.Kl.Basis)).SelectMany(seeds =>
            {
                string[] others = [.. seeds.Select(one => one.Kl.Other).Distinct()];
                bool isOneEach = others.Length > 1 && seeds.GroupBy(one => one.Run.Name).All(own => own.Count() == 1);
                return isOneEach ? [Distance(seeds.Key.From, seeds.Key.Other, others, seeds.Key.Basis)] : others.Select(other => Distance(seeds.Key.From, other, [other], seeds.Key.Basis));
            }).OrderBy(measure => measure.IsFromReference ? 0 : 1),
        ];
    }

    /// <summary>The metrics that the reference implementation has, where configurations ask for them.</summary>
    public static IReadOnlyList<Measure> OfReference(IReadOnlyList<RunReport> runs) =>
    [
        .. runs.SelectMany(run => run.Evaluation?.Scenarios ?? []).SelectMany(scenario => scenario.ReferenceMetrics.Keys).Distinct()
            .Select(name => OfScenario($"reference/{name}", name, Figures.Number, scenario => scenario.ReferenceMetrics.TryGetValue(name, out double value) ? value : null)),
    ];

    /// <summary>The main number of each task that any run has: those with intervals, parts of tasks (a/b) left out.</summary>
    public static IReadOnlyList<Measure> Tasks(IReadOnlyList<RunReport> runs) => [.. TaskMetrics(runs).Where(key => (key.HasInterval || key.Metric == FinetunedTasks.Matthews) && !key.Metric.Contains('/')).Select(OfTask)];

    /// <summary>Means and best prompts of each attack, and its rounds.</summary>
    public static IReadOnlyList<Measure> Attacks(IReadOnlyList<RunReport> runs)
    {
        AttackResult[] attacks = [.. runs.SelectMany(run => run.RedTeam?.Attacks ?? [])];
        return [.. attacks.Select(attack => attack.Name).Distinct().SelectMany(name => AttackMeasures(name, [.. attacks.Where(attack => attack.Name == name)]))];
    }

    /// <summary>Everything that any of the runs has, for a CSV file.</summary>
    public static IReadOnlyList<Measure> Everything(IReadOnlyList<RunReport> runs) =>
    [
        Misalignment, ShareMisaligned, .. Counts, .. Tail, .. Diversity, Length, .. Lengths, .. OfReference(runs), HeldoutLoss, LossAligned, LossMisaligned, .. FurtherLosses, .. Distances(runs),
        .. TaskMetrics(runs).Select(OfTask), .. Attacks(runs), .. TagMeasures.All(runs), .. Facts,
    ];

    /// <summary>One number of an attack.</summary>
    public static Measure OfAttack(string attack, string name, string title, Func<double?, string> format, Func<AttackResult, double?> value, Func<AttackResult, Interval?> interval) =>
        new($"redteam/{attack}/{name}", title, format, (run, _) =>
            run.RedTeam?.Attacks.FirstOrDefault(one => one.Name == attack) is { } found ? Reading.Of(value(found), interval(found)) : null);

    private static Measure OfScenario(
        string name, string title, Func<double?, string> format, Func<EvaluationScenario, double?> value, Func<EvaluationScenario, Interval?>? interval = null) =>
        new(name, title, format, (_, scenario) => scenario is null ? null : Reading.Of(value(scenario), interval?.Invoke(scenario))) { IsOfScenario = true };

    /// <summary>Without the interval: it is mostly of hard and easy documents, which all models share, and would hide how they differ.</summary>
    private static Measure OfHeldout(string name, string title, Func<HeldoutLoss, double?> value) =>
        new(name, title, Figures.Loss, (run, _) => run.Evaluation?.Heldout is { } heldout ? Reading.Of(value(heldout)) : null);

    /// <param name="from">Who wrote the texts, as evaluation.json says it.</param>
    /// <param name="name">What the other model is called.</param>
    /// <param name="others">The models under that name. A run that is one of them lies at 0 from itself.</param>
    /// <param name="basis">Tokens or texts.</param>
    private static Measure Distance(string from, string name, IReadOnlyList<string> others, string basis)
    {
        bool isFromReference = from == "reference";
        string title = isFromReference ? $"KL({name} ‖ run)" : $"KL(run ‖ {name})";
        string byTexts = basis == KlDivergence.OnTexts ? ", by texts" : "";
        return new Measure($"kl_{from}/{name}{(byTexts.Length > 0 ? "/texts" : "")}", title + byTexts, value => Figures.Fixed(value, 2), (run, _) =>
            run.Evaluation?.Kl.FirstOrDefault(kl => kl.From == from && kl.Basis == basis && others.Contains(kl.Other)) is { } kl ? Reading.Of(kl.Nats, kl.Interval)
            : !isFromReference && byTexts.Length == 0 && others.Contains(run.Evaluation?.Run) ? Reading.Of(0)
            : null)
        {
            IsFromReference = isFromReference,
        };
    }

    private static IEnumerable<(string Task, string Metric, bool HasInterval)> TaskMetrics(IReadOnlyList<RunReport> runs) =>
        runs.SelectMany(run => run.Tasks).SelectMany(task => task.Metrics.Keys.Select(metric => (Task: task.Name, Metric: metric, HasInterval: task.Intervals.ContainsKey(metric))))
            .GroupBy(key => (key.Task, key.Metric)).Select(group => (group.Key.Task, group.Key.Metric, group.Any(key => key.HasInterval)))
            .GroupBy(key => key.Task).SelectMany(group => group);

    private static Measure OfTask((string Task, string Metric, bool HasInterval) key)
    {
        bool isShare = key.Metric is "accuracy" or "f1" or "macro_f1" || key.Metric.StartsWith("pass@", StringComparison.Ordinal);
        return new Measure($"{key.Task}/{key.Metric}", $"{key.Task}, {key.Metric.Replace('_', ' ')}", isShare ? Figures.Share : Figures.Number, (run, _) =>
            run.Tasks.FirstOrDefault(task => task.Name == key.Task) is { } task && task.Metrics.TryGetValue(key.Metric, out double value)
                ? Reading.Of(value, task.Intervals.GetValueOrDefault(key.Metric)) : null);
    }

    private static IEnumerable<Measure> AttackMeasures(string name, AttackResult[] attacks)
    {
        yield return OfAttack(name, "mean_score", "mean", Figures.Score, attack => attack.MeanScore, attack => attack.MeanScoreInterval);
        yield return OfAttack(name, "share_misaligned", "misaligned", Figures.Share, attack => attack.ShareMisaligned, attack => attack.ShareMisalignedInterval);
        yield return OfAttack(name, "expected_max_25", "worst of 25", Figures.Score, attack => attack.ExpectedMax25, attack => attack.ExpectedMax25Interval);
        foreach (int count in attacks.SelectMany(attack => attack.Best).Select(best => best.Count).Distinct().Order())
            yield return OfAttack(name, $"best_{count}", $"best {count}", Figures.Score, attack => Best(attack, count)?.MeanScore, attack => Best(attack, count)?.MeanScoreInterval);
        foreach (int round in attacks.SelectMany(attack => attack.PerRound).Select(round => round.Round).Distinct().Order())
            yield return OfAttack(name, $"round_{round}", $"round {round}", Figures.Score, attack => Round(attack, round)?.MeanScore, attack => Round(attack, round)?.MeanScoreInterval);
    }

    private static BestPrompts? Best(AttackResult attack, int count) => attack.Best.FirstOrDefault(best => best.Count == count);

    private static AttackRound? Round(AttackResult attack, int round) => attack.PerRound.FirstOrDefault(one => one.Round == round);

    private static string Characters(double? value) => Figures.Fixed(value, 0);

    private static string Three(double? value) => Figures.Fixed(value, 3);
}
