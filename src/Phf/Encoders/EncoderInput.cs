namespace Phf.Encoders;

/// <summary>A text, or a pair, as an encoder takes it: special tokens included, padding left out.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Types">Which text each token is of; null for one text alone.</param>
public readonly record struct EncoderInput(int[] Ids, int[]? Types = null);
