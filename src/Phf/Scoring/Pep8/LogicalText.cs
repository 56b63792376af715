namespace Phf.Scoring.Pep8;

/// <summary>
/// A statement's text in one line: without comments, the insides of strings replaced with x, and the breaks between rows as one blank or none.
/// </summary>
internal sealed class LogicalText(PythonSource source)
{
    private (int Offset, int Row, int Column)[] _places = new (int, int, int)[64];
    private int _placeCount;
    private char[] _text = new char[256];
    private int _length;

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Joins tokens to the text; comments and layout are left out.</summary>
    public void Build(ReadOnlySpan<PythonToken> tokens)
    {
        _length = _placeCount = 0;
        int previous = -1;
        for (int i = 0; i < tokens.Length; i++)
        {
            ref readonly PythonToken token = ref tokens[i];
            if (token.IsLayout) continue;
            if (_placeCount == 0) AddPlace(token.StartRow, token.StartColumn);
            if (token.Kind == TokenKind.Comment) continue;
            if (previous >= 0) AppendGap(tokens[previous], token);
            if (token.Kind == TokenKind.String) AppendMuted(source.TextOf(token));
            else Append(source.TextOf(token));
            AddPlace(token.EndRow, token.EndColumn);
            previous = i;
        }
    }

    /// <summary>The place of an offset into the text: counted back from the end of the token that the offset lies in.</summary>
    public (int Row, int Column) PlaceOf(int offset)
    {
        int low = 0, high = _placeCount - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_places[middle].Offset >= offset) high = middle;
            else low = middle + 1;
        }
        (int end, int row, int column) = _places[low];
        return (row, column + offset - end);
    }

    /// <summary>Blanks, one or none, that a break between rows becomes.</summary>
    public static int RowGap(PythonSource source, in PythonToken previous, in PythonToken token)
    {
        char last = source.Text[source.LineStart(previous.EndRow) + previous.EndColumn - 1];
        bool closes = token.Closes || token.End == token.Start;
        return last == ',' || (last is not ('{' or '[' or '(') && !closes) ? 1 : 0;
    }

    private void AppendGap(in PythonToken previous, in PythonToken token)
    {
        if (previous.EndRow != token.StartRow) Reserve(RowGap(source, previous, token)).Fill(' ');
        else if (previous.EndColumn < token.StartColumn)
        {
            int start = source.LineStart(token.StartRow);
            Append(source.Text.AsSpan((start + previous.EndColumn)..(start + token.StartColumn)));
        }
    }

    private void AppendMuted(ReadOnlySpan<char> literal)
    {
        int start = literal.IndexOf(literal[^1]) + 1, end = literal.Length - 1;
        if (literal.EndsWith("\"\"\"") || literal.EndsWith("'''")) (start, end) = (start + 2, end - 2);
        Append(literal[..start]);
        Reserve(end - start).Fill('x');
        Append(literal[end..]);
    }

    private void Append(ReadOnlySpan<char> text) => text.CopyTo(Reserve(text.Length));

    private Span<char> Reserve(int count)
    {
        if (_length + count > _text.Length) Array.Resize(ref _text, Math.Max(_text.Length * 2, _length + count));
        _length += count;
        return _text.AsSpan(_length - count, count);
    }

    private void AddPlace(int row, int column)
    {
        if (_placeCount == _places.Length) Array.Resize(ref _places, 2 * _placeCount);
        _places[_placeCount++] = (_length, row, column);
    }
}
