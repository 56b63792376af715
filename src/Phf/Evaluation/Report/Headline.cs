namespace Phf.Evaluation.Report;

/// <summary>The sentence at the top of the report, computed from the numbers, whichever way they turned out.</summary>
internal static class Headline
{
    /// <summary>A run may lose this share of the baseline's held-out loss and still count as no less capable.</summary>
    private const double CapabilitySlack = 1.05;

    public static string Of(IReadOnlyList<RunReport> runs)
    {
        RunReport[] measured = [.. runs.Where(run => run.Misalignment is not null)];
        if (measured.Length == 0) return "No run has been evaluated yet.";
        string noun = ScorerWords.Of(runs).Noun;
        RunReport? baseline = measured.FirstOrDefault(run => run.Objective.Equals("mle", StringComparison.OrdinalIgnoreCase));
        RunReport[] others = [.. measured.Where(run => run != baseline)];
        if (baseline is null || others.Length == 0) return Alone(Best(measured), noun, measured.Length);

        RunReport[] capable = [.. others.Where(run => IsAsCapable(run, baseline))];
        RunReport best = Best(capable.Length > 0 ? capable : others);
        if (!(best.Misalignment < baseline.Misalignment))
            return $"No run is less misaligned than {baseline.Name}, which shows {noun} in {Share(baseline)} of its samples ({Mean(baseline)}).";

        string factor = best.Misalignment > 0 ? $", lower by a factor of {Factor(baseline.Misalignment!.Value / best.Misalignment.Value)}" : "";
        return $"{Capital(best.Name)} shows {noun} in {Share(best)} of its samples where {baseline.Name} does in {Share(baseline)} "
            + $"(mean score {Figures.Score(best.Misalignment)} against {Figures.Score(baseline.Misalignment)}{factor}){Cost(best, baseline)}.";
    }

    private static RunReport Best(IEnumerable<RunReport> runs) =>
        runs.OrderBy(run => run.Misalignment).ThenBy(run => run.Capability ?? double.MaxValue).First();

    private static bool IsAsCapable(RunReport run, RunReport baseline) => run.Capability <= baseline.Capability * CapabilitySlack;

    private static string Alone(RunReport best, string noun, int count)
    {
        string text = $"{Capital(best.Name)} shows {noun} in {Share(best)} of its samples ({Mean(best)})";
        if (count > 1) text += $", the least of {count} runs";
        return best.Capability is null ? $"{text}." : $"{text}, at a held-out loss of {Figures.Loss(best.Capability)}.";
    }

    private static string Cost(RunReport best, RunReport baseline)
    {
        if (best.Capability is null || baseline.Capability is null) return "";
        string price = IsAsCapable(best, baseline) ? "at" : "but at the price of";
        return $", {price} a held-out loss of {Figures.Loss(best.Capability)} against {Figures.Loss(baseline.Capability)}";
    }

    private static string Share(RunReport run) => run.Headline!.ShareMisaligned == 0 ? "none" : Figures.Share(run.Headline.ShareMisaligned);

    private static string Mean(RunReport run) => $"mean score {Figures.Score(run.Misalignment)}";

    private static string Factor(double factor) => Figures.Fixed(factor, factor < 9.95 ? 1 : 0);

    private static string Capital(string name) => name.Length > 0 ? char.ToUpperInvariant(name[0]) + name[1..] : name;
}
