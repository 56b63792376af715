namespace Phf.Scoring.Pep8;

/// <summary>
/// What a statement has. A check that needs a feature finds nothing in a statement without it and is left out; a feature may be set where the
/// check then finds nothing either.
/// </summary>
[Flags]
internal enum LineFeatures
{
    None = 0,
    Comment = 1 << 0,
    AmbiguousName = 1 << 1,       // l, O or I
    TightOperator = 1 << 2,       // an operator that touches a neighbour (E225 to E228)
    LooseEquals = 1 << 3,         // an equals sign in brackets that touches no neighbour, or in a def (E251, E252)
    DetachedBracket = 1 << 4,     // what could be called, blanks, a bracket (E211)
    Async = 1 << 5,               // async or await (W606)
    Escape = 1 << 6,              // a string with a backslash (W605)
    BlankInside = 1 << 7,         // blanks behind an opening bracket or before a closing one or punctuation (E201 to E203)
    OddBlank = 1 << 8,            // white space between tokens that is not a single blank
    MissingBlank = 1 << 9,        // punctuation with no blank behind it in its row (E231)
    InnerColon = 1 << 10,         // a colon outside brackets with something behind it (E701, E704, E731)
    Semicolon = 1 << 11,
    Negation = 1 << 12,           // not, and then in or is (E713, E714)
    Singleton = 1 << 13,          // None, True or False (E711, E712)
    LongOperator = 1 << 14,       // an operator of several characters
    TypeLike = 1 << 15,           // a name that begins with "type" (E721)
    HasKey = 1 << 16,
    Inequality = 1 << 17,         // an operator directly before one that begins with a greater-than sign (W603)
    Unclear = (1 << 18) - 1,      // a character that belongs to no token: everything is possible
}

/// <summary>Finds the features of a statement in one pass over its tokens.</summary>
internal struct LineSurvey(PythonSource source)
{
    private int _round, _square, _curly, _lambdas, _nots; // brackets open, words before
    private bool _inCurly;                         // the last opening bracket that was not round is curly
    private bool _inDefinition, _isSpaced;

    public LineFeatures Features { get; private set; }

    /// <summary>Looks at the next token that is part of the text; <paramref name="previous"/> is the one before it.</summary>
    public void Add(in PythonToken previous, in PythonToken token)
    {
        bool sameRow = previous.EndRow == token.StartRow;
        int gap = sameRow ? token.StartColumn - previous.EndColumn : LogicalText.RowGap(source, previous, token);
        if (gap != 0) LookAtGap(previous, token, gap, sameRow);
        else
        {
            if (previous.Has(TokenTraits.Punctuation)) LookBehindPunctuation(previous);
            if (token.Kind == TokenKind.Operator && previous.Kind == TokenKind.Operator && source.Text[token.Start] == '>')
                Features |= LineFeatures.Inequality;
        }
        bool touches = sameRow && gap == 0, isSpaced = IsSpaced(previous, token);
        if (touches && (_isSpaced || isSpaced)) Features |= LineFeatures.TightOperator;
        _isSpaced = isSpaced;
        if (previous.Single == ':' && _round <= 0 && _square <= 0 && _curly <= 0) Features |= LineFeatures.InnerColon;
        if ((token.Single == '=' || previous.Single == '=') && _round + _square != 0 && (!touches || _inDefinition))
            Features |= LineFeatures.LooseEquals;
        if (token.Word != PythonWord.None) LookAtWord(token, previous);
        else if (token.Traits != TokenTraits.None || token.Kind >= TokenKind.Operator) LookAtOther(token);
    }

    /// <summary>Looks at the first token that is part of the text.</summary>
    public void AddFirst(in PythonToken token)
    {
        _inDefinition = token.Word is PythonWord.Def or PythonWord.Async;
        if (token.Word != PythonWord.None) LookAtWord(token, default);
        else LookAtOther(token);
    }

    private void LookAtGap(in PythonToken previous, in PythonToken token, int gap, bool sameRow)
    {
        if (sameRow && (gap != 1 || source.Text[previous.End] != ' ')) Features |= LineFeatures.OddBlank;
        if (sameRow && source.Text[previous.End] == '\f' && previous.Has(TokenTraits.Punctuation)) LookBehindPunctuation(previous); // no white space to E231
        if (previous.Opens || token.Has(TokenTraits.Closes | TokenTraits.Punctuation)) Features |= LineFeatures.BlankInside;
        LookAtDetached(previous, token);
    }

    private void LookAtDetached(in PythonToken previous, in PythonToken token)
    {
        if (token.Opens && (previous.Closes || (previous.Kind == TokenKind.Name && !previous.Has(TokenTraits.Keyword))))
            Features |= LineFeatures.DetachedBracket;
    }

    private void LookBehindPunctuation(in PythonToken punctuation)
    {
        bool isSlice = punctuation.Single == ':' && _square > 0 && !_inCurly;
        if (!isSlice) Features |= LineFeatures.MissingBlank;
    }

    /// <summary>Whether this is an operator that may need blanks around it.</summary>
    private readonly bool IsSpaced(in PythonToken previous, in PythonToken token)
    {
        if (!token.Has(TokenTraits.NeedsBlanks | TokenTraits.NeedsEvenBlanks)) return false;
        if (token.Single == '=') return _round + _lambdas == 0;
        return !token.Has(TokenTraits.MayBeSign) || OperatorSpacingChecks.IsOperand(previous);
    }

    private void LookAtWord(in PythonToken token, in PythonToken previous)
    {
        switch (token.Word)
        {
            case PythonWord.Not: _nots++; break;
            case PythonWord.In or PythonWord.Is when _nots > (previous.Word == PythonWord.Not ? 1 : 0): Features |= LineFeatures.Negation; break;
            case PythonWord.Lambda: _lambdas++; break;
            case PythonWord.Singleton: Features |= LineFeatures.Singleton; break;
            case PythonWord.Async or PythonWord.Await: Features |= LineFeatures.Async; break;
            case PythonWord.Ambiguous: Features |= LineFeatures.AmbiguousName; break;
            case PythonWord.HasKey: Features |= LineFeatures.HasKey; break;
            case PythonWord.TypeLike: Features |= LineFeatures.TypeLike; break;
        }
    }

    private void LookAtOther(in PythonToken token)
    {
        switch (token.Kind)
        {
            case TokenKind.Operator when token.End - token.Start > 1: Features |= LineFeatures.LongOperator; break;
            case TokenKind.Operator: LookAtOperator(token.Single); break;
            case TokenKind.String when token.Has(TokenTraits.HasBackslash): Features |= LineFeatures.Escape; break;
            case TokenKind.Error: Features |= LineFeatures.Unclear; break;
        }
    }

    private void LookAtOperator(char c)
    {
        switch (c)
        {
            case '(': _round++; break;
            case ')': _round--; break;
            case '[': (_square, _inCurly) = (_square + 1, false); break;
            case ']': _square--; break;
            case '{': (_curly, _inCurly) = (_curly + 1, true); break;
            case '}': _curly--; break;
            case ';': Features |= LineFeatures.Semicolon; break;
        }
    }
}
