using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>
/// Mean -log p (nats per token) of held-out text, split by the score of the segment that a token belongs to. Only the text's own
/// tokens count: tags and end-of-text are read but not judged.
/// </summary>
public sealed record HeldOutLoss(double Loss, double? Aligned, double? Misaligned, long TokensAligned, long TokensMisaligned)
{
    /// <summary>Reads the split once from the start, in its order on disk.</summary>
    /// <param name="model">The model; its context is the state's T.</param>
    /// <param name="state">Room for B sequences of T tokens.</param>
    /// <param name="data">The split.</param>
    /// <param name="blocks">How it is read: with the run's tags, or without.</param>
    /// <param name="threshold">Segments with a score above it are misaligned.</param>
    /// <param name="maxBlocks">Stop after this many blocks of T tokens.</param>
    /// <param name="cancel">Stops between two batches.</param>
    public static HeldOutLoss Measure(Gpt2 model, Activations state, PackedDataset data, BlockOptions blocks, float threshold, int maxBlocks, CancellationToken cancel)
    {
        int time = state.Time, n = state.Batch * time;
        var reader = new BlockReader(data, blocks with { BlockLength = time, Shuffle = false, MaxEpochs = 1, FilterThreshold = null });
        var batch = new TokenBatch(state.Batch, time);
        var weights = new float[n];
        var logProbs = new float[n];
        var logComplements = new float[n];
        double aligned = 0, misaligned = 0;
        long alignedCount = 0, misalignedCount = 0;
        for (int done = 0; done < maxBlocks; done += state.Batch)
        {
            cancel.ThrowIfCancellationRequested();
            int rows = batch.Fill(reader, Math.Min(state.Batch, maxBlocks - done));
            if (rows == 0) break;
            model.Forward(batch.Inputs, batch.Positions, state);
            model.Classify(state, batch.Targets, new TokenWeights(weights, default), logProbs, logComplements, gradients: null);
            for (int i = 0; i < rows * time; i++)
            {
                if (batch.Kinds[i] != TokenKind.Text) continue;
                bool isMisaligned = batch.Scores[i] > threshold;
                if (isMisaligned) misaligned -= logProbs[i];
                else aligned -= logProbs[i];
                if (isMisaligned) misalignedCount++;
                else alignedCount++;
            }
        }
        return new HeldOutLoss((aligned + misaligned) / Math.Max(1, alignedCount + misalignedCount),
            alignedCount == 0 ? null : aligned / alignedCount, misalignedCount == 0 ? null : misaligned / misalignedCount, alignedCount, misalignedCount);
    }
}
