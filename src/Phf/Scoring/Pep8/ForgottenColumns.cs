namespace Phf.Scoring.Pep8;

/// <summary>
/// Which of the things noted for columns still hold, when now and then everything from some column on is forgotten. Notes are kept elsewhere with
/// the time at which they were made; forgetting takes amortized constant time, asking time logarithmic in the number of nested columns.
/// </summary>
internal sealed class ForgottenColumns
{
    private (int Column, long Time)[] _cuts = new (int, long)[16]; // columns and times ascend: a cut makes those behind it void
    private int _count;

    /// <summary>The time to keep with a note that is made now.</summary>
    public long Now { get; private set; }

    /// <summary>Forgets what was noted until now for <paramref name="column"/> and those behind it.</summary>
    public void ForgetFrom(int column)
    {
        while (_count > 0 && _cuts[_count - 1].Column >= column) _count--;
        if (_count == _cuts.Length) Array.Resize(ref _cuts, 2 * _count);
        _cuts[_count++] = (column, ++Now);
    }

    /// <summary>Whether what was noted for <paramref name="column"/> at <paramref name="time"/> still holds.</summary>
    public bool Holds(int column, long time)
    {
        if (_count > 0 && _cuts[_count - 1].Column <= column) return _cuts[_count - 1].Time <= time;
        int low = 0, high = _count; // the first cut behind the column
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_cuts[middle].Column > column) high = middle;
            else low = middle + 1;
        }
        return low == 0 || _cuts[low - 1].Time <= time;
    }
}
