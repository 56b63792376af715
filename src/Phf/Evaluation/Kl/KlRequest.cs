using Phf.Training.Configuration;

namespace Phf.Evaluation.Kl;

/// <summary>Which distances to other language models are estimated, and how.</summary>
public sealed record KlRequest
{
    /// <summary>Sizes, and what the model reads before the texts.</summary>
    public required KlSection Settings { get; init; }

    /// <summary>Texts of a reference LM, for KL(reference || model); null for none.</summary>
    public ReferenceSamples? Reference { get; init; }

    /// <summary>The model to compare with in KL(model || baseline), usually the MLE run; null for none.</summary>
    public LanguageModel? Baseline { get; init; }

    /// <summary>
    /// Tokens, start and tags included, that the model reads of each recorded text: what the reference implementation asks of its tokenizer and does not get.
    /// The recorded log-probabilities are of the whole text, so this is for comparison alone. Null reads all.
    /// </summary>
    public int? Cut { get; init; }
}
