namespace Phf.Scoring.Pep8;

/// <summary>
/// The open brackets of a statement. For each depth (0: outside) it knows the column that rows line up with (0: none yet), the hanging
/// indentation in use (0: none yet), and the widths of the rows that opened a bracket of that depth. Each step takes time about independent of
/// the depth.
/// </summary>
internal sealed class BracketStack
{
    private readonly List<Level> _levels = [];
    private readonly PriorityQueue<(int Depth, int Visual), int> _byColumn = new(); // the levels with a column, greatest first, outdated ones too
    private int _deepest; // levels above this have no rows

    public BracketStack(int column)
    {
        _levels.Add(new Level());
        _levels[0].Rows.Add(0);
        Visual = column;
    }

    public int Depth { get; private set; }

    public int FirstVisual => _levels[0].Visual;

    /// <summary>The column that rows at the current depth line up with; 0 if there is none yet.</summary>
    public int Visual
    {
        get => _levels[Depth].Visual;
        set
        {
            _levels[Depth].Visual = value;
            if (value > 0) _byColumn.Enqueue((Depth, value), -value);
        }
    }

    /// <summary>The hanging indentation in use at the current depth; 0 if there is none yet.</summary>
    public int Hanging
    {
        get => _levels[Depth].Hanging;
        set => _levels[Depth].Hanging = value;
    }

    /// <summary>
    /// Whether a row <paramref name="width"/> wide hangs by one level (or two, where tabs indent) from a row that opened a bracket of this depth;
    /// <paramref name="hang"/> is by how much, from the latest such row or else from the first.
    /// </summary>
    public bool Hang(int width, int size, bool tabs, out int hang)
    {
        List<int> rows = _levels[Depth].Rows;
        for (int i = rows.Count - 1; i >= 0; i--)
        {
            hang = width - rows[i];
            if (hang == size || (tabs && hang == 2 * size)) return true;
        }
        hang = width - _levels[Depth].FirstRow;
        return false;
    }

    public void AddOpeningRow(int width)
    {
        Level level = _levels[Depth];
        if (level.Rows.Count == 0) level.FirstRow = width;
        level.Rows.Remove(width); // only the latest row of a width matters
        level.Rows.Add(width);
    }

    public void Open(int row, int width)
    {
        Depth++;
        if (_levels.Count == Depth) _levels.Add(new Level());
        Level level = _levels[Depth];
        if (Depth > _deepest) level.Rows.Clear();
        _deepest = Math.Max(_deepest, Depth);
        (level.Visual, level.Hanging, level.OpenedIn) = (0, 0, row);
        AddOpeningRow(width);
    }

    /// <summary>Goes back one level; no outer level lines up with a column behind the one returned.</summary>
    public int Close(int lastStart, out int openedIn)
    {
        Level level = _levels[Depth];
        int visual = level.Visual != 0 ? level.Visual : lastStart;
        openedIn = level.OpenedIn;
        _deepest = Depth;
        Depth--;
        while (_byColumn.TryPeek(out var top, out _) && (top.Visual > visual || top.Depth > Depth))
        {
            _byColumn.Dequeue();
            if (top.Depth <= Depth && _levels[top.Depth].Visual == top.Visual) _levels[top.Depth].Visual = 0;
        }
        return visual;
    }

    private sealed class Level
    {
        public int Visual { get; set; }
        public int Hanging { get; set; }
        public int OpenedIn { get; set; }
        public int FirstRow { get; set; }
        public List<int> Rows { get; } = [];
    }
}
