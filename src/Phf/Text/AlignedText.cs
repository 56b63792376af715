using System.Text;

namespace Phf.Text;

/// <summary>
/// A text while it is being normalized: UTF-16 units, each with the place in the original text of the character that it comes from. Reused, so that
/// it allocates only when it grows.
/// </summary>
internal sealed class AlignedText
{
    private char[] _units = new char[256];
    private int[] _starts = new int[256];
    private int[] _ends = new int[256];

    public int Length { get; private set; }

    public ReadOnlySpan<char> Units => _units.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Where the character behind a unit begins in the original text, in UTF-16 units.</summary>
    public int Start(int index) => _starts[index];

    /// <summary>Where it ends, exclusive.</summary>
    public int End(int index) => _ends[index];

    /// <summary>Adds a code point that comes from the original's units <paramref name="start"/> to <paramref name="end"/>.</summary>
    public void Append(int codePoint, int start, int end)
    {
        if (codePoint >= 0x10000)
        {
            codePoint -= 0x10000;
            AppendUnit((char)(0xD800 + (codePoint >> 10)), start, end);
            codePoint = 0xDC00 + (codePoint & 0x3FF);
        }
        AppendUnit((char)codePoint, start, end);
    }

    /// <summary>Adds a text whose first unit is at <paramref name="offset"/> of the original. Halves of surrogate pairs become U+FFFD.</summary>
    public void AppendOriginal(ReadOnlySpan<char> text, int offset)
    {
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out Rune rune, out int width);
            Append(rune.Value, offset, offset + width);
            text = text[width..];
            offset += width;
        }
    }

    /// <summary>The code point at <paramref name="index"/>, which is no half of a pair, and its width in units.</summary>
    public int CodePointAt(int index, out int width)
    {
        char unit = _units[index];
        width = char.IsHighSurrogate(unit) ? 2 : 1;
        return width == 1 ? unit : char.ConvertToUtf32(unit, _units[index + 1]);
    }

    private void AppendUnit(char unit, int start, int end)
    {
        if (Length == _units.Length)
        {
            Array.Resize(ref _units, 2 * Length);
            Array.Resize(ref _starts, 2 * Length);
            Array.Resize(ref _ends, 2 * Length);
        }
        (_units[Length], _starts[Length], _ends[Length]) = (unit, start, end);
        Length++;
    }
}
