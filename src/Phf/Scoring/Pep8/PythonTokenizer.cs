using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>What came of reading a line.</summary>
internal enum TokenizerState { More, End, Failed }

/// <summary>
/// Cuts a source into tokens as the tokenizer of Python 3.11's standard library does, one physical line per call. It follows the indentation,
/// the depth of brackets and strings over several lines, but checks no syntax; what is no token becomes an <see cref="TokenKind.Error"/>
/// of one character. An f-string is a plain string.
/// </summary>
internal sealed class PythonTokenizer(PythonSource source)
{
    private enum Quoted { None, Triple, Single }

    private readonly string _text = source.Text;
    private readonly StringScanner _strings = new(source.Text);
    private readonly Stack<int> _indents = new([0]);
    private readonly HashSet<int> _openIndents = [0];
    private int _lineStart, _lineEnd;      // of the line being read
    private int _lastEnd;                  // end of the line before it
    private int _depth;
    private bool _continued;
    private Quoted _inString;              // of the string that goes on over a line's end
    private bool _mustContinue;            // stays set after a string that broke off, also for a triple-quoted string behind it
    private char _quote;
    private int _stringStart, _stringRow, _stringColumn, _stringLineStart;

    /// <summary>The tokens of the line that was read last.</summary>
    public List<PythonToken> Tokens { get; } = [];

    /// <summary>The line being read, from 1; one more than there are lines at the end of the text.</summary>
    public int Row { get; private set; }

    /// <summary>Where reading failed: the line from 1 and the column.</summary>
    public (int Row, int Column) Failure { get; private set; }

    /// <summary>Reads the next line. The tokens read before a failure stand in <see cref="Tokens"/> too.</summary>
    public TokenizerState ReadLine()
    {
        Tokens.Clear();
        Row++;
        _lastEnd = _lineEnd;
        int lastStart = _lineStart;
        _lineStart = _lineEnd;
        _lineEnd = Row <= source.LineCount ? source.LineStart(Row + 1) : _lineStart;
        bool atEnd = _lineStart == _lineEnd;
        if (_inString != Quoted.None) return atEnd ? Fail(_stringRow, _stringColumn) : ContinueString();
        if (_depth != 0 || _continued)
        {
            if (atEnd) return Fail(Row, 0);
            _continued = false;
            return Scan(_lineStart);
        }
        if (atEnd) return Finish(lastStart);
        int at = MeasureIndent(out int column);
        if (at == _lineEnd) return Finish(lastStart);
        if (_text[at] is '#' or '\r' or '\n') return CommentOrBlank(at);
        return Reindent(at, column) ? Scan(at) : Fail(Row, at - _lineStart);
    }

    private TokenizerState Fail(int row, int column)
    {
        Failure = (row, column);
        return TokenizerState.Failed;
    }

    private int MeasureIndent(out int column)
    {
        int at = _lineStart;
        for (column = 0; at < _lineEnd; at++)
        {
            if (_text[at] == ' ') column++;
            else if (_text[at] == '\t') column = (column / 8 * 8) + 8;
            else if (_text[at] == '\f') column = 0;
            else break;
        }
        return at;
    }

    private TokenizerState CommentOrBlank(int at)
    {
        if (_text[at] == '#')
        {
            int end = at + _text.AsSpan(at.._lineEnd).TrimEnd("\r\n").Length;
            Add(TokenKind.Comment, at, end);
            at = end;
        }
        Add(TokenKind.LineBreak, at, _lineEnd);
        return TokenizerState.More;
    }

    private bool Reindent(int at, int column)
    {
        if (column > _indents.Peek())
        {
            _indents.Push(column);
            _openIndents.Add(column);
            Add(TokenKind.Indent, _lineStart, at);
        }
        while (column < _indents.Peek())
        {
            if (!_openIndents.Contains(column)) return false;
            _openIndents.Remove(_indents.Pop());
            Add(TokenKind.Dedent, at, at);
        }
        return true;
    }

    /// <summary>
    /// The end of the text, or a last line of blanks alone: a line end that was missing, one dedent per open block and the end marker.
    /// </summary>
    private TokenizerState Finish(int lastStart)
    {
        ReadOnlySpan<char> last = _text.AsSpan(lastStart.._lastEnd);
        if (!last.IsEmpty && last[^1] is not ('\r' or '\n') && !PythonSource.Trim(last).StartsWith('#'))
            Tokens.Add(new(TokenKind.NewLine, '\0', _lastEnd, _lastEnd, Row - 1, last.Length, Row - 1, last.Length + 1, _lastEnd, _lastEnd));
        for (int open = _indents.Count; open > 1; open--) AddEmpty(TokenKind.Dedent);
        AddEmpty(TokenKind.EndMarker);
        return TokenizerState.End;
    }

    private void AddEmpty(TokenKind kind) => Tokens.Add(new(kind, '\0', _lineStart, _lineStart, Row, 0, Row, 0, _lineStart, _lineStart));

    private void Add(TokenKind kind, int start, int end) => Tokens.Add(new(kind, end - start == 1 ? _text[start] : '\0', start, end,
        Row, start - _lineStart, Row, end - _lineStart, _lineStart, _lineEnd));

    private TokenizerState ContinueString()
    {
        int end = _inString == Quoted.Triple ? _strings.TripleEnd(_lineStart, _lineEnd, _quote) : _strings.SingleEnd(_lineStart, _lineEnd, _quote, out _);
        if (end >= 0)
        {
            AddString(TokenKind.String, end, _lineEnd);
            _mustContinue = false;
            return Scan(end);
        }
        if (_mustContinue && !EndsWithBackslash()) AddString(TokenKind.Error, _lineEnd, _lineStart);
        return TokenizerState.More;
    }

    private void AddString(TokenKind kind, int end, int lineEnd)
    {
        Tokens.Add(new(kind, '\0', _stringStart, end, _stringRow, _stringColumn, Row, end - _lineStart, _stringLineStart, lineEnd));
        _inString = Quoted.None;
    }

    private bool EndsWithBackslash()
    {
        ReadOnlySpan<char> line = _text.AsSpan(_lineStart.._lineEnd);
        return line.EndsWith("\\\n") || line.EndsWith("\\\r\n");
    }

    private TokenizerState Scan(int at)
    {
        while (at < _lineEnd)
        {
            int start = at;
            while (start < _lineEnd && _text[start] is ' ' or '\t' or '\f') start++;
            if (start == _lineEnd) break;
            int end = ScanToken(start);
            if (_inString != Quoted.None) break;
            if (end == start)
            {
                // Nothing matches here; the blanks before are errors too, for the tokenizer looks for blanks and a token at once.
                for (; at <= start; at++) Add(TokenKind.Error, at, at + 1);
                continue;
            }
            at = end;
        }
        return TokenizerState.More;
    }

    /// <summary>Adds the token at <paramref name="at"/> and returns its end; <paramref name="at"/> itself if there is none.</summary>
    private int ScanToken(int at)
    {
        char c = _text[at];
        int end;
        if (StringScanner.QuoteAt(_text, at) is >= 0 and var quote)
        {
            end = ScanString(at, quote);
            if (end > at || _inString != Quoted.None) return end;
        }
        if (NumberScanner.End(_text, at) is var number && number > at)
        {
            Add(TokenKind.Number, at, number);
            return number;
        }
        if (PythonText.WordLength(_text, at) > 0)
        {
            for (end = at + 1; PythonText.WordLength(_text, end) > 0;) end++;
            Add(PythonSource.IsIdentifierStart(c) ? TokenKind.Name : TokenKind.Operator, at, end);
            return end;
        }
        return c switch
        {
            '#' => Comment(at),
            '\n' => LineEnd(at),
            '\r' when IsLineFeed(at + 1) => LineEnd(at),
            '\\' when IsLineFeed(at + 1) => Continuation(at + 2),
            '\\' when at + 1 < _text.Length && _text[at + 1] == '\r' && IsLineFeed(at + 2) => Continuation(at + 3),
            _ => Operator(at, c),
        };
    }

    private bool IsLineFeed(int at) => at < _text.Length && _text[at] == '\n';

    private int Comment(int at)
    {
        int length = _text.AsSpan(at.._lineEnd).IndexOfAny('\r', '\n');
        int end = length < 0 ? _lineEnd : at + length;
        Add(TokenKind.Comment, at, end);
        return end;
    }

    private int LineEnd(int at)
    {
        Add(_depth > 0 ? TokenKind.LineBreak : TokenKind.NewLine, at, _lineEnd);
        return _lineEnd;
    }

    private int Continuation(int end)
    {
        _continued = true;
        return end;
    }

    private int Operator(int at, char c)
    {
        int length = OperatorLength(_text.AsSpan(at.._lineEnd));
        if (length == 0) return at;
        if (c is '(' or '[' or '{') _depth++;
        else if (c is ')' or ']' or '}') _depth--;
        Add(TokenKind.Operator, at, at + length);
        return at + length;
    }

    private static int OperatorLength(ReadOnlySpan<char> text)
    {
        char next = text.Length > 1 ? text[1] : '\0';
        bool thenEquals = text.Length > 2 && text[2] == '=';
        return text[0] switch
        {
            '(' or ')' or '[' or ']' or '{' or '}' or ',' or ';' or '~' => 1,
            '*' or '/' or '<' or '>' when next == text[0] => thenEquals ? 3 : 2,
            '-' when next == '>' => 2,
            '+' or '-' or '*' or '/' or '%' or '@' or '&' or '|' or '^' or '<' or '>' or '=' or ':' => next == '=' ? 2 : 1,
            '!' => next == '=' ? 2 : 0,
            '.' => next == '.' && text.Length > 2 && text[2] == '.' ? 3 : 1,
            _ => 0,
        };
    }

    /// <summary>The string whose first quote stands at <paramref name="quote"/>, behind its prefix; it may go on over the line's end.</summary>
    private int ScanString(int at, int quote)
    {
        _quote = _text[quote];
        int end;
        bool toBeContinued;
        if (_lineEnd - quote > 2 && _text[quote + 1] == _quote && _text[quote + 2] == _quote)
        {
            end = _strings.TripleEnd(quote + 3, _lineEnd, _quote);
            toBeContinued = end < 0;
            if (toBeContinued) _inString = Quoted.Triple;
        }
        else
        {
            end = _strings.SingleEnd(quote + 1, _lineEnd, _quote, out toBeContinued);
            if (toBeContinued) _inString = Quoted.Single;
            if (toBeContinued) _mustContinue = true;
        }
        if (toBeContinued) (_stringStart, _stringRow, _stringColumn, _stringLineStart) = (at, Row, at - _lineStart, _lineStart);
        else if (end >= 0) Add(TokenKind.String, at, end);
        return end < 0 ? at : end;
    }
}
