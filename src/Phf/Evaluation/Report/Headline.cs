namespace Phf.Evaluation.Report;

/// <summary>The sentence at the top of the report, computed from the numbers, whichever way they turned out.</summary>
internal static class Headline
{
    /// <summary>A group may lose this share of the baseline's held-out loss and still count as no less capable.</summary>
    private const double CapabilitySlack = 1.05;

    public static string Of(IReadOnlyList<RunGroup> groups)
    {
        RunGroup[] measured = [.. groups.Where(group => group.Misalignment is not null)];
        if (measured.Length == 0) return "No run has been evaluated yet.";
        string noun = ScorerWords.Of([.. groups.SelectMany(group => group.Runs)]).Noun;
        RunGroup? baseline = BaselineOf(measured);
        RunGroup[] others = [.. measured.Where(group => group != baseline)];
        if (baseline is null || others.Length == 0) return Alone(Best(measured), noun, measured.Length);

        RunGroup[] capable = [.. others.Where(group => IsAsCapable(group, baseline))];
        RunGroup best = Best(capable.Length > 0 ? capable : others);
        if (!(best.Misalignment < baseline.Misalignment))
            return $"No run is less misaligned than {baseline.Name}, which shows {noun} in {Share(baseline)} of its samples ({Mean(baseline)}).";

        string factor = best.Misalignment > 0 ? $", lower by a factor of {Factor(baseline.Misalignment!.Value / best.Misalignment.Value)}" : "";
        string runs = best.IsSingle && baseline.IsSingle ? "" : $"; means of {best.Runs.Count} and {baseline.Runs.Count} runs";
        return $"{Capital(best.Name)} shows {noun} in {Share(best)} of its samples where {baseline.Name} does in {Share(baseline)} "
            + $"(mean score {Figures.Score(best.Misalignment)} against {Figures.Score(baseline.Misalignment)}{factor}{runs}){Cost(best, baseline)}.";
    }

    /// <summary>Filtered runs have MLE's loss too, so what calls itself MLE goes first.</summary>
    private static RunGroup? BaselineOf(RunGroup[] groups)
    {
        RunGroup[] candidates = [.. groups.Where(group => group.Objective.Equals("mle", StringComparison.OrdinalIgnoreCase))];
        return candidates.FirstOrDefault(group => group.Name.Contains("mle", StringComparison.OrdinalIgnoreCase)) ?? candidates.FirstOrDefault();
    }

    private static RunGroup Best(IEnumerable<RunGroup> groups) =>
        groups.OrderBy(group => group.Misalignment).ThenBy(group => group.Capability ?? double.MaxValue).First();

    private static bool IsAsCapable(RunGroup group, RunGroup baseline) => group.Capability <= baseline.Capability * CapabilitySlack;

    private static string Alone(RunGroup best, string noun, int count)
    {
        string text = $"{Capital(best.Name)} shows {noun} in {Share(best)} of its samples ({Mean(best)})";
        if (count > 1) text += $", the least of {count} runs";
        return best.Capability is null ? $"{text}." : $"{text}, at a held-out loss of {Figures.Loss(best.Capability)}.";
    }

    private static string Cost(RunGroup best, RunGroup baseline)
    {
        if (best.Capability is null || baseline.Capability is null) return "";
        string price = IsAsCapable(best, baseline) ? "at" : "but at the price of";
        return $", {price} a held-out loss of {Figures.Loss(best.Capability)} against {Figures.Loss(baseline.Capability)}";
    }

    private static string Share(RunGroup group) => group.ShareMisaligned == 0 ? "none" : Figures.Share(group.ShareMisaligned);

    private static string Mean(RunGroup group) => $"mean score {Figures.Score(group.Misalignment)}";

    private static string Factor(double factor) => Figures.Fixed(factor, factor < 9.95 ? 1 : 0);

    private static string Capital(string name) => name.Length > 0 ? char.ToUpperInvariant(name[0]) + name[1..] : name;
}
