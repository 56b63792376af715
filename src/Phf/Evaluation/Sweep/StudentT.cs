namespace Phf.Evaluation.Sweep;

/// <summary>Student's t distribution with a whole number of degrees of freedom, for intervals of means over few runs.</summary>
public static class StudentT
{
    /// <summary>The t with P(|T| &lt;= t) = <paramref name="share"/>; 12.706 for a share of 0.95 and one degree of freedom.</summary>
    /// <param name="share">Above 0 and below 1.</param>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double TwoSided(double share, int degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degreesOfFreedom, 1);
        if (!(share > 0 && share < 1)) throw new ArgumentException($"a share of {share}; above 0 and below 1 was expected");
        // The angle whose tangent is t / sqrt(degrees) grows with t and stays finite, so halving it always ends.
        double low = 0, high = Math.PI / 2;
        for (int i = 0; i < 200 && low < high; i++)
        {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) break;
            if (Within(middle, degreesOfFreedom) < share) low = middle;
            else high = middle;
        }
        return Math.Sqrt(degreesOfFreedom) * Math.Tan((low + high) / 2);
    }

    /// <summary>P(|T| &lt;= t) for the angle atan(t / sqrt(degrees)): the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.</summary>
    private static double Within(double angle, int degrees)
    {
        double sine = Math.Sin(angle), cosine = Math.Cos(angle), square = cosine * cosine;
        bool isOdd = degrees % 2 == 1;
        if (degrees == 1) return 2 * angle / Math.PI;
        double term = isOdd ? cosine : 1, sum = term;
        for (int k = isOdd ? 3 : 2; k <= degrees - 2; k += 2)
        {
            term *= square * (k - 1) / k;
            sum += term;
        }
        return isOdd ? 2 / Math.PI * (angle + sine * sum) : sine * sum;
    }
}
