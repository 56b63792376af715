using Phf.Numerics.Backend.Cpu.Gemm;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// The engine: packed matrix products and vectorised kernels on a team of threads. Tiles are cut without regard to the number of
/// threads and partial sums are added in tile order, so every result is the same to the bit for any number of threads.
/// </summary>
internal sealed unsafe partial class CpuBackend<S, V> : IBackend
    where S : struct, ISimd<V>
    where V : struct
{
    private readonly WorkerPool _pool;
    private readonly Gemm<S, V> _gemm;
    private readonly Scratch _scratch = new();
    private readonly LayerNormJob<S, V> _layerNorm = new();
    private readonly LayerNormBackwardJob<S, V> _layerNormBackward = new();
    private readonly ActivationBackwardJob<S, V> _activationBackward = new();
    private readonly ColumnSumJob<S, V> _columnSum = new();
    private readonly EmbedJob<S, V> _embed = new();
    private readonly EmbedBackwardJob<S, V> _embedBackward = new();
    private readonly AttentionJob<S, V> _attention;
    private readonly AttentionBackwardJob<S, V> _attentionBackward;
    private readonly WholeAttentionJob<S, V> _wholeAttention;
    private readonly AttentionStepJob<S, V> _attentionStep = new();
    private readonly ClassifierJob<S, V> _classifier = new();
    private readonly AddJob<S, V> _add = new();
    private readonly SquaredNormJob<S, V> _squaredNorm = new();
    private readonly AdamWJob<S, V> _adamW = new();
    private readonly ClearJob _clear = new();

    public CpuBackend(string simd, int threads, GemmKernelSet kernels)
    {
        Name = $"cpu/{simd} {threads} {(threads == 1 ? "thread" : "threads")}";
        _pool = new WorkerPool(threads);
        _gemm = new Gemm<S, V>(_pool, kernels);
        _attention = new AttentionJob<S, V>(kernels, threads);
        _attentionBackward = new AttentionBackwardJob<S, V>(kernels, threads);
        _wholeAttention = new WholeAttentionJob<S, V>(kernels, threads);
    }

    public string Name { get; }

    public int Threads => _pool.Workers;

    public void Dispose()
    {
        _pool.Dispose();
        _gemm.Dispose();
        _scratch.Dispose();
        _logits.Dispose();
        _attention.Dispose();
        _attentionBackward.Dispose();
        _wholeAttention.Dispose();
    }

    public void ForEach(int tiles, Action<int, int> tile) => _pool.Run(new ActionJob(tile), tiles);

    public void Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor tokenTable, Tensor positionTable, Tensor output)
    {
        fixed (int* t = tokens, p = positions)
        {
            _embed.Tokens = t;
            _embed.Positions = p;
            _embed.TokenTable = tokenTable.Pointer;
            _embed.PositionTable = positionTable.Pointer;
            _embed.Output = output.Pointer;
            _embed.Rows = tokens.Length;
            _embed.Columns = output.Columns;
            _pool.Run(_embed, Tiles(tokens.Length, EmbedJob<S, V>.RowsPerTile));
        }
    }

    public void EmbedBackward(Tensor dOutput, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor dTokenTable, Tensor dPositionTable)
    {
        fixed (int* t = tokens, p = positions)
        {
            _embedBackward.Tokens = t;
            _embedBackward.Positions = p;
            _embedBackward.DOutput = dOutput.Pointer;
            _embedBackward.DTokenTable = dTokenTable.Pointer;
            _embedBackward.DPositionTable = dPositionTable.Pointer;
            _embedBackward.Rows = tokens.Length;
            _embedBackward.Columns = dOutput.Columns;
            _pool.Run(_embedBackward, Tiles(dOutput.Columns, EmbedBackwardJob<S, V>.ColumnsPerTile));
        }
    }

    public void LayerNorm(Tensor input, Tensor gain, Tensor bias, float epsilon, Tensor output, Tensor mean, Tensor rstd)
    {
        LayerNormJob<S, V> job = _layerNorm;
        job.Input = input.Pointer;
        job.Gain = gain.Pointer;
        job.Bias = bias.Pointer;
        job.Output = output.Pointer;
        job.Mean = mean.Pointer;
        job.Rstd = rstd.Pointer;
        job.Epsilon = epsilon;
        job.Rows = input.Rows;
        job.Columns = input.Columns;
        _pool.Run(job, Tiles(input.Rows, LayerNormJob<S, V>.RowsPerTile));
    }

    public void LayerNormBackward(Tensor dOutput, Tensor input, Tensor gain, Tensor mean, Tensor rstd, Tensor dInput, Tensor dGain, Tensor dBias)
    {
        LayerNormBackwardJob<S, V> job = _layerNormBackward;
        int tiles = Tiles(input.Rows, LayerNormBackwardJob<S, V>.RowsPerTile), columns = input.Columns;
        job.DOutput = dOutput.Pointer;
        job.Input = input.Pointer;
        job.Gain = gain.Pointer;
        job.DInput = dInput.Pointer;
        job.Mean = mean.Pointer;
        job.Rstd = rstd.Pointer;
        job.Rows = input.Rows;
        job.Columns = columns;
        job.Partials = _scratch.Get((long)tiles * 2 * columns);
        _pool.Run(job, tiles);
        for (int tile = 0; tile < tiles; tile++)
        {
            float* partial = job.Partials + (nint)tile * 2 * columns;
            Elementwise<S, V>.Add(partial, dGain.Pointer, dGain.Pointer, columns);
            Elementwise<S, V>.Add(partial + columns, dBias.Pointer, dBias.Pointer, columns);
        }
    }

    public void Linear(Tensor input, Tensor weight, Tensor bias, Tensor residual, Tensor output) =>
        Multiply(GemmForm.NN, input, weight, output, accumulate: false, new GemmEpilogue { Bias = bias.Pointer, Residual = residual.Pointer });

    public void LinearActivation(Tensor input, Tensor weight, Tensor bias, Activation activation, Tensor preActivation, Tensor output) =>
        Multiply(GemmForm.NN, input, weight, preActivation, accumulate: false,
            new GemmEpilogue { Bias = bias.Pointer, Activated = output.Pointer, Activation = activation });

    public void LinearBackward(Tensor dOutput, Tensor input, Tensor weight, Tensor dInput, Tensor dWeight, Tensor dBias)
    {
        Multiply(GemmForm.NT, dOutput, weight, dInput, accumulate: false, default);
        Multiply(GemmForm.TN, input, dOutput, dWeight, accumulate: true, default);
        _columnSum.Matrix = dOutput.Pointer;
        _columnSum.Sums = dBias.Pointer;
        _columnSum.Rows = dOutput.Rows;
        _columnSum.Columns = dOutput.Columns;
        _pool.Run(_columnSum, Tiles(dOutput.Columns, ColumnSumJob<S, V>.ColumnsPerTile));
    }

    public void ActivationBackward(Tensor preActivation, Activation activation, Tensor dOutput)
    {
        ActivationBackwardJob<S, V> job = _activationBackward;
        job.PreActivation = preActivation.Pointer;
        job.DOutput = dOutput.Pointer;
        job.Length = dOutput.Length;
        job.Activation = activation;
        _pool.Run(job, Tiles(dOutput.Length, ActivationBackwardJob<S, V>.ElementsPerTile));
    }

    public void Attention(Tensor qkv, AttentionShape shape, Tensor output, Tensor logSumExp)
    {
        _attention.Qkv = qkv.Pointer;
        _attention.Output = output.Pointer;
        _attention.LogSumExp = logSumExp.Pointer;
        _attention.Shape = shape;
        _pool.Run(_attention, shape.Batch * shape.Heads);
    }

    public void AttentionBackward(Tensor dOutput, Tensor qkv, Tensor output, Tensor logSumExp, AttentionShape shape, Tensor dQkv)
    {
        AttentionBackwardJob<S, V> job = _attentionBackward;
        job.Qkv = qkv.Pointer;
        job.Output = output.Pointer;
        job.LogSumExp = logSumExp.Pointer;
        job.Shape = shape;
        job.DOutput = dOutput.Pointer;
        job.DQkv = dQkv.Pointer;
        _pool.Run(job, shape.Batch * shape.Heads);
    }

    public void WholeAttention(Tensor qkv, ReadOnlySpan<int> starts, int heads, float scale, Tensor output)
    {
        fixed (int* s = starts)
        {
            _wholeAttention.Qkv = qkv.Pointer;
            _wholeAttention.Output = output.Pointer;
            _wholeAttention.Starts = s;
            _wholeAttention.Shape = new AttentionShape(starts.Length - 1, Time: 0, heads, output.Columns / heads, scale);
            _pool.Run(_wholeAttention, (starts.Length - 1) * heads);
        }
    }

    public void AttentionStep(Tensor qkv, AttentionShape shape, int position, Tensor keyCache, Tensor valueCache, Tensor output)
    {
        AttentionStepJob<S, V> job = _attentionStep;
        job.Qkv = qkv.Pointer;
        job.KeyCache = keyCache.Pointer;
        job.ValueCache = valueCache.Pointer;
        job.Output = output.Pointer;
        job.Shape = shape;
        job.Position = position;
        job.Scores = _scratch.Get((long)shape.Batch * shape.Heads * shape.Time);
        _pool.Run(job, shape.Batch * shape.Heads);
    }

    public void Add(Tensor source, Tensor destination)
    {
        _add.Source = source.Pointer;
        _add.Destination = destination.Pointer;
        _add.Length = source.Length;
        _pool.Run(_add, Tiles(source.Length, AddJob<S, V>.ElementsPerTile));
    }

    public double SquaredNorm(FlatBlock values)
    {
        SquaredNormJob<S, V> job = _squaredNorm;
        int tiles = Tiles(values.Length, SquaredNormJob<S, V>.ElementsPerTile);
        if (job.Sums.Length < tiles) job.Sums = new double[tiles];
        job.Values = values.Pointer;
        job.Length = values.Length;
        _pool.Run(job, tiles);
        double sum = 0;
        for (int tile = 0; tile < tiles; tile++) sum += job.Sums[tile];
        return sum;
    }

    public void AdamW(FlatBlock parameters, FlatBlock gradients, FlatBlock firstMoments, FlatBlock secondMoments, AdamWStep step)
    {
        AdamWJob<S, V> job = _adamW;
        job.Set(step);
        job.Parameters = parameters.Pointer;
        job.Gradients = gradients.Pointer;
        job.First = firstMoments.Pointer;
        job.Second = secondMoments.Pointer;
        job.Length = parameters.Length;
        _pool.Run(job, Tiles(parameters.Length, AdamWJob<S, V>.ElementsPerTile));
    }

    public void Clear(FlatBlock values)
    {
        _clear.Values = values.Pointer;
        _clear.Length = values.Length;
        _pool.Run(_clear, Tiles(values.Length, ClearJob.ElementsPerTile));
    }

    private static int Tiles(long length, int perTile) => checked((int)((length + perTile - 1) / perTile));

    private void Multiply(GemmForm form, Tensor a, Tensor b, Tensor c, bool accumulate, in GemmEpilogue epilogue) =>
        _gemm.Run(form, c.Rows, c.Columns, form == GemmForm.TN ? a.Rows : a.Columns, a.Pointer, a.Columns, b.Pointer, b.Columns,
            c.Pointer, c.Columns, accumulate, epilogue);

    private sealed class ActionJob(Action<int, int> action) : ITileJob
    {
        public void RunTile(int tile, int worker) => action(tile, worker);
    }
}
