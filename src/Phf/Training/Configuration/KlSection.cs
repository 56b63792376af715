namespace Phf.Training.Configuration;

/// <summary>Section <c>kl_gpt3_callback</c>: how <c>phf evaluate --reference</c> estimates the KL from a reference LM. GPT-3, which it is named after, is gone.</summary>
[WithoutEffect("GPT-3 is not asked; phf evaluate --reference names the reference LM", "gpt3_kwargs")]
[WithoutEffect("the KL is estimated by phf evaluate, not while training", "every_n_steps", "force_call_on")]
public sealed record KlSection
{
    [Key("Texts that the estimate is over.", Min = 2)]
    public int NumSamples { get; init; } = 4096;

    [Key("Longest text that is drawn, in the tokens of who writes it.", Min = 1)]
    public int MaxTokens { get; init; } = 64;

    [Key("Text that the model reads before every text. Not set: the best tag of a model trained with tags, at the start of every segment, as in training.")]
    public string? Prefix { get; init; }

    [Key("Put the prefix at the start of every line too.")]
    public bool ShouldInsertPrefix { get; init; }
}
