using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// Style of Python text as pycodestyle 2.8.0 judges it when it runs under Python 3.11, code by code and place by place, also where the text is
/// no valid Python or breaks off. Time is linear in the length of the text. See docs/scorers.md.
/// </summary>
public sealed class Pep8Checker
{
    private readonly PythonSource _source = new();
    private readonly TokenList _tokens = new();
    private readonly PythonTokenizer _tokenizer;
    private readonly LogicalLine _line;
    private readonly BlankLineChecks _blankLines;
    private readonly ContinuationLineChecks _continuationLines;
    private readonly List<Violation> _found = [];
    private int _depth;
    private int _previousLineStart, _previousLineEnd; // the physical line of the last token of the line read before

    /// <summary>A checker for one text after another; its buffers grow with the longest. For one thread at a time.</summary>
    internal Pep8Checker(Pep8Options options)
    {
        _tokenizer = new PythonTokenizer(_source, _tokens);
        _line = new LogicalLine(_source, _tokens, new CodeFilter(options), options, _found);
        _blankLines = new BlankLineChecks(_source);
        _continuationLines = new ContinuationLineChecks(_line);
    }

    /// <summary>The text that was checked last, in whose lines the violations lie.</summary>
    internal PythonSource Source => _source;

    /// <summary>
    /// pycodestyle ends with an IndexError at the text that was checked last, a string over several lines as the last token in open brackets, so
    /// that the paper's scorers give 0.
    /// </summary>
    internal bool BreaksReference => _line.BreaksReference;

    /// <summary>The violations in <paramref name="text"/>, sorted by line, column and code; none for the empty text.</summary>
    public static List<Violation> Check(string text, Pep8Options options)
    {
        List<Violation> found = new Pep8Checker(options).Find(text);
        found.Sort(ByPlace);
        return found;
    }

    /// <summary>The order in which pycodestyle reports: by line, column and code.</summary>
    internal static int ByPlace(Violation a, Violation b) => a.Line != b.Line ? a.Line.CompareTo(b.Line)
        : a.Column != b.Column ? a.Column.CompareTo(b.Column) : string.CompareOrdinal(a.Code, b.Code);

    /// <summary>The violations in <paramref name="text"/> in the order they were found, in a list that the next call overwrites.</summary>
    internal List<Violation> Find(string text)
    {
        _found.Clear();
        _depth = _previousLineStart = _previousLineEnd = 0;
        _source.Read(text);
        _tokens.Clear();
        _tokenizer.Start();
        _line.Start();
        _blankLines.Start();
        ReadAll();
        return _found;
    }

    private void ReadAll()
    {
        TokenizerState state;
        do
        {
            int read = _tokens.Count;
            state = _tokenizer.ReadLine();
            _line.LineNumber = Math.Min(_tokenizer.Row, _source.LineCount);
            _line.HasBackslash |= _tokenizer.EndsWithBackslash;
            NoteIndentCharacter();
            TakeFrom(read);
        }
        while (state == TokenizerState.More);
        if (state == TokenizerState.Failed) _line.Report(_tokenizer.Failure.Row, _tokenizer.Failure.Column, "E901");
        if (_line.TokenCount == 0) return;
        PhysicalLineChecks.Check(_line, _source.Line(_source.LineCount), insideString: false, _source.LineOf(_line.Tokens[^1]));
        CheckLogical();
    }

    /// <summary>Checks the line that was read last, whose tokens begin at <paramref name="index"/>, and the statement that ends with it.</summary>
    private void TakeFrom(int index)
    {
        int end = _tokens.Count;
        if (index == end) return;
        (int, int) lastLine = (_tokens[end - 1].LineStart, _tokens[end - 1].LineEnd);
        bool everyTokenMayEndLine = _tokenizer.EndsWithBackslash;
        for (; index < end; index++)
        {
            ref readonly PythonToken token = ref _tokens[index];
            if (token.StartRow > _source.LineCount) break;
            if (token.IsLayout || everyTokenMayEndLine || token.IsTall) CheckPhysical(token);
            if (token.Opens) _depth++;
            else if (token.Closes) _depth--;
            else if (_depth == 0 && token.Kind is TokenKind.NewLine or TokenKind.LineBreak)
            {
                _line.ExtendTo(index + 1);
                EndLine(token.Kind);
            }
        }
        if (_tokens.Count > 0) _line.ExtendTo(index);
        (_previousLineStart, _previousLineEnd) = lastLine;
    }

    private void NoteIndentCharacter()
    {
        if (_line.IndentCharacter != '\0' || _tokenizer.Row > _source.LineCount) return;
        ReadOnlySpan<char> line = _source.Line(_tokenizer.Row);
        if (!line.IsEmpty && line[0] is ' ' or '\t') _line.IndentCharacter = line[0];
    }

    /// <summary>Checks the physical line that ends with <paramref name="token"/>, and each line of a string over several lines but its last.</summary>
    private void CheckPhysical(in PythonToken token)
    {
        ReadOnlySpan<char> line = _source.LineOf(token);
        if (EndsLine(token))
        {
            ReadOnlySpan<char> checkedLine = line.IsEmpty ? _source.Text.AsSpan(_previousLineStart.._previousLineEnd) : line;
            PhysicalLineChecks.Check(_line, checkedLine, insideString: false, line);
        }
        else if (token.Kind == TokenKind.String && token.IsTall && !NoQa.IsIn(line))
        {
            for (int row = token.StartRow; row < token.EndRow; row++)
            {
                _line.LineNumber = row;
                PhysicalLineChecks.Check(_line, _source.Line(row), insideString: true, default);
            }
            _line.LineNumber = token.EndRow;
        }
    }

    /// <summary>Whether nothing but a line end, or a backslash before it, follows on the token's line.</summary>
    private bool EndsLine(in PythonToken token)
    {
        if (token.Kind is TokenKind.NewLine or TokenKind.LineBreak) return true;
        int at = token.LineStart + token.EndColumn;
        while (at < token.LineEnd && PythonText.IsWhite(_source.Text[at])) at++;
        return token.LineEnd - at == 2 && _source.Text[at] == '\\' && _source.Text[at + 1] == '\n';
    }

    private void EndLine(TokenKind kind)
    {
        if (kind == TokenKind.NewLine)
        {
            CheckLogical();
            _line.BlankBefore = 0;
        }
        else if (_line.TokenCount > 1) CheckLogical();
        else
        {
            _line.BlankLines++;
            _line.DropTokens();
        }
    }

    private void CheckLogical()
    {
        if (!_line.Survey()) return;
        _line.BlankBefore = Math.Max(_line.BlankBefore, _line.BlankLines);
        IndentationChecks.Check(_line);
        _blankLines.Check(_line);
        _continuationLines.Check();
        CommentChecks.Check(_line);
        OperatorBreakChecks.Check(_line);
        NameChecks.Check(_line);
        OperatorSpacingChecks.Check(_line);
        ParameterChecks.Check(_line);
        DeprecationChecks.CheckTokens(_line);
        if (_line.HasText)
        {
            WhitespaceChecks.Check(_line);
            KeywordChecks.Check(_line);
            ImportChecks.Check(_line);
            StatementChecks.Check(_line);
            ComparisonChecks.Check(_line);
            DeprecationChecks.CheckText(_line);
        }
        _line.Close();
    }
}
