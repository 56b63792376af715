using System.Text.Json.Nodes;
using Phf.Alignment.Methods;
using Phf.Formats;
using Phf.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// A baseline for each token (docs/alignment.md): a copy of the prior with a value head learns what a text's rewards will still add up to, seen from each of its
/// prefixes, and a token weighs by what it changes of that (<see cref="Advantages.Generalised"/>). A text's own weight hits all its tokens alike, so most of
/// what they get is noise; a baseline takes that away, and the better the values, the more of it.
/// </summary>
internal sealed class LearnedBaseline : IDisposable
{
    private const string FileName = "baseline.safetensors";
    private static readonly string[] Prefixes = ["", Checkpoint.FirstPrefix, Checkpoint.SecondPrefix]; // weights and the optimizer's moments

    private readonly MethodSection _method;
    private readonly Gpt2 _model;
    private readonly Policy _learner;
    private double _loss, _spread;

    private LearnedBaseline(AlignmentContext context)
    {
        AlignmentPlan plan = context.Plan;
        _method = plan.Section.Method;
        _model = new Gpt2(context.Prior.Config with { ValueOffset = 0 }, context.Prior.Backend);
        _learner = new Policy(_model, plan.Section.Training, plan.MaxLength - 1);
    }

    /// <param name="context">Of the run.</param>
    /// <param name="checkpoint">Its folder; null at the start, where all values are 0.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    public static LearnedBaseline Create(AlignmentContext context, string? checkpoint)
    {
        var baseline = new LearnedBaseline(context);
        try
        {
            if (checkpoint is null) Gpt2Weights.ReadWithNewTokens(context.Plan.PriorDirectory, baseline._model, (ulong)context.Plan.Section.Training.Seed);
            else baseline.Read(checkpoint);
            return baseline;
        }
        catch
        {
            baseline.Dispose();
            throw;
        }
    }

    /// <summary>Whether the model is still to stay as it is, while the values are learned.</summary>
    public bool IsAlone(long step) => step <= _method.BaselineSteps;

    /// <summary>Texts of a step weighed token by token, for the mean over texts; then the values learn from the same texts.</summary>
    /// <param name="draws">Texts of the model itself.</param>
    /// <param name="rewards">Of each written token; they add up to the text's.</param>
    public WeightedText[] Weigh(Draws draws, double[][] rewards)
    {
        double[][] values = Values(draws), advantages = Of(values, rewards);
        _spread = advantages.Sum(text => text.Sum(each => each * each)) / draws.Count;
        Learn(draws, values, rewards);
        return [.. WeightedText.Of(draws, advantages).Select(text => text.Times(1.0 / draws.Count))];
    }

    /// <summary>The same weights, for one text each, without learning.</summary>
    public WeightedText[] WeighOnly(Draws draws, double[][] rewards) => WeightedText.Of(draws, Of(Values(draws), rewards));

    public void AddTo(JsonObject line)
    {
        line["align_baseline_loss"] = _loss;
        line["align_squared_weights"] = _spread;
    }

    public AlignmentState Save(AlignmentState state) => state with { BaselineUpdates = _learner.Updates };

    public void SaveFile(string directory) =>
        SafetensorsWriter.Write(Path.Combine(directory, FileName), Sets().Zip(Prefixes).SelectMany(each => Gpt2Weights.Tensors(each.First, each.Second)));

    public void Dispose()
    {
        _learner.Dispose();
        _model.Dispose();
    }

    private ParameterSet[] Sets() => [_model.Parameters, _learner.FirstMoments, _learner.SecondMoments];

    private void Read(string checkpoint)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(checkpoint, FileName));
            foreach ((ParameterSet set, string prefix) in Sets().Zip(Prefixes))
                Gpt2Weights.Fill(set, file, prefix);
        }
        catch (Exception problem) when (problem is InvalidDataException or FileNotFoundException)
        {
            throw Checkpoint.Damaged(checkpoint, problem.Message, problem);
        }
        _learner.Updates = AlignmentState.Read(checkpoint).BaselineUpdates;
    }

    private double[][] Values(Draws draws) => [.. _learner.Values(draws.Tokens).Select((values, i) => values[(draws.Starts[i] - 1)..])];

    private double[][] Of(double[][] values, double[][] rewards) =>
        [.. rewards.Select((text, i) => Advantages.Generalised(text, values[i], gamma: 1, _method.GaeLambda))];

    /// <summary>One update by the mean squared error over tokens, each value against all that its text still gets.</summary>
    private void Learn(Draws draws, double[][] values, double[][] rewards)
    {
        long tokens = draws.Written;
        _loss = 0;
        var lessons = new WeightedText[draws.Count];
        for (int i = 0; i < lessons.Length; i++)
        {
            double[] slopes = Advantages.Generalised(rewards[i], values[i], gamma: 1, lambda: 1); // all that is still to come, less the value
            _loss += slopes.Sum(slope => slope * slope) / tokens;
            for (int t = 0; t < slopes.Length; t++) slopes[t] *= -2.0 / tokens;
            double[] all = WeightedText.OfWritten(draws, i, slopes);
            lessons[i] = new WeightedText(draws.Tokens[i], new double[all.Length], all);
        }
        _learner.Update(lessons, _method.BaselineRate);
    }
}
