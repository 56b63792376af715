namespace Phf.Scoring.Pep8;

/// <summary>
/// The open brackets of a statement. For each depth (0: outside) it knows the column that rows line up with (0: none yet), the hanging
/// indentation in use (0: none yet), and the widths of the rows that opened a bracket of that depth. Each step takes time about independent of
/// the depth.
/// </summary>
internal sealed class BracketStack(ForgottenColumns forgotten)
{
    private readonly List<Level> _levels = [new()];
    private int _deepest; // levels above this have no rows

    public int Depth { get; private set; }

    public int FirstVisual => VisualOf(_levels[0]);

    /// <summary>The column that rows at the current depth line up with; 0 if there is none yet.</summary>
    public int Visual
    {
        get => VisualOf(_levels[Depth]);
        set => (_levels[Depth].Visual, _levels[Depth].Since) = (value, forgotten.Now);
    }

    /// <summary>Begins with a new statement, whose first token stands in <paramref name="column"/>.</summary>
    public void Start(int column)
    {
        Depth = _deepest = 0;
        Level level = _levels[0];
        (level.Hanging, level.OpenedIn, level.FirstRow) = (0, 0, 0);
        level.Rows.Clear();
        level.Rows.Add(0);
        Visual = column;
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

    /// <summary>Goes back one level. The outer levels no longer line up with a column behind the one returned, to which the level had lined up.</summary>
    public int Close(int lastStart, out int openedIn)
    {
        Level level = _levels[Depth];
        int visual = VisualOf(level) is > 0 and var column ? column : lastStart;
        openedIn = level.OpenedIn;
        _deepest = Depth;
        Depth--;
        forgotten.ForgetFrom(visual);
        return visual;
    }

    /// <summary>A level's own column is kept when it is the first of the forgotten ones.</summary>
    private int VisualOf(Level level) => level.Visual > 0 && forgotten.Holds(level.Visual - 1, level.Since) ? level.Visual : 0;

    private sealed class Level
    {
        public int Visual { get; set; }
        public long Since { get; set; } // when Visual was set
        public int Hanging { get; set; }
        public int OpenedIn { get; set; }
        public int FirstRow { get; set; }
        public List<int> Rows { get; } = [];
    }
}
