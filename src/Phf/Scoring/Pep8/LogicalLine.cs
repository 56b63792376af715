using System.Runtime.InteropServices;
using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// A statement's tokens and its text in one line: without comments, the insides of strings replaced with x, and the breaks between rows as one
/// blank or none. It also carries what the checks must know of the lines before.
/// </summary>
internal sealed class LogicalLine(PythonSource source, Pep8Options options, List<Violation> found)
{
    private readonly List<PythonToken> _tokens = [];
    private readonly List<(int Offset, int Row, int Column)> _places = [];
    private char[] _text = new char[256];
    private int _length;

    public PythonSource Source => source;

    public Pep8Options Options => options;

    /// <summary>The tokens, comments and layout included.</summary>
    public ReadOnlySpan<PythonToken> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>The text; empty for a comment alone.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Whether a comment of the statement says <c># noqa</c> or <c># nopep8</c>.</summary>
    public bool IsExempt { get; private set; }

    /// <summary>Columns before the first token.</summary>
    public int IndentLevel { get; private set; }

    /// <summary>The character that the first indented line began with, or the last line that broke with it (E101); NUL before any.</summary>
    public char IndentCharacter { get; set; }

    /// <summary>The last line read, from 1.</summary>
    public int LineNumber { get; set; }

    /// <summary>Blank lines directly before this logical line.</summary>
    public int BlankLines { get; set; }

    /// <summary>Blank lines before this logical line or before the comments on it.</summary>
    public int BlankBefore { get; set; }

    /// <summary>What the statement before was.</summary>
    public PreviousStatement Previous { get; private set; } = new();

    /// <summary>What the module has had before: E402.</summary>
    public bool SeenDocstring { get; set; }

    /// <inheritdoc cref="SeenDocstring"/>
    public bool SeenCode { get; set; }

    /// <summary>The reference stops with an IndexError at this text, so that its scorers give 0.</summary>
    public bool BreaksReference { get; set; }

    public int TokenCount => _tokens.Count;

    public void Add(in PythonToken token) => _tokens.Add(token);

    public void RemoveFirstToken() => _tokens.RemoveAt(0);

    public void Report(int row, int column, string code)
    {
        if (options.Reports(code)) found.Add(new Violation(row, column, code));
    }

    /// <summary>Reports at <paramref name="offset"/> of <see cref="Text"/>: counted back from the end of the token that the offset lies in.</summary>
    public void Report(int offset, string code)
    {
        int low = 0, high = _places.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_places[middle].Offset >= offset) high = middle;
            else low = middle + 1;
        }
        (int end, int row, int column) = _places[low];
        Report(row, column + offset - end, code);
    }

    /// <summary>Joins the tokens to the text. False if there is nothing but layout.</summary>
    public bool Build()
    {
        _length = 0;
        _places.Clear();
        IsExempt = false;
        int previous = -1;
        for (int i = 0; i < _tokens.Count; i++)
        {
            PythonToken token = _tokens[i];
            if (token.IsLayout) continue;
            if (_places.Count == 0)
            {
                _places.Add((0, token.StartRow, token.StartColumn));
                IndentLevel = PythonSource.Indentation(source.Line(token.StartRow)[..token.StartColumn]);
            }
            if (token.Kind == TokenKind.Comment)
            {
                IsExempt |= NoQa.IsIn(source.TextOf(token));
                continue;
            }
            if (previous >= 0) AppendGap(_tokens[previous], token);
            if (token.Kind == TokenKind.String) AppendMuted(source.TextOf(token));
            else Append(source.TextOf(token));
            _places.Add((_length, token.EndRow, token.EndColumn));
            previous = i;
        }
        return _places.Count > 0;
    }

    /// <summary>Ends this logical line: the next one begins without tokens.</summary>
    public void Close()
    {
        if (_length > 0)
        {
            bool isDefinition = Text.StartsWith("def ") || Text.StartsWith("class ");
            Previous = new PreviousStatement
            {
                Exists = true,
                IndentLevel = IndentLevel,
                IsDecorator = Text[0] == '@',
                OpensBlock = Text[^1] == ':',
                BeginsWithString = BeginsWithString(Text),
                LastAtTopIsDefinition = IndentLevel > 0 ? Previous.LastAtTopIsDefinition : isDefinition,
            };
        }
        BlankLines = 0;
        _tokens.Clear();
    }

    private void AppendGap(in PythonToken previous, in PythonToken token)
    {
        if (previous.EndRow != token.StartRow)
        {
            char last = source.Text[source.LineStart(previous.EndRow) + previous.EndColumn - 1];
            bool closes = token.Single is ')' or ']' or '}' || token.End == token.Start;
            if (last == ',' || (last is not ('{' or '[' or '(') && !closes)) Append(" ");
        }
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

    private static bool BeginsWithString(ReadOnlySpan<char> text)
    {
        int at = text.StartsWith('u') ? 1 : 0;
        if (at < text.Length && text[at] == 'r') at++;
        return at < text.Length && text[at] is '"' or '\'';
    }
}

/// <summary>What the checks must know of the statement before.</summary>
internal sealed record PreviousStatement
{
    public bool Exists { get; init; }
    public int IndentLevel { get; init; }
    public bool IsDecorator { get; init; }
    public bool OpensBlock { get; init; }
    public bool BeginsWithString { get; init; }

    /// <summary>Whether the last statement without indentation was a def or a class.</summary>
    public bool LastAtTopIsDefinition { get; init; }
}

/// <summary>The comment that silences some checks: <c># noqa</c> or <c># nopep8</c>, in any case.</summary>
internal static class NoQa
{
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        for (int at = 0; text[at..].IndexOf("# ") is >= 0 and var found;)
        {
            at += found + 2;
            int length = text[at..].StartsWith("noqa", StringComparison.OrdinalIgnoreCase) ? 4
                : text[at..].StartsWith("nopep8", StringComparison.OrdinalIgnoreCase) ? 6 : 0;
            if (length > 0 && PythonText.IsBoundary(text, at + length)) return true;
        }
        return false;
    }
}
