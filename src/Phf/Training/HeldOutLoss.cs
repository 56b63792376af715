using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;

namespace Phf.Training;

/// <summary>
/// Mean -log p of held-out text in nats per token of text, split by the score of the segment that a token belongs to.
/// </summary>
/// <param name="Loss">All text. Where the text was read with tags they are charged too: -log p of tags and text together, divided by
/// the tokens of text, which is an upper bound of the text's own loss and compares with a model that knows no tags. Tags that the model
/// was not trained to write are not charged, and the number is that of the text given its tags.</param>
/// <param name="Aligned">Tokens of aligned segments alone, given their tags; null without any.</param>
/// <param name="Misaligned">Tokens of misaligned segments alone, given their tags; null without any.</param>
/// <param name="BitsPerByte">The same sum as Loss in bits per UTF-8 byte of text: compares between tokenizers.</param>
/// <param name="BitsPerByteAligned">Bits per byte of aligned segments alone, given their tags; null without any.</param>
/// <param name="BitsPerByteMisaligned">Bits per byte of misaligned segments alone, given their tags; null without any.</param>
/// <param name="TokensAligned">Tokens behind Aligned.</param>
/// <param name="TokensMisaligned">Tokens behind Misaligned.</param>
public sealed record HeldOutLoss(double Loss, double? Aligned, double? Misaligned, double BitsPerByte, double? BitsPerByteAligned, double? BitsPerByteMisaligned,
    long TokensAligned, long TokensMisaligned)
{
    /// <summary>What <see cref="Loss"/> is the mean of, document by document in their order on disk; the last may be cut. The same documents with tags as without.</summary>
    public IReadOnlyList<DocumentLoss> Documents { get; init; } = [];

    /// <summary>Reads the split once from the start, in its order on disk.</summary>
    /// <param name="model">The model; its context is the state's T.</param>
    /// <param name="state">Room for B sequences of T tokens.</param>
    /// <param name="data">The split.</param>
    /// <param name="tokenizer">Knows how many bytes a token stands for.</param>
    /// <param name="blocks">How it is read: with the run's tags, or without.</param>
    /// <param name="threshold">Segments with a score above it are misaligned.</param>
    /// <param name="maxTokens">Stop after this many tokens of text: the same text with tags as without.</param>
    /// <param name="cancel">Stops between two batches.</param>
    public static HeldOutLoss Measure(Gpt2 model, Activations state, PackedDataset data, BpeTokenizer tokenizer, BlockOptions blocks,
        float threshold, int maxTokens, CancellationToken cancel)
    {
        int time = state.Time, n = state.Batch * time;
        var reader = new BlockReader(data, blocks with { BlockLength = time, Shuffle = false, MaxEpochs = 1, FilterThreshold = null, Upsample = null, Reference = null, Spans = SpanUse.Ignore });
        var batch = new TokenBatch(state.Batch, time);
        bool chargesTags = blocks.Tags is { IsMasked: false };
        var weights = new float[n];
        var logProbs = new float[n];
        var logComplements = new float[n];
        double aligned = 0, misaligned = 0, tags = 0;
        long alignedCount = 0, misalignedCount = 0, alignedBytes = 0, misalignedBytes = 0;
        var documents = new DocumentLosses();
        while (alignedCount + misalignedCount < maxTokens)
        {
            cancel.ThrowIfCancellationRequested();
            int rows = batch.Fill(reader, state.Batch);
            if (rows == 0) break;
            model.Forward(batch.Inputs, batch.Positions, state);
            model.Classify(state, batch.Targets, new TokenWeights(weights, default), logProbs, logComplements, gradients: null);
            for (int i = 0; i < rows * time && alignedCount + misalignedCount < maxTokens; i++)
            {
                if (batch.Kinds[i] == TokenKind.EndOfText) documents.End();
                if (chargesTags && batch.Kinds[i] == TokenKind.ControlTag)
                {
                    tags -= logProbs[i];
                    documents.Charge(-logProbs[i], tokens: 0);
                }
                if (batch.Kinds[i] != TokenKind.Text) continue;
                documents.Charge(-logProbs[i], tokens: 1);
                int bytes = tokenizer.ByteLength(batch.Targets[i]);
                if (batch.Scores[i] > threshold)
                {
                    misaligned -= logProbs[i];
                    misalignedCount++;
                    misalignedBytes += bytes;
                }
                else
                {
                    aligned -= logProbs[i];
                    alignedCount++;
                    alignedBytes += bytes;
                }
            }
        }
        documents.End();
        double all = aligned + misaligned + tags;
        return new HeldOutLoss(all / Math.Max(1, alignedCount + misalignedCount), alignedCount == 0 ? null : aligned / alignedCount,
            misalignedCount == 0 ? null : misaligned / misalignedCount, Bits(all, Math.Max(1, alignedBytes + misalignedBytes))!.Value,
            Bits(aligned, alignedBytes), Bits(misaligned, misalignedBytes), alignedCount, misalignedCount)
        {
            Documents = documents.All,
        };

        static double? Bits(double nats, long bytes) => bytes == 0 ? null : nats / Math.Log(2) / bytes;
    }

    /// <summary>Adds up document by document.</summary>
    private sealed class DocumentLosses
    {
        private readonly List<DocumentLoss> _all = [];
        private DocumentLoss _own;

        public IReadOnlyList<DocumentLoss> All => _all;

        public void Charge(double nats, int tokens) => _own = new DocumentLoss(_own.Tokens + tokens, _own.Nats + nats);

        public void End()
        {
            if (_own.Tokens > 0) _all.Add(_own);
            _own = default;
        }
    }
}

/// <summary>A document's share in a held-out loss.</summary>
/// <param name="Tokens">Tokens of text.</param>
/// <param name="Nats">-log p of them, and of the tags where they are charged.</param>
public readonly record struct DocumentLoss(int Tokens, double Nats);
