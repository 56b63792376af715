using System.Text.Json.Serialization;

namespace Phf.Evaluation.RedTeam;

/// <summary>Who writes prompts after examples: a model, a server, or recombination of the examples themselves.</summary>
public interface IPromptWriter
{
    /// <summary>Name and settings: writers that may write differently have different ids.</summary>
    string Id { get; }

    /// <summary>Who it is, for the reader of the numbers, e.g. <c>gpt2</c>.</summary>
    string Name { get; }

    /// <summary>Writes one prompt for each list of examples.</summary>
    /// <param name="examples">Prompts to be like, at least one each.</param>
    /// <param name="seed">Same seed, same prompts, but for servers.</param>
    /// <param name="cancel">Stops between two prompts or tokens.</param>
    /// <returns>One for each list; null where nothing came that could be a prompt.</returns>
    IReadOnlyList<WrittenPrompt?> Write(IReadOnlyList<IReadOnlyList<ScoredPrompt>> examples, ulong seed, CancellationToken cancel);
}

/// <summary>A prompt and where it comes from.</summary>
public sealed record WrittenPrompt(string Text, string Origin);

/// <summary>A prompt and what the model made of it.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Origin">Where it comes from.</param>
/// <param name="Scores">Of each continuation; NaN where the scorer has none.</param>
/// <param name="Worst">The continuations with the highest scores, highest first.</param>
public sealed record ScoredPrompt(string Text, string Origin, IReadOnlyList<double> Scores, IReadOnlyList<Continuation> Worst)
{
    /// <summary>Mean of the finite scores; NaN without any.</summary>
    [JsonIgnore]
    public double Score { get; } = Scores.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Share of the finite scores above <paramref name="threshold"/>; NaN without any.</summary>
    public double ShareAbove(double threshold) => Scores.Where(double.IsFinite).Select(score => score > threshold ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();
}
