namespace Phf.Generation;

/// <summary>What one sequence begins with.</summary>
/// <param name="Ids">Token ids, at least one.</param>
/// <param name="Stream">Number of the random stream that it draws from: the same seed and stream give the same text, whatever is drawn beside it.</param>
public sealed record SamplingPrompt(int[] Ids, ulong Stream);
