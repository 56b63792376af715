using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>What came of reading a line.</summary>
internal enum TokenizerState { More, End, Failed }

/// <summary>
/// Cuts a source into tokens as the tokenizer of Python 3.11's standard library does, one physical line per call. It follows the indentation,
/// the depth of brackets and strings over several lines, but checks no syntax; what is no token becomes an <see cref="TokenKind.Error"/>
/// of one character. An f-string is a plain string.
/// </summary>
internal sealed class PythonTokenizer(PythonSource source, TokenList tokens)
{
    private enum Quoted { None, Triple, Single }

    private readonly StringScanner _strings = new();
    private string _text = "";
    private int[] _indents = new int[32];  // columns of the open blocks, ascending
    private int _blocks;
    private int _lineStart, _lineEnd;      // of the line being read
    private int _lastEnd;                  // end of the line before it
    private int _depth;
    private bool _continued;
    private Quoted _inString;              // of the string that goes on over a line's end
    private bool _mustContinue;            // stays set after a string that broke off, also for a triple-quoted string behind it
    private char _quote;
    private int _stringStart, _stringRow, _stringColumn, _stringLineStart;

    /// <summary>The line being read, from 1; one more than there are lines at the end of the text.</summary>
    public int Row { get; private set; }

    /// <summary>Where reading failed: the line from 1 and the column.</summary>
    public (int Row, int Column) Failure { get; private set; }

    /// <summary>Whether the line being read ends with a backslash.</summary>
    public bool EndsWithBackslash { get; private set; }

    /// <summary>Begins with the first line of the source.</summary>
    public void Start()
    {
        _text = source.Text;
        _strings.Start(_text);
        (_blocks, _lineStart, _lineEnd, _lastEnd, _depth, Row) = (1, 0, 0, 0, 0, 0);
        (_continued, _mustContinue, _inString) = (false, false, Quoted.None);
    }

    /// <summary>Reads the next line and adds its tokens, also those before a failure.</summary>
    public TokenizerState ReadLine()
    {
        Row++;
        _lastEnd = _lineEnd;
        int lastStart = _lineStart;
        _lineStart = _lineEnd;
        _lineEnd = Row <= source.LineCount ? source.LineStart(Row + 1) : _lineStart;
        EndsWithBackslash = _text.AsSpan(_lineStart.._lineEnd).TrimEnd("\r\n").EndsWith('\\');
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
        if (column > _indents[_blocks - 1])
        {
            if (_blocks == _indents.Length) Array.Resize(ref _indents, 2 * _blocks);
            _indents[_blocks++] = column;
            Add(TokenKind.Indent, _lineStart, at);
        }
        for (; column < _indents[_blocks - 1]; _blocks--)
        {
            if (Array.BinarySearch(_indents, 0, _blocks, column) < 0) return false;
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
        {
            ref PythonToken token = ref Place(TokenKind.NewLine, _lastEnd, _lastEnd);
            (token.StartRow, token.StartColumn) = (Row - 1, last.Length);
            (token.EndRow, token.EndColumn) = (Row - 1, last.Length + 1);
            token.LineStart = token.LineEnd = _lastEnd;
        }
        for (; _blocks > 1; _blocks--) AddEmpty(TokenKind.Dedent);
        AddEmpty(TokenKind.EndMarker);
        return TokenizerState.End;
    }

    private void AddEmpty(TokenKind kind)
    {
        ref PythonToken token = ref Place(kind, _lineStart, _lineStart);
        token.LineEnd = _lineStart;
    }

    private void Add(TokenKind kind, int start, int end) => Place(kind, start, end);

    /// <summary>Adds a token of the line being read.</summary>
    private ref PythonToken Place(TokenKind kind, int start, int end)
    {
        ref PythonToken token = ref tokens.Add();
        token.Kind = kind;
        token.Traits = TokenTraits.None;
        token.Word = PythonWord.None;
        token.Single = end - start == 1 ? _text[start] : '\0';
        token.Start = start;
        token.End = end;
        token.StartRow = token.EndRow = Row;
        token.StartColumn = start - _lineStart;
        token.EndColumn = end - _lineStart;
        token.LineStart = _lineStart;
        token.LineEnd = _lineEnd;
        return ref token;
    }

    private TokenizerState ContinueString()
    {
        int end = _inString == Quoted.Triple ? _strings.TripleEnd(_lineStart, _lineEnd, _quote) : _strings.SingleEnd(_lineStart, _lineEnd, _quote, out _);
        if (end >= 0)
        {
            AddTall(TokenKind.String, end, _lineEnd);
            _mustContinue = false;
            return Scan(end);
        }
        bool goesOn = _text.AsSpan(_lineStart.._lineEnd) is var line && (line.EndsWith("\\\n") || line.EndsWith("\\\r\n"));
        if (_mustContinue && !goesOn) AddTall(TokenKind.Error, _lineEnd, _lineStart);
        return TokenizerState.More;
    }

    /// <summary>Adds the string, or what there is of it, that began on a line before.</summary>
    private void AddTall(TokenKind kind, int end, int lineEnd)
    {
        ref PythonToken token = ref Place(kind, _stringStart, end);
        token.Single = '\0';
        (token.StartRow, token.StartColumn) = (_stringRow, _stringColumn);
        (token.LineStart, token.LineEnd) = (_stringLineStart, lineEnd);
        if (_strings.MetBackslash) token.Traits = TokenTraits.HasBackslash;
        _inString = Quoted.None;
    }

    private TokenizerState Scan(int at)
    {
        while (at < _lineEnd)
        {
            int start = at;
            while (start < _lineEnd && Characters.IsBlank(_text[start])) start++;
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
        if (Characters.BeginsPlainName(c)) return Name(at, Characters.WordEnd(_text, at + 1));
        if (Characters.IsPlainOperator(c, at + 1 < _text.Length ? _text[at + 1] : '\0')) return Operator(at, 1);
        if (Characters.MayBeginString(c) && StringScanner.QuoteAt(_text, at) is >= 0 and var quote)
        {
            int end = ScanString(at, quote);
            if (end > at || _inString != Quoted.None) return end;
        }
        if (Characters.MayBeginNumber(c) && NumberScanner.End(_text, at) is var number && number > at)
        {
            Add(TokenKind.Number, at, number);
            return number;
        }
        int wordEnd = Characters.WordEnd(_text, at);
        if (wordEnd > at && PythonSource.IsIdentifierStart(c)) return Name(at, wordEnd);
        if (wordEnd > at)
        {
            Add(TokenKind.Operator, at, wordEnd); // digits and the like of other scripts
            return wordEnd;
        }
        return c switch
        {
            '#' => Comment(at),
            '\n' => LineEnd(at),
            '\r' when IsLineFeed(at + 1) => LineEnd(at),
            '\\' when IsLineFeed(at + 1) => Continuation(at + 2),
            '\\' when at + 1 < _text.Length && _text[at + 1] == '\r' && IsLineFeed(at + 2) => Continuation(at + 3),
            _ => Operator(at, Operators.Length(_text.AsSpan(at.._lineEnd))),
        };
    }

    private int Name(int at, int end)
    {
        ref PythonToken token = ref Place(TokenKind.Name, at, end);
        token.Word = PythonWords.Of(_text.AsSpan(at, end - at));
        token.Traits = PythonWords.Traits(token.Word);
        return end;
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

    private int Operator(int at, int length)
    {
        if (length == 0) return at;
        ref PythonToken token = ref Place(TokenKind.Operator, at, at + length);
        token.Traits = Operators.Traits(_text.AsSpan(at, length));
        if (token.Opens) _depth++;
        else if (token.Closes) _depth--;
        return at + length;
    }

    /// <summary>The string whose first quote stands at <paramref name="quote"/>, behind its prefix; it may go on over the line's end.</summary>
    private int ScanString(int at, int quote)
    {
        _quote = _text[quote];
        _strings.MetBackslash = false;
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
        else if (end >= 0) Place(TokenKind.String, at, end).Traits = _strings.MetBackslash ? TokenTraits.HasBackslash : TokenTraits.None;
        return end < 0 ? at : end;
    }
}
