using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// Style of Python text as pycodestyle 2.8.0 judges it when it runs under Python 3.11, code by code and place by place, also where the text is
/// no valid Python or breaks off. Time is linear in the length of the text. See docs/scorers.md.
/// </summary>
public sealed class Pep8Checker
{
    private readonly PythonSource _source;
    private readonly PythonTokenizer _tokenizer;
    private readonly LogicalLine _line;
    private readonly BlankLineChecks _blankLines;
    private readonly List<Violation> _found = [];
    private int _depth;
    private int _previousLineStart, _previousLineEnd; // the physical line of the token before

    private Pep8Checker(string text, Pep8Options options)
    {
        _source = new PythonSource(text);
        _tokenizer = new PythonTokenizer(_source);
        _line = new LogicalLine(_source, options, _found);
        _blankLines = new BlankLineChecks(_source);
    }

    /// <summary>The violations in <paramref name="text"/>, sorted by line, column and code; none for the empty text.</summary>
    public static List<Violation> Check(string text, Pep8Options options) => Run(text, options).Violations;

    /// <summary>
    /// The same with the source, in whose lines they lie. <c>BreaksReference</c>: pycodestyle ends with an IndexError here, a string over several
    /// lines as the last token in open brackets, so that the paper's scorers give 0.
    /// </summary>
    internal static (List<Violation> Violations, PythonSource Source, bool BreaksReference) Run(string text, Pep8Options options)
    {
        var checker = new Pep8Checker(text, options);
        checker.ReadAll();
        checker._found.Sort(static (a, b) => a.Line != b.Line ? a.Line.CompareTo(b.Line)
            : a.Column != b.Column ? a.Column.CompareTo(b.Column) : string.CompareOrdinal(a.Code, b.Code));
        return (checker._found, checker._source, checker._line.BreaksReference);
    }

    private void ReadAll()
    {
        TokenizerState state;
        do
        {
            state = _tokenizer.ReadLine();
            _line.LineNumber = Math.Min(_tokenizer.Row, _source.LineCount);
            NoteIndentCharacter();
            foreach (PythonToken token in _tokenizer.Tokens)
            {
                if (token.StartRow > _source.LineCount) break;
                CheckPhysical(token);
                _previousLineStart = token.LineStart;
                _previousLineEnd = token.LineEnd;
                Take(token);
            }
        }
        while (state == TokenizerState.More);
        if (state == TokenizerState.Failed) _line.Report(_tokenizer.Failure.Row, _tokenizer.Failure.Column, "E901");
        if (_line.TokenCount == 0) return;
        PhysicalLineChecks.Check(_line, _source.Line(_source.LineCount), insideString: false, _source.LineOf(_line.Tokens[^1]));
        CheckLogical();
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
        else if (token.Kind == TokenKind.String && token.EndRow > token.StartRow && !NoQa.IsIn(line))
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

    private void Take(in PythonToken token)
    {
        _line.Add(token);
        if (token.Opens) _depth++;
        else if (token.Closes) _depth--;
        else if (_depth == 0 && token.Kind == TokenKind.NewLine)
        {
            CheckLogical();
            _line.BlankBefore = 0;
        }
        else if (_depth == 0 && token.Kind == TokenKind.LineBreak)
        {
            if (_line.TokenCount > 1) CheckLogical();
            else
            {
                _line.BlankLines++;
                _line.RemoveFirstToken();
            }
        }
    }

    private void CheckLogical()
    {
        if (!_line.Build()) return;
        _line.BlankBefore = Math.Max(_line.BlankBefore, _line.BlankLines);
        IndentationChecks.Check(_line);
        _blankLines.Check(_line);
        ContinuationLineChecks.Check(_line);
        CommentChecks.Check(_line);
        OperatorBreakChecks.Check(_line);
        NameChecks.Check(_line);
        OperatorSpacingChecks.Check(_line);
        ParameterChecks.Check(_line);
        DeprecationChecks.CheckTokens(_line);
        if (!_line.Text.IsEmpty)
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
