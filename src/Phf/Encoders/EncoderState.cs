using Phf.Numerics.Memory;

namespace Phf.Encoders;

/// <summary>The buffers of a forward pass of up to N tokens and as many sequences; all layers share them.</summary>
internal sealed class EncoderState : IDisposable
{
    private readonly Arena _arena;

    public EncoderState(EncoderConfig config, int rows)
    {
        int channels = config.Channels, labels = config.Labels.Count;
        Rows = rows;
        _arena = new Arena(4 * Arena.SizeOf(rows, channels) + Arena.SizeOf(rows, 3 * channels) + Arena.SizeOf(rows, config.Inner) + Arena.SizeOf(rows, labels) + 2 * Arena.SizeOf(1, rows));
        Hidden = _arena.Take(rows, channels);
        Sum = _arena.Take(rows, channels);
        Middle = _arena.Take(rows, channels);
        Attended = _arena.Take(rows, channels);
        Qkv = _arena.Take(rows, 3 * channels);
        Inner = _arena.Take(rows, config.Inner);
        Logits = _arena.Take(rows, labels);
        Mean = _arena.Take(1, rows);
        Rstd = _arena.Take(1, rows);
        (Tokens, Places, Starts) = (new int[rows], new int[rows], new int[rows + 1]);
    }

    /// <summary>N at most.</summary>
    public int Rows { get; }

    public int[] Tokens { get; } // (N)

    public int[] Places { get; } // (N), rows of the place table

    public int[] Starts { get; } // where each sequence begins, and behind the last one its end

    public Tensor Hidden { get; } // (N, C), after each layer's last norm

    public Tensor Sum { get; } // (N, C), a branch and what it started from

    public Tensor Middle { get; } // (N, C), between the branches

    public Tensor Attended { get; } // (N, C)

    public Tensor Qkv { get; } // (N, 3C)

    public Tensor Inner { get; } // (N, Inner)

    public Tensor Logits { get; } // (N, labels)

    public Tensor Mean { get; } // (1, N), not used

    public Tensor Rstd { get; } // (1, N), not used

    public void Dispose() => _arena.Dispose();
}
