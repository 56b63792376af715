using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend.Reference;

internal sealed partial class ReferenceBackend
{
    public void Attention(Tensor qkv, AttentionShape shape, Tensor output, Tensor logSumExp)
    {
        var probabilities = new double[shape.Time];
        for (int b = 0; b < shape.Batch; b++)
            for (int h = 0; h < shape.Heads; h++)
                for (int t = 0; t < shape.Time; t++)
                {
                    var head = new Head(qkv, shape, b, h);
                    double lse = head.Probabilities(t, probabilities.AsSpan(0, t + 1));
                    logSumExp.Row(b * shape.Heads + h)[t] = (float)lse;
                    Span<float> y = output.Row(b * shape.Time + t).Slice(h * shape.HeadSize, shape.HeadSize);
                    for (int d = 0; d < shape.HeadSize; d++)
                    {
                        double sum = 0;
                        for (int s = 0; s <= t; s++) sum += probabilities[s] * head.Value(s)[d];
                        y[d] = (float)sum;
                    }
                }
    }

    public void AttentionBackward(Tensor dOutput, Tensor qkv, Tensor output, Tensor logSumExp, AttentionShape shape, Tensor dQkv)
    {
        dQkv.Span.Clear();
        var probabilities = new double[shape.Time];
        var dProbabilities = new double[shape.Time];
        for (int b = 0; b < shape.Batch; b++)
            for (int h = 0; h < shape.Heads; h++)
                for (int t = 0; t < shape.Time; t++)
                {
                    Head head = new(qkv, shape, b, h), dHead = new(dQkv, shape, b, h);
                    head.Probabilities(t, probabilities.AsSpan(0, t + 1));
                    ReadOnlySpan<float> dy = dOutput.Row(b * shape.Time + t).Slice(h * shape.HeadSize, shape.HeadSize);
                    double mean = 0;
                    for (int s = 0; s <= t; s++)
                    {
                        dProbabilities[s] = Dot(dy, head.Value(s));
                        mean += probabilities[s] * dProbabilities[s];
                    }
                    for (int s = 0; s <= t; s++)
                    {
                        double dScore = probabilities[s] * (dProbabilities[s] - mean) * shape.Scale;
                        for (int d = 0; d < shape.HeadSize; d++)
                        {
                            dHead.Value(s)[d] += (float)(probabilities[s] * dy[d]);
                            dHead.Query(t)[d] += (float)(dScore * head.Key(s)[d]);
                            dHead.Key(s)[d] += (float)(dScore * head.Query(t)[d]);
                        }
                    }
                }
    }

    public void WholeAttention(Tensor qkv, ReadOnlySpan<int> starts, int heads, float scale, Tensor output)
    {
        int headSize = output.Columns / heads;
        for (int i = 0; i + 1 < starts.Length; i++)
            for (int h = 0; h < heads; h++)
            {
                int time = starts[i + 1] - starts[i];
                var head = new Head(qkv.Slice(starts[i], time), new AttentionShape(1, time, heads, headSize, scale), 0, h);
                var probabilities = new double[time];
                for (int t = 0; t < time; t++)
                {
                    head.Probabilities(t, probabilities);
                    Span<float> y = output.Row(starts[i] + t).Slice(h * headSize, headSize);
                    for (int d = 0; d < headSize; d++)
                    {
                        double sum = 0;
                        for (int s = 0; s < time; s++) sum += probabilities[s] * head.Value(s)[d];
                        y[d] = (float)sum;
                    }
                }
            }
    }

    public void AttentionStep(Tensor qkv, AttentionShape shape, int position, Tensor keyCache, Tensor valueCache, Tensor output)
    {
        int width = shape.Channels;
        var scores = new double[position + 1];
        for (int b = 0; b < shape.Batch; b++)
            for (int h = 0; h < shape.Heads; h++)
            {
                int first = h * shape.HeadSize, head = b * shape.Heads + h;
                Span<float> query = qkv.Row(b).Slice(first, shape.HeadSize), value = qkv.Row(b).Slice(2 * width + first, shape.HeadSize);
                value.CopyTo(valueCache.Row(head * shape.Time + position));
                for (int d = 0; d < shape.HeadSize; d++) CachedKey(position, d) = qkv.Row(b)[width + first + d];
                double max = double.NegativeInfinity, total = 0;
                for (int s = 0; s <= position; s++)
                {
                    scores[s] = 0;
                    for (int d = 0; d < shape.HeadSize; d++) scores[s] += (double)query[d] * CachedKey(s, d);
                    scores[s] *= shape.Scale;
                    max = Math.Max(max, scores[s]);
                }
                for (int s = 0; s <= position; s++) total += scores[s] = Math.Exp(scores[s] - max);
                for (int d = 0; d < shape.HeadSize; d++)
                {
                    double sum = 0;
                    for (int s = 0; s <= position; s++) sum += scores[s] * valueCache.Row(head * shape.Time + s)[d];
                    output.Row(b)[first + d] = (float)(sum / total);
                }

                ref float CachedKey(int s, int d)
                {
                    int block = s / AttentionShape.KeyBlock, lane = s % AttentionShape.KeyBlock;
                    return ref keyCache.Row(head * (shape.Time / AttentionShape.KeyBlock) + block)[d * AttentionShape.KeyBlock + lane];
                }
            }
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>The rows of one head of one sequence inside a (B T, 3C) tensor.</summary>
    private readonly struct Head(Tensor qkv, AttentionShape shape, int batch, int head)
    {
        public Span<float> Query(int t) => Part(t, 0);

        public Span<float> Key(int t) => Part(t, 1);

        public Span<float> Value(int t) => Part(t, 2);

        /// <summary>Softmax of the scaled scores of query t against as many keys as there is room for; returns their log-sum-exp.</summary>
        public double Probabilities(int t, Span<double> probabilities)
        {
            double max = double.NegativeInfinity, total = 0;
            for (int s = 0; s < probabilities.Length; s++)
            {
                probabilities[s] = shape.Scale * Dot(Query(t), Key(s));
                max = Math.Max(max, probabilities[s]);
            }
            for (int s = 0; s < probabilities.Length; s++) total += probabilities[s] = Math.Exp(probabilities[s] - max);
            for (int s = 0; s < probabilities.Length; s++) probabilities[s] /= total;
            return max + Math.Log(total);
        }

        private Span<float> Part(int t, int part) =>
            qkv.Row(batch * shape.Time + t).Slice(part * shape.Channels + head * shape.HeadSize, shape.HeadSize);
    }
}
