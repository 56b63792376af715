using Phf.Numerics.Backend.Cpu.Gemm;
using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend.Cpu;

internal sealed unsafe partial class CpuBackend<S, V>
{
    private readonly Scratch _logits = new();

    public void Logits(Tensor hidden, Tensor table, Tensor logits) =>
        Multiply(GemmForm.NT, hidden, table, logits, accumulate: false, default);

    public void Classify(Tensor hidden, Tensor table, ReadOnlySpan<int> targets, TokenWeights weights, Span<float> logProbs,
        Span<float> logComplements, Tensor dHidden, Tensor dTable, Span<float> margins = default)
    {
        int vocabulary = table.Rows, channels = hidden.Columns;
        int stride = ClassifierChunk.Stride(vocabulary), chunk = ClassifierChunk.Rows(vocabulary);
        float* logits = _logits.Get((long)Math.Min(chunk, hidden.Rows) * stride);
        ClassifierJob<S, V> job = _classifier;
        job.Logits = logits;
        job.Stride = stride;
        job.Vocabulary = vocabulary;
        job.WithGradient = !dHidden.IsEmpty;
        fixed (int* target = targets)
        fixed (float* positive = weights.Positive, negative = weights.Negative, logProb = logProbs, logComplement = logComplements, margin = margins)
            for (int first = 0; first < hidden.Rows; first += chunk)
            {
                int rows = Math.Min(chunk, hidden.Rows - first);
                float* h = hidden.Pointer + (nint)first * channels;
                _gemm.Run(GemmForm.NT, rows, vocabulary, channels, h, channels, table.Pointer, channels, logits, stride, accumulate: false, default);
                job.Rows = rows;
                job.Targets = target + first;
                job.Positive = positive + first;
                job.Negative = negative == null ? null : negative + first;
                job.LogProbs = logProb + first;
                job.LogComplements = logComplement + first;
                job.Margins = margin == null ? null : margin + first;
                _pool.Run(job, Tiles(rows, Cpu.ClassifierJob<S, V>.RowsPerTile));
                if (!job.WithGradient) continue;
                float* dh = dHidden.Pointer + (nint)first * channels;
                _gemm.Run(GemmForm.NN, rows, channels, vocabulary, logits, stride, table.Pointer, channels, dh, channels, accumulate: false, default);
                _gemm.Run(GemmForm.TN, vocabulary, channels, rows, logits, stride, h, channels, dTable.Pointer, channels, accumulate: true, default);
            }
    }
}
