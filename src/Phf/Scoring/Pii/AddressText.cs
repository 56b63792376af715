using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// A text as the address pattern reads it: a run of white space and commas is ", " if it holds a comma or a line feed, else " "; every dash is "-".
/// Knows where each of its characters comes from. Dispose it to give the room back.
/// </summary>
internal readonly ref struct AddressText : IDisposable
{
    private static readonly SearchValues<char> Special = SearchValues.Create(PythonText.AllWhites + ",\u2010\u2011\u2012\u2013\u2014\u2015");

    private readonly char[] _characters;
    private readonly int[] _origins;

    public AddressText(ReadOnlySpan<char> text)
    {
        _characters = ArrayPool<char>.Shared.Rent(2 * text.Length + 1); // a lone line feed or comma becomes two characters
        _origins = ArrayPool<int>.Shared.Rent(2 * text.Length + 1);
        int length = 0;
        for (int at = 0; at < text.Length;)
        {
            char c = text[at];
            _origins[length] = at;
            if (!Special.Contains(c))
            {
                _characters[length++] = c;
                at++;
                continue;
            }
            if (c is >= '\u2010' and <= '\u2015')
            {
                _characters[length++] = '-';
                at++;
                continue;
            }
            int end = SeparatorEnd(text, at, out bool isComma);
            if (isComma) _characters[length++] = ',';
            _origins[length] = at;
            _characters[length++] = ' ';
            at = end;
        }
        Length = length;
    }

    public int Length { get; }

    public ReadOnlySpan<char> Characters => _characters.AsSpan(0, Length);

    /// <summary>Where the character at <paramref name="at"/>, which is no separator, stands in the original text.</summary>
    public int Origin(int at) => _origins[at];

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(_characters);
        ArrayPool<int>.Shared.Return(_origins);
    }

    /// <summary>The end of the white space and commas at <paramref name="at"/>, and whether a comma or a line feed is among them.</summary>
    public static int SeparatorEnd(ReadOnlySpan<char> text, int at, out bool isComma)
    {
        isComma = false;
        while (at < text.Length && (text[at] == ',' || PythonText.IsWhite(text[at])))
            isComma |= text[at++] is ',' or '\n';
        return at;
    }
}
