using Phf.Data;
using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>How the data of a configuration is read, but for its tags.</summary>
internal static class PlannedBlocks
{
    /// <param name="config">The configuration.</param>
    /// <param name="tokenizer">Packed the data.</param>
    /// <param name="data">The training split.</param>
    /// <param name="length">Tokens of a sequence: all are predicted, or in the reference's order all but the first.</param>
    /// <exception cref="InvalidDataException">The data has no scores of spans, and they are asked for.</exception>
    public static BlockOptions Create(RunConfig config, BpeTokenizer tokenizer, PackedDataset data, int length)
    {
        DatasetSection section = config.Dataset;
        bool isReference = section.Order == DatasetSection.ReferenceOrder;
        var blocks = new BlockOptions
        {
            BlockLength = isReference ? length - 1 : length,
            Reference = isReference
                ? new ReferenceOrder
                {
                    BufferCharacters = length * section.CharsPerToken * section.NumOfSequences,
                    ShuffleBuffer = section.ShuffleBuffer,
                    Tokenizer = tokenizer,
                }
                : null,
            EndOfTextId = tokenizer.EndOfTextId,
            Seed = (ulong)config.Training.Seed,
            FilterThreshold = section.FilterThreshold?.Resolve(data, ofDocuments: true),
            Upsample = section.Upsample is { } upsample
                ? new Upsampling([.. upsample.Thresholds.Select(threshold => threshold.Resolve(data, ofDocuments: true))], [.. upsample.Weights])
                : null,
            Spans = section.SpanScores switch { "score" => SpanUse.Score, "mask" => SpanUse.Mask, _ => SpanUse.Ignore },
        };
        BlockReader.Check(data, blocks);
        return blocks;
    }
}
