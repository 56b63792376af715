namespace Phf.Evaluation.Kl;

/// <summary>A text that a language model wrote, with its log-probability; a line of a file of recorded samples.</summary>
/// <param name="Text">The text, without tags and without the end-of-text token.</param>
/// <param name="Logprob">log p(text), in nats, given the start of a document; with that of the end where <paramref name="Ended"/>.</param>
/// <param name="Ended">Whether the model ended the text, and did not run into the limit.</param>
/// <param name="Ids">The tokens that were drawn, tags and end left out; null where they are not known.</param>
/// <param name="Tokenizer">Fingerprint of the tokenizer that the ids belong to.</param>
/// <param name="LogprobWithTags">The same with the tags that it wrote itself charged; null where it wrote none.</param>
public sealed record ReferenceSample(string Text, double Logprob, bool Ended = false, int[]? Ids = null, string? Tokenizer = null, double? LogprobWithTags = null);
