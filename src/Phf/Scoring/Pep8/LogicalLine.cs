namespace Phf.Scoring.Pep8;

/// <summary>A statement: its tokens, what they tell at a glance, and its text. It also carries what the checks must know of the lines before.</summary>
internal sealed class LogicalLine(PythonSource source, TokenList tokens, CodeFilter filter, Pep8Options options, List<Violation> found)
{
    private readonly LogicalText _text = new(source);
    private bool _hasBuiltText;
    private int _begin, _end;                       // of the tokens
    private int _row, _column;                      // of the first token that is no layout
    private int _firstToken, _lastToken;            // of the text; -1 if it has none

    public PythonSource Source => source;

    public Pep8Options Options => options;

    /// <summary>The tokens, comments and layout included.</summary>
    public ReadOnlySpan<PythonToken> Tokens => tokens.Range(_begin, _end);

    public int TokenCount => _end - _begin;

    /// <summary>The text; empty for a comment alone.</summary>
    public ReadOnlySpan<char> Text
    {
        get
        {
            if (!_hasBuiltText) _text.Build(Tokens);
            _hasBuiltText = true;
            return _text.Text;
        }
    }

    /// <summary>Whether <see cref="Text"/> is not empty.</summary>
    public bool HasText { get; private set; }

    /// <summary>What <see cref="Text"/> begins with, if that is a name.</summary>
    public PythonWord FirstWord { get; private set; }

    /// <summary>The first character of <see cref="Text"/>; NUL if it is empty.</summary>
    public char FirstCharacter => HasText ? source.Text[tokens[_firstToken].Start] : '\0';

    /// <summary>Whether <see cref="Text"/> ends with a colon.</summary>
    public bool EndsWithColon { get; private set; }

    public LineFeatures Features { get; private set; }

    /// <summary>Whether a row of the statement ends with a backslash.</summary>
    public bool HasBackslash { get; set; }

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
    public PreviousStatement Previous { get; private set; }

    /// <summary>What the module has had before: E402.</summary>
    public bool SeenDocstring { get; set; }

    /// <inheritdoc cref="SeenDocstring"/>
    public bool SeenCode { get; set; }

    /// <summary>The reference stops with an IndexError at this text, so that its scorers give 0.</summary>
    public bool BreaksReference { get; set; }

    /// <summary>Begins with a new text.</summary>
    public void Start()
    {
        (_begin, _end, LineNumber, BlankLines, BlankBefore) = (0, 0, 0, 0, 0);
        (IndentCharacter, Previous) = ('\0', default);
        SeenDocstring = SeenCode = BreaksReference = HasBackslash = false;
    }

    /// <summary>Takes in the tokens up to index <paramref name="end"/>.</summary>
    public void ExtendTo(int end) => _end = end;

    /// <summary>The next logical line begins behind the tokens taken in.</summary>
    public void DropTokens()
    {
        HasBackslash = false;
        _begin = _end;
        if (_end < tokens.Count) return;
        tokens.Clear();
        _begin = _end = 0;
    }

    public bool Has(LineFeatures any) => (Features & any) != 0;

    public bool Reports(string code) => filter.Reports(code);

    public void Report(int row, int column, string code)
    {
        if (filter.Reports(code)) found.Add(new Violation(row, column, code));
    }

    /// <summary>Reports at <paramref name="offset"/> of <see cref="Text"/>.</summary>
    public void Report(int offset, string code)
    {
        if (!filter.Reports(code)) return;
        (int row, int column) = offset == 0 ? (_row, _column) : _text.PlaceOf(offset);
        found.Add(new Violation(row, column, code));
    }

    /// <summary>Looks the tokens over. False if there is nothing but layout.</summary>
    public bool Survey()
    {
        var survey = new LineSurvey(source);
        _hasBuiltText = IsExempt = HasText = false;
        (_row, _firstToken, _lastToken) = (0, -1, -1);
        var besides = LineFeatures.None;
        ReadOnlySpan<PythonToken> all = tokens.Range(0, _end);
        for (int i = _begin; i < all.Length; i++)
        {
            ref readonly PythonToken token = ref all[i];
            if (token.IsLayout) continue;
            if (_row == 0) (_row, _column) = (token.StartRow, token.StartColumn);
            if (token.Kind == TokenKind.Comment)
            {
                besides |= LineFeatures.Comment;
                IsExempt |= NoQa.IsIn(source.TextOf(token));
                continue;
            }
            HasText |= token.End > token.Start;
            if (_firstToken >= 0) survey.Add(all[_lastToken], token);
            else
            {
                survey.AddFirst(token);
                if (token.Opens && i > _begin) besides |= LineFeatures.DetachedBracket; // from the layout before, which counts as a bracket
                _firstToken = i;
            }
            _lastToken = i;
        }
        if (_row == 0) return false;
        Features = survey.Features | besides;
        if (_lastToken >= 0 && tokens[_lastToken].Word is PythonWord.Def or PythonWord.For) Features |= LineFeatures.Async; // nothing behind it
        if (_lastToken >= 0 && tokens[_lastToken].Single == '=') Features |= LineFeatures.LooseEquals; // blanks and the line's end behind it
        FirstWord = HasText ? tokens[_firstToken].Word : PythonWord.None;
        EndsWithColon = HasText && tokens[_lastToken] is var last && (last.End > last.Start ? source.Text[last.End - 1] : Text[^1]) == ':';
        IndentLevel = PythonSource.Indentation(source.Line(_row)[.._column]);
        return true;
    }

    /// <summary>Ends this logical line: the next one begins without tokens.</summary>
    public void Close()
    {
        if (HasText)
        {
            bool isDefinition = FirstWord is PythonWord.Def or PythonWord.Class && (Text.StartsWith("def ") || Text.StartsWith("class "));
            Previous = new PreviousStatement
            {
                Exists = true,
                IndentLevel = IndentLevel,
                IsDecorator = FirstCharacter == '@',
                OpensBlock = EndsWithColon,
                BeginsWithString = BeginsWithString(),
                LastAtTopIsDefinition = IndentLevel > 0 ? Previous.LastAtTopIsDefinition : isDefinition,
            };
        }
        BlankLines = 0;
        DropTokens();
    }

    private bool BeginsWithString()
    {
        if (FirstCharacter is not ('u' or 'r' or '"' or '\'')) return false;
        ref readonly PythonToken first = ref tokens[_firstToken];
        bool isName = first.Kind == TokenKind.Name && FirstWord != PythonWord.StringPrefix;
        if (isName && Features != LineFeatures.Unclear) return false;
        ReadOnlySpan<char> text = first.Kind == TokenKind.String ? source.TextOf(first) : Text;
        int at = text[0] == 'u' ? 1 : 0;
        if (at < text.Length && text[at] == 'r') at++;
        return at < text.Length && text[at] is '"' or '\'';
    }
}

/// <summary>What the checks must know of the statement before.</summary>
internal readonly record struct PreviousStatement
{
    public bool Exists { get; init; }
    public int IndentLevel { get; init; }
    public bool IsDecorator { get; init; }
    public bool OpensBlock { get; init; }
    public bool BeginsWithString { get; init; }

    /// <summary>Whether the last statement without indentation was a def or a class.</summary>
    public bool LastAtTopIsDefinition { get; init; }
}
