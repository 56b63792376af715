namespace Phf.Scoring.Pep8;

/// <summary>What stands in a column that later rows may line up with; of an operator also its text [Start, End).</summary>
internal readonly record struct VisualMark(VisualMark.Kind What, int Start, int End)
{
    internal enum Kind : byte { None, Bracket, String, Operator }

    public static readonly VisualMark Bracket = new(Kind.Bracket, 0, 0), String = new(Kind.String, 0, 0);

    public static VisualMark Token(in PythonToken token) => new(Kind.Operator, token.Start, token.End);

    public bool Exists => What != Kind.None;

    /// <summary>The first token behind a bracket, or behind a keyword that counts as one.</summary>
    public bool IsBracket => What == Kind.Bracket;

    /// <summary>Whether <paramref name="token"/> may stand below: anything below a string, else the same operator.</summary>
    public bool Fits(PythonSource source, in PythonToken token) => What == Kind.String
        || (What == Kind.Operator && source.Text.AsSpan(Start, End - Start).SequenceEqual(source.TextOf(token)));
}

/// <summary>The columns that rows may line up with.</summary>
internal sealed class VisualIndents(ForgottenColumns forgotten)
{
    private (long Time, VisualMark Mark)[] _marks = new (long, VisualMark)[128];
    private int _first; // the first column that has a mark

    public bool IsEmpty => _first == int.MaxValue;

    /// <summary>Begins with a new statement, for which all columns are forgotten.</summary>
    public void Start() => _first = int.MaxValue;

    public VisualMark At(int column)
    {
        if (column >= _marks.Length) return default;
        (long time, VisualMark mark) = _marks[column];
        return forgotten.Holds(column, time) ? mark : default;
    }

    public void Set(int column, VisualMark mark)
    {
        if (column >= _marks.Length) Array.Resize(ref _marks, Math.Max(column + 1, 2 * _marks.Length));
        _marks[column] = (forgotten.Now, mark);
        _first = Math.Min(_first, column);
    }

    public void SetIfFree(int column, VisualMark mark)
    {
        if (!At(column).Exists) Set(column, mark);
    }

    /// <summary>To be told when columns are forgotten.</summary>
    public void NoteForgotten(int column)
    {
        if (column <= _first) _first = int.MaxValue;
    }
}
