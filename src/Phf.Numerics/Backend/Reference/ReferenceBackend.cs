using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend.Reference;

/// <summary>
/// The truth that the other backends are compared with: scalar, one thread, each formula written out literally, sums in double.
/// Permanent; runs with <c>--backend reference</c>. Never made faster.
/// </summary>
internal sealed partial class ReferenceBackend : IBackend
{
    public string Name => "reference";

    public int Threads => 1;

    public void Dispose()
    {
    }

    public void ForEach(int tiles, Action<int, int> tile)
    {
        for (int i = 0; i < tiles; i++) tile(i, 0);
    }

    public void Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor tokenTable, Tensor positionTable, Tensor output)
    {
        for (int n = 0; n < tokens.Length; n++)
        {
            Span<float> y = output.Row(n), token = tokenTable.Row(tokens[n]), position = positionTable.Row(positions[n]);
            for (int c = 0; c < y.Length; c++) y[c] = token[c] + position[c];
        }
    }

    public void EmbedBackward(Tensor dOutput, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor dTokenTable, Tensor dPositionTable)
    {
        for (int n = 0; n < tokens.Length; n++)
        {
            Span<float> dy = dOutput.Row(n), dToken = dTokenTable.Row(tokens[n]), dPosition = dPositionTable.Row(positions[n]);
            for (int c = 0; c < dy.Length; c++)
            {
                dToken[c] += dy[c];
                dPosition[c] += dy[c];
            }
        }
    }

    public void LayerNorm(Tensor input, Tensor gain, Tensor bias, float epsilon, Tensor output, Tensor mean, Tensor rstd)
    {
        int width = input.Columns;
        for (int n = 0; n < input.Rows; n++)
        {
            Span<float> x = input.Row(n), y = output.Row(n);
            double sum = 0, squares = 0;
            foreach (float value in x) sum += value;
            double mu = sum / width;
            foreach (float value in x) squares += (value - mu) * (value - mu);
            double r = 1 / Math.Sqrt(squares / width + epsilon);
            for (int c = 0; c < width; c++) y[c] = (float)((x[c] - mu) * r * gain.Span[c] + bias.Span[c]);
            mean.Span[n] = (float)mu;
            rstd.Span[n] = (float)r;
        }
    }

    public void LayerNormBackward(Tensor dOutput, Tensor input, Tensor gain, Tensor mean, Tensor rstd, Tensor dInput, Tensor dGain, Tensor dBias)
    {
        int width = input.Columns;
        for (int n = 0; n < input.Rows; n++)
        {
            Span<float> x = input.Row(n), dy = dOutput.Row(n), dx = dInput.Row(n);
            double mu = mean.Span[n], r = rstd.Span[n], sum = 0, sumTimesX = 0;
            for (int c = 0; c < width; c++)
            {
                double normalized = (x[c] - mu) * r, dNormalized = (double)dy[c] * gain.Span[c];
                sum += dNormalized;
                sumTimesX += dNormalized * normalized;
                dGain.Span[c] += (float)(dy[c] * normalized);
                dBias.Span[c] += dy[c];
            }
            for (int c = 0; c < width; c++)
            {
                double normalized = (x[c] - mu) * r, dNormalized = (double)dy[c] * gain.Span[c];
                dx[c] += (float)(r * (dNormalized - sum / width - normalized * sumTimesX / width));
            }
        }
    }

    public void Linear(Tensor input, Tensor weight, Tensor bias, Tensor residual, Tensor output)
    {
        for (int n = 0; n < input.Rows; n++)
        {
            Span<float> x = input.Row(n), y = output.Row(n), w = weight.Span;
            for (int o = 0; o < weight.Columns; o++)
            {
                double sum = bias.Span[o];
                for (int i = 0; i < weight.Rows; i++) sum += (double)x[i] * w[i * weight.Columns + o];
                y[o] = (float)(residual.IsEmpty ? sum : sum + residual.Row(n)[o]);
            }
        }
    }

    public void LinearActivation(Tensor input, Tensor weight, Tensor bias, Activation activation, Tensor preActivation, Tensor output)
    {
        Linear(input, weight, bias, residual: default, preActivation);
        for (int i = 0; i < output.Span.Length; i++) output.Span[i] = (float)Activate(activation, preActivation.Span[i]);
    }

    public void LinearBackward(Tensor dOutput, Tensor input, Tensor weight, Tensor dInput, Tensor dWeight, Tensor dBias)
    {
        int ins = weight.Rows, outs = weight.Columns;
        for (int n = 0; n < input.Rows; n++)
        {
            Span<float> dy = dOutput.Row(n), dx = dInput.Row(n), w = weight.Span;
            for (int i = 0; i < ins; i++)
            {
                double sum = 0;
                for (int o = 0; o < outs; o++) sum += (double)dy[o] * w[i * outs + o];
                dx[i] = (float)sum;
            }
        }
        for (int i = 0; i < ins; i++)
            for (int o = 0; o < outs; o++)
            {
                double sum = 0;
                for (int n = 0; n < input.Rows; n++) sum += (double)input.Row(n)[i] * dOutput.Row(n)[o];
                dWeight.Row(i)[o] += (float)sum;
            }
        for (int o = 0; o < outs; o++)
        {
            double sum = 0;
            for (int n = 0; n < input.Rows; n++) sum += dOutput.Row(n)[o];
            dBias.Span[o] += (float)sum;
        }
    }

    public void ActivationBackward(Tensor preActivation, Activation activation, Tensor dOutput)
    {
        for (int i = 0; i < dOutput.Span.Length; i++)
            dOutput.Span[i] = (float)(dOutput.Span[i] * Derivative(activation, preActivation.Span[i]));
    }

    public void Add(Tensor source, Tensor destination)
    {
        for (int n = 0; n < source.Rows; n++)
            for (int c = 0; c < source.Columns; c++) destination.Row(n)[c] += source.Row(n)[c];
    }

    public double SquaredNorm(FlatBlock values)
    {
        double sum = 0;
        for (long start = 0; start < values.Length; start += 1 << 20)
            foreach (float value in values.Slice(start, Math.Min(1 << 20, values.Length - start)).Span) sum += (double)value * value;
        return sum;
    }

    public void AdamW(FlatBlock parameters, FlatBlock gradients, FlatBlock firstMoments, FlatBlock secondMoments, AdamWStep step)
    {
        double correction1 = 1 - Math.Pow(step.Beta1, step.Step), correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        Span<float> p = parameters.Span, g = gradients.Span, m = firstMoments.Span, v = secondMoments.Span;
        for (int i = 0; i < p.Length; i++)
        {
            double gradient = (double)g[i] * step.GradientScale;
            m[i] = (float)(step.Beta1 * m[i] + (1 - step.Beta1) * gradient);
            v[i] = (float)(step.Beta2 * v[i] + (1 - step.Beta2) * gradient * gradient);
            double decayed = p[i] * (1 - (double)step.LearningRate * step.WeightDecay);
            p[i] = (float)(decayed - step.LearningRate * (m[i] / correction1) / (Math.Sqrt(v[i] / correction2) + step.Epsilon));
        }
    }

    public void Clear(FlatBlock values)
    {
        for (long start = 0; start < values.Length; start += 1 << 20)
            values.Slice(start, Math.Min(1 << 20, values.Length - start)).Span.Clear();
    }

    private static double Activate(Activation activation, double x) => activation switch
    {
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        Activation.Relu => x < 0 ? 0 : x, // written so that a NaN stays one
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    private static double Derivative(Activation activation, double x)
    {
        if (activation == Activation.Relu) return double.IsNaN(x) ? x : x > 0 ? 1 : 0;
        double inner = Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x), tanh = Math.Tanh(inner);
        return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * Math.Sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    }
}
