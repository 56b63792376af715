using Phf.Data;

namespace Phf.Objectives;

/// <summary>
/// An objective is two weights per token: a token whose true next token has probability p pays -w log p - u log(1 - p).
/// Filtering and conditional training are maximum likelihood on other data: documents left out, tags put in.
/// </summary>
public interface IObjective
{
    /// <summary>Name and parameters, as shown and recorded.</summary>
    string Name { get; }

    /// <summary>True when every u is 0, so that log(1 - p) is not needed.</summary>
    bool IsLikelihoodOnly { get; }

    /// <summary>Weights of N target tokens, before the mean over all tokens is taken. Padding gets none; that is the caller's.</summary>
    /// <param name="scores">Score of the segment that each target belongs to.</param>
    /// <param name="kinds">What each target is.</param>
    /// <param name="values">V of each target, from the model's value head; empty without one, and while it only learns.</param>
    /// <param name="positive">w, written.</param>
    /// <param name="negative">u, written.</param>
    void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative);
}
