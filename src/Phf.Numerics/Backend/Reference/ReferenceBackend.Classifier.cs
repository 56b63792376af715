using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend.Reference;

internal sealed partial class ReferenceBackend
{
    public void Logits(Tensor hidden, Tensor table, Tensor logits)
    {
        for (int n = 0; n < hidden.Rows; n++)
            for (int v = 0; v < table.Rows; v++)
                logits.Row(n)[v] = (float)Dot(hidden.Row(n), table.Row(v));
    }

    public void Classify(Tensor hidden, Tensor table, ReadOnlySpan<int> targets, TokenWeights weights, Span<float> logProbs,
        Span<float> logComplements, Tensor dHidden, Tensor dTable, Span<float> margins = default)
    {
        int vocabulary = table.Rows;
        var logits = new double[vocabulary];
        var dLogits = new double[vocabulary];
        for (int n = 0; n < hidden.Rows; n++)
        {
            int y = targets[n];
            for (int v = 0; v < vocabulary; v++) logits[v] = Dot(hidden.Row(n), table.Row(v));
            double max = logits.Max(), total = 0, others = 0, maxOther = double.NegativeInfinity;
            for (int v = 0; v < vocabulary; v++) total += Math.Exp(logits[v] - max);
            for (int v = 0; v < vocabulary; v++) if (v != y) maxOther = Math.Max(maxOther, logits[v]);
            for (int v = 0; v < vocabulary; v++) if (v != y) others += Math.Exp(logits[v] - maxOther);
            double logTotal = max + Math.Log(total), logOthers = maxOther + Math.Log(others);
            logProbs[n] = (float)(logits[y] - logTotal);
            double odds = Math.Exp(logits[y] - logOthers); // p / (1 - p); for a small one the difference of the logarithms would have no digits left
            logComplements[n] = (float)(odds < 1 ? -LogOnePlus(odds) : logOthers - logTotal);
            if (!margins.IsEmpty) margins[n] = (float)(logits[y] - maxOther);
            if (dHidden.IsEmpty) continue;

            // d(-w log p - u log(1-p)): softmax over the OTHER tokens times w (1-p) - u p; no division by 1-p anywhere.
            double w = weights.Positive[n], u = weights.Negative.IsEmpty ? 0 : weights.Negative[n];
            double strength = w * Math.Exp(logOthers - logTotal) - u * Math.Exp(logits[y] - logTotal);
            for (int v = 0; v < vocabulary; v++) dLogits[v] = strength * (v == y ? -1 : Math.Exp(logits[v] - logOthers));
            for (int c = 0; c < hidden.Columns; c++)
            {
                double sum = 0;
                for (int v = 0; v < vocabulary; v++) sum += dLogits[v] * table.Row(v)[c];
                dHidden.Row(n)[c] = (float)sum;
            }
            for (int v = 0; v < vocabulary; v++)
                for (int c = 0; c < hidden.Columns; c++)
                    dTable.Row(v)[c] += (float)(dLogits[v] * hidden.Row(n)[c]);
        }
    }

    /// <summary>log(1 + x), accurate for small x: the rounding of 1 + x is divided out (Kahan).</summary>
    private static double LogOnePlus(double x) => 1 + x == 1 ? x : Math.Log(1 + x) * x / (1 + x - 1);
}
