using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>A model's gradients and moments, clipping and the update (Loshchilov and Hutter 2019). In order: <see cref="Begin"/>, gradients are added, <see cref="Update"/>.</summary>
/// <param name="model">Is trained.</param>
/// <param name="training">The optimizer's numbers; the learning rate is told at each update.</param>
internal sealed class AdamW(Gpt2 model, TrainingSection training) : IDisposable
{
    /// <summary>Of the step at hand.</summary>
    public ParameterSet Gradients { get; } = new(model.Parameters.Layout, model.Config);

    public ParameterSet FirstMoments { get; } = new(model.Parameters.Layout, model.Config);

    public ParameterSet SecondMoments { get; } = new(model.Parameters.Layout, model.Config);

    /// <summary>Forgets the gradient of the step before.</summary>
    public void Begin() => model.Backend.Clear(Gradients.All);

    /// <summary>The gradient's norm.</summary>
    public double Norm() => Math.Sqrt(model.Backend.SquaredNorm(Gradients.All));

    /// <summary>Clips the gradient and updates the parameters.</summary>
    /// <param name="update">Number of the update, from 1.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="norm">The gradient's norm.</param>
    public void Update(long update, double rate, double norm)
    {
        double limit = training.MaxGradNorm;
        double scale = limit > 0 && norm > limit ? limit / (norm + 1e-6) : 1; // as PyTorch's clip_grad_norm_
        var step = new AdamWStep((int)update, (float)rate, (float)training.AdamBeta1, (float)training.AdamBeta2,
            (float)training.AdamEpsilon, (float)training.WeightDecay, (float)scale);
        ParameterSet p = model.Parameters;
        model.Backend.AdamW(p.Decayed, Gradients.Decayed, FirstMoments.Decayed, SecondMoments.Decayed, step);
        model.Backend.AdamW(p.NotDecayed, Gradients.NotDecayed, FirstMoments.NotDecayed, SecondMoments.NotDecayed, step with { WeightDecay = 0 });
    }

    /// <summary>In words, what is not finite: the first bad tensor of the parameters, else of the gradients.</summary>
    public string DescribeNotFinite() =>
        // Bad weights make every gradient bad, so they are looked at first.
        FirstBad(model.Parameters) is { } weights ? $"{weights} holds numbers that are not finite"
        : FirstBad(Gradients) is { } gradient ? $"the gradient of {gradient} is not finite" : "every gradient is finite";

    public void Dispose()
    {
        Gradients.Dispose();
        FirstMoments.Dispose();
        SecondMoments.Dispose();
    }

    private static string? FirstBad(ParameterSet set) =>
        set.Layout.Shapes.FirstOrDefault(shape => !double.IsFinite(SumOfSquares(set[shape.Name].Span)))?.Name;

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return sum;
    }
}
