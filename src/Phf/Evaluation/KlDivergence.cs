namespace Phf.Evaluation;

/// <summary>
/// An estimate of KL(p || q) from texts that p wrote: the mean of log p(text) - log q(text), in nats per text. It may be negative by chance.
/// </summary>
public sealed record KlDivergence
{
    /// <summary>The logarithms are of the same token ids: an estimate of the divergence itself.</summary>
    public const string OnTokens = "tokens";

    /// <summary>Each model reads the text as its own tokenizer cuts it: comparable between models of one tokenizer, but no exact divergence.</summary>
    public const string OnTexts = "texts";

    /// <summary>Who wrote the texts: <c>reference</c> for KL(reference || model), <c>model</c> for KL(model || baseline).</summary>
    public required string From { get; init; }

    /// <summary>Name of the other model.</summary>
    public required string Other { get; init; }

    /// <summary><see cref="OnTokens"/> or <see cref="OnTexts"/>.</summary>
    public required string Basis { get; init; }

    /// <summary>Texts behind the estimate.</summary>
    public required int Samples { get; init; }

    /// <summary>The estimate in nats per text. A model trained with tags is given them; what it would pay to write them is not in here.</summary>
    public required double Nats { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="Nats"/> over the texts.</summary>
    public required Interval Interval { get; init; }

    /// <summary>The same with the tags charged, as the reference implementation does; null without tags.</summary>
    public double? NatsWithTags { get; init; }

    /// <summary>The estimate in bits per UTF-8 byte of text; compares between lengths.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary>How the model read or wrote: what stood before the texts, and up to how many tokens.</summary>
    public required string Description { get; init; }
}
