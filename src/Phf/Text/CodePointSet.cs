using System.Globalization;

namespace Phf.Text;

/// <summary>A fixed set of code points: a bitmap of those below U+10000, ranges for the others.</summary>
internal sealed class CodePointSet
{
    private readonly ulong[] _bits = new ulong[0x10000 / 64];
    private readonly (int First, int Last)[] _astral;

    private CodePointSet(IEnumerable<(int First, int Last)> ranges)
    {
        var astral = new List<(int, int)>();
        foreach ((int first, int last) in ranges)
        {
            for (int code = first; code <= Math.Min(last, 0xFFFF); code++) _bits[code >> 6] |= 1UL << code;
            if (last > 0xFFFF) astral.Add((first, last));
        }
        _astral = [.. astral];
    }

    /// <param name="ranges">Hexadecimal and inclusive: <c>A0 2000-200A ...</c></param>
    public static CodePointSet Of(string ranges) => new(Ranges(ranges));

    /// <summary>The inclusive ranges of such a list.</summary>
    public static IEnumerable<(int First, int Last)> Ranges(string list)
    {
        foreach (string range in list.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = range.Split('-');
            yield return (int.Parse(ends[0], NumberStyles.HexNumber), int.Parse(ends[^1], NumberStyles.HexNumber));
        }
    }

    public bool Contains(int codePoint)
    {
        if (codePoint < 0x10000) return (_bits[codePoint >> 6] >> codePoint & 1) != 0;
        foreach ((int first, int last) in _astral)
            if (codePoint >= first && codePoint <= last) return true;
        return false;
    }
}
