using Phf.Data;

namespace Phf.Training;

/// <summary>B blocks as inputs and targets: N = B T tokens each, with the score and kind of every target. Reused for every step.</summary>
internal sealed class TokenBatch
{
    private readonly int _batch, _time;
    private readonly int[] _tokens;
    private readonly float[] _scores;
    private readonly TokenKind[] _kinds;

    public TokenBatch(int batch, int time)
    {
        (_batch, _time) = (batch, time);
        (_tokens, _scores, _kinds) = (new int[time + 1], new float[time + 1], new TokenKind[time + 1]);
        (Inputs, Targets, Positions) = (new int[batch * time], new int[batch * time], new int[batch * time]);
        (Scores, Kinds) = (new float[batch * time], new TokenKind[batch * time]);
        for (int i = 0; i < Positions.Length; i++) Positions[i] = i % time;
    }

    public int[] Inputs { get; }

    public int[] Targets { get; }

    public int[] Positions { get; }

    /// <summary>Scores of the targets' segments.</summary>
    public float[] Scores { get; }

    /// <summary>What the targets are.</summary>
    public TokenKind[] Kinds { get; }

    /// <summary>Reads one block from each of B endless readers.</summary>
    public void Fill(ReadOnlySpan<BlockReader> readers)
    {
        for (int row = 0; row < readers.Length; row++)
            if (!Read(readers[row], row)) throw new InvalidOperationException("a reader without an end has ended");
    }

    /// <summary>Reads up to <paramref name="wanted"/> blocks and returns how many there were; the rest is padding.</summary>
    public int Fill(BlockReader reader, int wanted)
    {
        int rows = 0;
        while (rows < wanted && Read(reader, rows)) rows++;
        for (int i = rows * _time; i < _batch * _time; i++)
        {
            (Inputs[i], Targets[i], Scores[i], Kinds[i]) = (0, 0, 0, TokenKind.Padding);
        }
        return rows;
    }

    private bool Read(BlockReader reader, int row)
    {
        if (!reader.Next(_tokens, _scores, _kinds)) return false;
        int at = row * _time;
        _tokens.AsSpan(0, _time).CopyTo(Inputs.AsSpan(at));
        _tokens.AsSpan(1).CopyTo(Targets.AsSpan(at));
        _scores.AsSpan(1).CopyTo(Scores.AsSpan(at));
        _kinds.AsSpan(1).CopyTo(Kinds.AsSpan(at));
        return true;
    }
}
