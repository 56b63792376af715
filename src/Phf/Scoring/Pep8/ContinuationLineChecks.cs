namespace Phf.Scoring.Pep8;

/// <summary>
/// Indentation of the rows of a statement behind its first (E121 to E131, E133): against the row that opened the bracket (hanging), or in line
/// with a token of a row above (visual).
/// </summary>
internal sealed class ContinuationLineChecks
{
    private readonly LogicalLine _line;
    private readonly PythonSource _source;
    private readonly BracketStack _brackets;
    private readonly ForgottenColumns _forgotten = new();
    private readonly VisualIndents _visual;
    private int[] _widths = new int[16];  // of each row, relative to the first
    private int[] _opened = new int[16];  // brackets that each row opened and that are still open
    private int _rows, _firstRow;
    private int _row;
    private int _lastStart;               // column of the token that began the last continuation row
    private VisualMark _mark;             // of the last continuation row
    private bool _behindString;           // the token before goes over several rows

    public ContinuationLineChecks(LogicalLine line)
    {
        (_line, _source) = (line, line.Source);
        (_brackets, _visual) = (new BracketStack(_forgotten), new VisualIndents(_forgotten));
    }

    public void Check()
    {
        ReadOnlySpan<PythonToken> tokens = _line.Tokens;
        _rows = 1 + tokens[^1].StartRow - tokens[0].StartRow;
        if (_rows == 1 || _line.IsExempt) return;
        Start(tokens[0]);
        Run(tokens);
    }

    private void Start(in PythonToken first)
    {
        if (_rows > _widths.Length) (_widths, _opened) = (new int[2 * _rows], new int[2 * _rows]);
        Array.Clear(_widths, 0, _rows);
        Array.Clear(_opened, 0, _rows);
        (_firstRow, _lastStart, _row, _mark, _behindString) = (first.StartRow, first.StartColumn, 0, default, false);
        _forgotten.ForgetFrom(0);
        _visual.Start();
        _brackets.Start(first.StartColumn);
    }

    private void Run(ReadOnlySpan<PythonToken> tokens)
    {
        foreach (ref readonly PythonToken token in tokens)
        {
            if (token.StartRow - _firstRow > _row)
            {
                _row = token.StartRow - _firstRow;
                if (!_behindString && token.Kind is not (TokenKind.NewLine or TokenKind.LineBreak)) BeginRow(token);
            }
            NoteVisualIndent(token);
            if (token.Kind == TokenKind.Operator) TrackBrackets(token);
            _behindString = token.EndRow > token.StartRow;
            if (!_behindString) continue;
            int end = token.EndRow - _firstRow;
            if (end >= _rows)
            {
                _line.BreaksReference = true;
                return;
            }
            _widths[end] = _widths[_row];
        }
        CheckAgainstBlock(tokens[^1]);
    }

    private void BeginRow(in PythonToken token)
    {
        int size = _line.Options.IndentSize;
        bool closes = token.Closes, hangClosing = _line.Options.HangClosing;
        _lastStart = token.StartColumn;
        int width = PythonSource.Indentation(_source.LineOf(token)) - _line.IndentLevel;
        _widths[_row] = width;
        bool isHanging = _brackets.Hang(width, size, _line.IndentCharacter == '\t', out int hang);
        if (_brackets.Hanging != 0) isHanging = hang == _brackets.Hanging;
        _mark = closes || hang <= 0 ? default : _visual.At(token.StartColumn);
        int visual = _brackets.Visual;

        if (closes && visual != 0)
        {
            if (token.StartColumn != visual) Report(token, "E124");
        }
        else if (closes && hang == 0)
        {
            if (hangClosing) Report(token, "E133");
        }
        else if (visual != 0 && token.StartColumn < visual)
        {
            if (!_mark.IsBracket) Report(token, "E128");
        }
        else if (isHanging || (_line.EndsWithColon && width == 2 * size))
        {
            if (closes && !hangClosing) Report(token, "E123");
            _brackets.Hanging = hang;
        }
        else if (_mark.IsBracket) _brackets.Visual = token.StartColumn;
        else if (!_mark.Fits(_source, token)) Report(token, CodeOfBroken(hang, visual, closes, size));
    }

    private string CodeOfBroken(int hang, int visual, bool closes, int size)
    {
        if (hang <= 0) return "E122";
        if (visual != 0) return "E127";
        if (!closes && _brackets.Hanging != 0) return "E131";
        _brackets.Hanging = hang;
        return hang > size ? "E126" : "E121";
    }

    private void Report(in PythonToken token, string code) => _line.Report(token.StartRow, token.StartColumn, code);

    /// <summary>Notes the columns that tokens of later rows may line up with.</summary>
    private void NoteVisualIndent(in PythonToken token)
    {
        if (_opened[_row] > 0 && _brackets.Visual == 0 && token.Kind is not (TokenKind.LineBreak or TokenKind.Comment))
        {
            _brackets.Visual = token.StartColumn;
            _visual.Set(token.StartColumn, VisualMark.Bracket);
            return;
        }
        if (token.Kind is TokenKind.String or TokenKind.Comment || token.Word == PythonWord.StringPrefix)
            _visual.Set(token.StartColumn, VisualMark.String);
        else if (_row == 0 && _brackets.Depth == 0 && token.Word is PythonWord.Assert or PythonWord.Raise or PythonWord.With)
            _visual.Set(token.EndColumn + 1, VisualMark.Bracket);
        else if (_row == 0 && _brackets.Depth == 0 && token.Word == PythonWord.If && _visual.IsEmpty)
            _visual.Set(token.EndColumn + 1, VisualMark.Bracket);
        else if (token.Single == ':' && IsBlankBehind(token)) _brackets.AddOpeningRow(_widths[_row]);
    }

    private bool IsBlankBehind(in PythonToken token)
    {
        ReadOnlySpan<char> rest = _source.Text.AsSpan(Math.Min(token.LineStart + token.EndColumn, token.LineEnd)..token.LineEnd);
        return !rest.IsEmpty && PythonSource.Trim(rest).IsEmpty;
    }

    private void TrackBrackets(in PythonToken token)
    {
        if (token.Opens)
        {
            _brackets.Open(_row, _widths[_row]);
            _opened[_row]++;
        }
        else if (token.Closes && _brackets.Depth > 0)
        {
            int visual = _brackets.Close(_lastStart, out int openedIn);
            _visual.NoteForgotten(visual);
            if (_brackets.Depth > 0) _visual.Set(_brackets.Visual, VisualMark.Bracket);
            _opened[openedIn]--;
        }
        _visual.SetIfFree(token.StartColumn, VisualMark.Token(token));
    }

    /// <summary>The block behind must be told from the last row.</summary>
    private void CheckAgainstBlock(in PythonToken last)
    {
        int size = _line.Options.IndentSize;
        if (!_line.EndsWithColon || PythonSource.Indentation(_source.LineOf(last)) != _line.IndentLevel + size) return;
        _line.Report(last.StartRow, _brackets.FirstVisual + size, _mark.Exists ? "E129" : "E125");
    }
}
