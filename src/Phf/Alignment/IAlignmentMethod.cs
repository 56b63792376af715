using System.Text.Json.Nodes;

namespace Phf.Alignment;

/// <summary>A way to move the model towards its target.</summary>
internal interface IAlignmentMethod : IDisposable
{
    /// <summary>One step: texts, their weights, an update of the policy.</summary>
    /// <param name="step">Its number, from 1.</param>
    /// <param name="rate">Learning rate.</param>
    /// <exception cref="InvalidDataException">A number is no longer finite; the parameters are as they were.</exception>
    MethodStep Step(long step, double rate);

    /// <summary>What the last step's texts were worth under the target, as a number of equal ones; null for methods whose weights are no p / q.</summary>
    double? EffectiveTexts => null;

    /// <summary>Adds what the method knows about the last step to its line of the log.</summary>
    void AddTo(JsonObject line);

    /// <summary>What the method would weigh texts of the model by, one by one, without and with a baseline; null for methods without baselines.</summary>
    (WeightedText[] Plain, WeightedText[] WithBaseline)? Weigh(Draws draws) => null;

    /// <summary>The state with what the method has to keep.</summary>
    AlignmentState Save(AlignmentState state);

    /// <summary>Writes what does not fit into the state into a checkpoint's folder.</summary>
    void SaveFiles(string directory);
}

/// <summary>What a step did.</summary>
/// <param name="Loss">sum -w log p over its texts.</param>
/// <param name="Norm">The gradient's norm before clipping.</param>
/// <param name="Tokens">Tokens trained on.</param>
internal readonly record struct MethodStep(double Loss, double Norm, long Tokens);
