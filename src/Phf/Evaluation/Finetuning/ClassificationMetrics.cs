using Phf.Evaluation.Tasks;

namespace Phf.Evaluation.Finetuning;

/// <summary>How well classes were told, from the counts of true and predicted classes.</summary>
public sealed record ClassificationMetrics
{
    /// <summary>Share of texts told rightly; Wilson interval.</summary>
    public required Estimate Accuracy { get; init; }

    /// <summary>
    /// Matthews correlation coefficient; for more than two classes Gorodkin's R_K (2004). -1 to 1; 0 where all texts are of one class, or told to be.
    /// </summary>
    public required double Matthews { get; init; }

    /// <summary>Mean of the classes' F1, over those that occur or were predicted.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>F1 of the positive class; null where there is none.</summary>
    public double? F1 { get; init; }

    /// <param name="counts">(K, K) texts by true class and predicted class; at least one text.</param>
    /// <param name="positive">The positive class; null without.</param>
    public static ClassificationMetrics Of(int[,] counts, int? positive)
    {
        int classes = counts.GetLength(0);
        var (ofClass, predicted) = (new double[classes], new double[classes]);
        double right = 0, all = 0;
        for (int truth = 0; truth < classes; truth++)
            for (int said = 0; said < classes; said++)
            {
                int count = counts[truth, said];
                (ofClass[truth], predicted[said], all) = (ofClass[truth] + count, predicted[said] + count, all + count);
                if (truth == said) right += count;
            }
        double chance = 0, squaresOfClass = 0, squaresPredicted = 0;
        for (int k = 0; k < classes; k++)
        {
            chance += ofClass[k] * predicted[k];
            squaresOfClass += ofClass[k] * ofClass[k];
            squaresPredicted += predicted[k] * predicted[k];
        }
        double spread = Math.Sqrt(all * all - squaresOfClass) * Math.Sqrt(all * all - squaresPredicted);
        double F1Of(int k) => ofClass[k] + predicted[k] == 0 ? 0 : 2 * counts[k, k] / (ofClass[k] + predicted[k]);
        return new ClassificationMetrics
        {
            Accuracy = Estimate.OfShare((long)right, (long)all),
            Matthews = spread == 0 ? 0 : (right * all - chance) / spread,
            MacroF1 = Enumerable.Range(0, classes).Where(k => ofClass[k] + predicted[k] > 0).Average(F1Of),
            F1 = positive is { } one ? F1Of(one) : null,
        };
    }
}
