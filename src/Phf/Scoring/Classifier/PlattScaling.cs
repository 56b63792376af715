namespace Phf.Scoring.Classifier;

/// <summary>
/// Turns margins into probabilities 1 / (1 + exp(-(slope margin + intercept))) of the highest likelihood, with Platt's targets (1999): (n + 1) / (n + 2) for the n
/// positives and 1 / (m + 2) for the m others, which keeps the slope finite where the margins separate the classes.
/// </summary>
internal static class PlattScaling
{
    private const int MostSteps = 100;

    /// <param name="margins">One for each text.</param>
    /// <param name="positive">Whether it is positive; there are both kinds.</param>
    /// <param name="balanced">Both kinds weigh the same.</param>
    public static (double Slope, double Intercept) Fit(double[] margins, bool[] positive, bool balanced)
    {
        int positives = positive.Count(label => label), others = positive.Length - positives;
        double high = (positives + 1.0) / (positives + 2.0), low = 1 / (others + 2.0);
        double highWeight = balanced ? 0.5 / positives : 1.0 / positive.Length, lowWeight = balanced ? 0.5 / others : 1.0 / positive.Length;
        double spread = Math.Sqrt(margins.Average(margin => margin * margin));
        if (spread == 0) return (0, Math.Log(highWeight * positives / (lowWeight * others)));

        double slope = 0, intercept = 0, loss = Loss(0, 0);
        for (int step = 0; step < MostSteps; step++)
        {
            double ga = 0, gb = 0, haa = 1e-12, hab = 0, hbb = 1e-12;
            for (int i = 0; i < margins.Length; i++)
            {
                double x = margins[i] / spread, weight = positive[i] ? highWeight : lowWeight;
                double p = 1 / (1 + Math.Exp(-((slope * x) + intercept)));
                double gradient = weight * (p - (positive[i] ? high : low)), curvature = weight * p * (1 - p);
                ga += gradient * x;
                gb += gradient;
                haa += curvature * x * x;
                hab += curvature * x;
                hbb += curvature;
            }
            double determinant = (haa * hbb) - (hab * hab);
            double da = ((hbb * ga) - (hab * gb)) / determinant, db = ((haa * gb) - (hab * ga)) / determinant;
            double size = 1, next = Loss(slope - da, intercept - db);
            while (!(next <= loss) && size > 1e-10) next = Loss(slope - ((size /= 2) * da), intercept - (size * db));
            if (!(next < loss)) break; // nothing left to gain
            (slope, intercept, loss) = (slope - (size * da), intercept - (size * db), next);
        }
        return (slope / spread, intercept);

        double Loss(double a, double b)
        {
            double sum = 0;
            for (int i = 0; i < margins.Length; i++)
            {
                double f = (a * margins[i] / spread) + b, target = positive[i] ? high : low;
                double softplus = Math.Max(f, 0) + Math.Log(1 + Math.Exp(-Math.Abs(f))); // log(1 + exp(f))
                sum += (positive[i] ? highWeight : lowWeight) * (softplus - (target * f));
            }
            return sum;
        }
    }
}
