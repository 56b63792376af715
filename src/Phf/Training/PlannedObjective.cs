using Phf.Data;
using Phf.Objectives;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>The objective that a configuration asks for, worked out against its data.</summary>
/// <param name="Objective">The objective.</param>
/// <param name="ValueOffset">Of the value head; null where the model gets none.</param>
/// <param name="Notes">What the user should know about its numbers.</param>
internal sealed record PlannedObjective(IObjective Objective, float? ValueOffset, IReadOnlyList<string> Notes)
{
    private const double FrozenValue = -0.5; // -sigmoid(0), where the reference's value head starts
    private const double SmallestMean = 1e-4; // V = -sigmoid(...) can neither start at 0 nor at -1
    private const double WeakestSpread = 0.1, StrongestSpread = 100; // of the scores over beta; see BetaNotes

    /// <exception cref="InvalidDataException">There is no such objective.</exception>
    public static PlannedObjective Create(RunConfig config, PackedDataset data, float? threshold, BlockOptions blocks)
    {
        ObjectiveSection section = config.Objective;
        PlannedObjective planned = section.Name switch
        {
            "MLE" => Plain(new MaximumLikelihood()),
            "Unlikelihood" when section.Soft => Plain(new SoftUnlikelihood((float)(section.Alpha ?? 1))),
            "Unlikelihood" => Plain(new Unlikelihood(threshold ?? 0, (float)(section.Alpha ?? 1))),
            "RWR" => RewardWeighted(section, data.ScoresRead(blocks)),
            "AWR" => AdvantageWeighted(section, config.Model.ModelKwargs.ValueHeadConfig, data, blocks),
            _ => throw new InvalidDataException($"objective.name '{section.Name}' is not known; MLE (with dataset.filter_threshold for filtering, "
                + "with dataset.conditional_training_config for conditional training), Unlikelihood, RWR and AWR are"),
        };
        bool hasIdleHead = config.Model.ModelKwargs.ValueHeadConfig is not null && planned.ValueOffset is null;
        return hasIdleHead ? planned with { Notes = [.. planned.Notes, $"model.model_kwargs.value_head_config has no effect: {section.Name} has no values"] } : planned;
    }

    private static PlannedObjective Plain(IObjective objective) => new(objective, null, []);

    private static PlannedObjective RewardWeighted(ObjectiveSection section, ScoreQuantiles scores)
    {
        bool isFrozen = section.Value == "frozen";
        var options = new WeightedRegressionOptions { Beta = BetaOf(section), ClipWeightMax = section.ClipWeightMax, FixedValue = isFrozen ? FrozenValue : 0 };
        string name = $"RWR(beta {options.Beta}{(isFrozen ? $", value frozen at {FrozenValue}" : "")})";
        return new PlannedObjective(new WeightedRegression(name, options), null, [.. BetaNotes(options.Beta, scores)]);
    }

    private static PlannedObjective AdvantageWeighted(ObjectiveSection section, ValueHeadConfig? head, PackedDataset data, BlockOptions blocks)
    {
        ScoreQuantiles scores = data.ScoresRead(blocks);
        var options = new WeightedRegressionOptions
        {
            Beta = BetaOf(section),
            Alpha = section.Alpha ?? 0.5,
            ClipWeightMax = section.ClipWeightMax,
            UsesValues = section.UseValueHead && section.FixedValue is null,
            FixedValue = section.FixedValue ?? 0,
            ClipValue = section.ClipValue,
            NormalizeAdvantage = section.NormalizeAdvantage,
            IsValueDetached = head?.IsDetached ?? false,
        };
        double start = section.ValueInit == "reference" ? FrozenValue : -Math.Clamp(data.MeanTokenScore(blocks), SmallestMean, 1 - SmallestMean);
        string value = options.UsesValues ? $"values from {start:G3}" : $"value fixed at {options.FixedValue}";
        var objective = new WeightedRegression($"AWR(alpha {options.Alpha}, beta {options.Beta}, {value})", options);
        float? offset = options.UsesValues || head is not null ? (float)Math.Log(-start / (1 + start)) : null; // -sigmoid(offset) = start
        return new PlannedObjective(objective, offset, [.. BetaNotes(options.Beta, scores), .. ValueNotes(options, scores)]);
    }

    private static double BetaOf(ObjectiveSection section) =>
        section.Beta ?? throw new InvalidDataException($"objective.beta is missing; {section.Name} needs it, on the scale of the scores");

    /// <summary>
    /// Weights are exp(-score / beta) times a constant. Where the spread of the scores is a tenth of beta they differ by a tenth at
    /// most; where it is a hundred times beta, what is not the best has no weight at all.
    /// </summary>
    private static IEnumerable<string> BetaNotes(double beta, ScoreQuantiles scores)
    {
        double spread = scores.P99 > scores.P0 ? scores.P99 - scores.P0 : scores.P100 - scores.P0;
        string measured = $"objective.beta is {beta}; the scores spread over {spread:G3} (lowest to 99th percentile)";
        if (spread < WeakestSpread * beta)
            yield return $"{measured}, so all weights lie within a factor of {Math.Exp(spread / beta):F3} and this is close to plain MLE; try about {spread / 4:G2}";
        else if (spread > StrongestSpread * beta)
            yield return $"{measured}, so the worst segments weigh exp(-{spread / beta:F0}) of the best and are not learned at all; try about {spread / 4:G2}";
    }

    private static IEnumerable<string> ValueNotes(WeightedRegressionOptions options, ScoreQuantiles scores)
    {
        if (!options.UsesValues) yield break;
        if (options.Alpha == 1) yield return "objective.alpha is 1, so the value head never learns and values stay where they start";
        if (scores.P0 < 0 || scores.P99 > 1)
            yield return $"scores lie between {scores.P0:G3} and {scores.P99:G3} (99th percentile), values between -1 and 0: they cannot follow the rewards everywhere";
    }
}
