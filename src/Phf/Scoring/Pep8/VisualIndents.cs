namespace Phf.Scoring.Pep8;

/// <summary>What stands in a column that later rows may line up with.</summary>
internal readonly record struct VisualMark(VisualMark.Kind What, PythonToken Operator)
{
    internal enum Kind : byte { None, Bracket, String, Operator }

    public static readonly VisualMark Bracket = new(Kind.Bracket, default), String = new(Kind.String, default);

    public static VisualMark Token(in PythonToken token) => new(Kind.Operator, token);

    public bool Exists => What != Kind.None;

    /// <summary>The first token behind a bracket, or behind a keyword that counts as one.</summary>
    public bool IsBracket => What == Kind.Bracket;

    /// <summary>Whether <paramref name="token"/> may stand below: anything below a string, else the same operator.</summary>
    public bool Fits(PythonSource source, in PythonToken token) =>
        What == Kind.String || (What == Kind.Operator && source.TextOf(Operator).SequenceEqual(source.TextOf(token)));
}

/// <summary>The columns that rows may line up with.</summary>
internal sealed class VisualIndents
{
    private readonly Dictionary<int, VisualMark> _marks = [];
    private readonly PriorityQueue<int, int> _columns = new(); // greatest first

    public bool IsEmpty => _marks.Count == 0;

    public VisualMark At(int column) => _marks.GetValueOrDefault(column);

    public void Set(int column, VisualMark mark)
    {
        if (!_marks.ContainsKey(column)) _columns.Enqueue(column, -column);
        _marks[column] = mark;
    }

    public void SetIfFree(int column, VisualMark mark)
    {
        if (_marks.TryAdd(column, mark)) _columns.Enqueue(column, -column);
    }

    public void RemoveFrom(int column)
    {
        while (_columns.TryPeek(out int last, out _) && last >= column)
        {
            _columns.Dequeue();
            _marks.Remove(last);
        }
    }
}
