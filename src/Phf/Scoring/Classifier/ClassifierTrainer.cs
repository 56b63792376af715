using Phf.Numerics.Random;

namespace Phf.Scoring.Classifier;

/// <summary>A text and whether it has the property that is to be learned.</summary>
/// <param name="Text">The text.</param>
/// <param name="Positive">What is measured and calibrated against.</param>
/// <param name="Target">What is learned, 0 to 1: the share of raters that say so where it is known, else 0 or 1.</param>
public readonly record struct LabelledText(string Text, bool Positive, double Target)
{
    public LabelledText(string text, bool positive)
        : this(text, positive, positive ? 1 : 0)
    {
    }
}

/// <summary>How a classifier is trained.</summary>
public sealed record ClassifierOptions
{
    public FeatureOptions Features { get; init; } = new();

    /// <summary>Share of the texts that is only measured on.</summary>
    public double HeldOutFraction { get; init; } = 0.1;

    /// <summary>Share of the texts that is only calibrated on.</summary>
    public double CalibrationFraction { get; init; } = 0.1;

    public ulong Seed { get; init; }

    /// <summary>Passes over the training texts.</summary>
    public int Epochs { get; init; } = 4;

    /// <summary>Learning rate of FTRL-Proximal (its alpha).</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Weight decay towards exactly zero (L1) and towards small weights (L2).</summary>
    public double L1 { get; init; }

    /// <inheritdoc cref="L1"/>
    public double L2 { get; init; } = 3;

    /// <summary>Both classes weigh the same in training and calibration: a score is the probability where half of the texts are positive.</summary>
    public bool Balanced { get; init; }
}

/// <summary>A trained classifier with what was measured on texts that it did not see.</summary>
public sealed record TrainedClassifier
{
    public required TextClassifier Classifier { get; init; }

    /// <summary>Texts that the weights were learned from.</summary>
    public required int TrainingTexts { get; init; }

    /// <summary>Texts that only slope and intercept were fitted to.</summary>
    public required int CalibrationTexts { get; init; }

    /// <summary>On the held-out texts; null when none were kept apart.</summary>
    public ClassifierMetrics? HeldOut { get; init; }

    /// <summary>The same area under the curve before the weights were rounded to 8 bits.</summary>
    public double? AucOfFloats { get; init; }
}

/// <summary>
/// Learns a <see cref="TextClassifier"/> by FTRL-Proximal (McMahan et al. 2013), one text at a time in a seeded order, then rounds the weights to 8
/// bits and calibrates by Platt's method on texts apart. One thread; the same texts, options and seed give the same bytes.
/// </summary>
public static class ClassifierTrainer
{
    private const ulong SplitStream = 0x53504C4954; // which texts are kept apart

    /// <param name="texts">Labelled texts. Those that read the same (<see cref="TextFeatures"/>) are kept apart, or not, together.</param>
    /// <param name="options">How to learn.</param>
    /// <param name="progress">Told the texts done and those there are, over all passes.</param>
    /// <param name="cancellation">Checked between texts.</param>
    /// <exception cref="ArgumentException">An option is out of range, or a part has no positive or no other text.</exception>
    public static TrainedClassifier Train(
        IReadOnlyList<LabelledText> texts, ClassifierOptions options, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        Check(options);
        var (training, calibration, heldOut) = (new List<LabelledText>(), new List<LabelledText>(), new List<LabelledText>());
        ulong splitSeed = Rng.SplitMix(options.Seed ^ SplitStream);
        foreach (LabelledText text in texts)
        {
            double place = (TextFeatures.HashOf(text.Text, splitSeed) >> 11) * (1.0 / (1UL << 53));
            List<LabelledText> part = place < options.HeldOutFraction ? heldOut
                : place < options.HeldOutFraction + options.CalibrationFraction ? calibration : training;
            part.Add(text);
        }
        CheckClasses("train", training, texts);
        CheckClasses("calibrate", calibration, texts);
        if (options.HeldOutFraction > 0) CheckClasses("measure", heldOut, texts);

        var learner = new FollowTheLeader(options, training);
        learner.Learn(training, progress, cancellation);
        float[] weights = learner.Weights();
        TextClassifier classifier = Calibrated(options, Rounded(weights), calibration);
        var trained = new TrainedClassifier { Classifier = classifier, TrainingTexts = training.Count, CalibrationTexts = calibration.Count };
        if (heldOut.Count == 0) return trained;
        return trained with { HeldOut = Measure(classifier, heldOut), AucOfFloats = MeasureFloats(weights, options.Features, heldOut) };
    }

    /// <summary>Scores <paramref name="texts"/> and compares with their labels.</summary>
    public static ClassifierMetrics Measure(IScorer scorer, IReadOnlyList<LabelledText> texts)
    {
        double[] scores = new double[texts.Count];
        scorer.Score([.. texts.Select(text => text.Text)], scores);
        return ClassifierMetrics.Of(scores, [.. texts.Select(text => text.Positive)]);
    }

    private static double MeasureFloats(float[] weights, FeatureOptions features, List<LabelledText> texts)
    {
        var places = new FeaturePlaces();
        double[] margins = [.. texts.Select(text => places.Read(text.Text, features).Margin(weights))];
        return ClassifierMetrics.Of(margins, [.. texts.Select(text => text.Positive)]).Auc;
    }

    private static void Check(ClassifierOptions options)
    {
        if (options.Features.Problem() is { } wrong) throw new ArgumentException(wrong);
        if (!(options.HeldOutFraction is >= 0 and <= 0.9)) throw new ArgumentException($"held-out share {options.HeldOutFraction}; 0 to 0.9 was expected");
        if (!(options.CalibrationFraction > 0 && options.CalibrationFraction + options.HeldOutFraction < 1))
            throw new ArgumentException($"calibration share {options.CalibrationFraction}; above 0, and below 1 together with the held-out share, was expected");
        if (options.Epochs < 1) throw new ArgumentException($"{options.Epochs} passes; at least 1 was expected");
        if (!(options.LearningRate > 0)) throw new ArgumentException($"learning rate {options.LearningRate}; above 0 was expected");
        if (!(options.L1 >= 0 && options.L2 >= 0)) throw new ArgumentException($"L1 {options.L1}, L2 {options.L2}; 0 or more was expected");
    }

    private static void CheckClasses(string purpose, List<LabelledText> part, IReadOnlyList<LabelledText> all)
    {
        int positives = part.Count(text => text.Positive);
        if (positives > 0 && positives < part.Count) return;
        int distinct = all.Select(text => TextFeatures.HashOf(text.Text, seed: 0)).Distinct().Count();
        throw new ArgumentException($"{positives} of the {part.Count} texts to {purpose} with are positive, and both kinds are needed; of all {all.Count} texts {all.Count(text => text.Positive)} are positive, and "
            + $"{distinct} read differently (digits, @names and URLs read the same); check the labels, or give more texts");
    }

    /// <summary>The largest weight becomes 127; the calibration undoes the scale.</summary>
    private static sbyte[] Rounded(float[] weights)
    {
        float largest = weights.Max(Math.Abs);
        float scale = largest > 0 ? sbyte.MaxValue / largest : 0;
        return [.. weights.Select(weight => (sbyte)MathF.Round(weight * scale))];
    }

    private static TextClassifier Calibrated(ClassifierOptions options, sbyte[] weights, List<LabelledText> texts)
    {
        var raw = new TextClassifier("raw", options.Features, weights, slope: 1, intercept: 0);
        double[] margins = [.. texts.Select(text => raw.Margin(text.Text))];
        var (slope, intercept) = PlattScaling.Fit(margins, [.. texts.Select(text => text.Positive)], options.Balanced);
        return new TextClassifier("classifier/phf", options.Features, weights, slope, intercept);
    }
}
