using System.Runtime.CompilerServices;

namespace Phf.Scoring.Pep8;

/// <summary>The kinds of tokens of Python's <c>tokenize</c> module; <see cref="LineBreak"/> is its NL, a line end that ends no statement.</summary>
internal enum TokenKind : byte { Name, Number, String, Operator, Comment, Error, NewLine, LineBreak, Indent, Dedent, EndMarker }

/// <summary>What the checks ask of operators, keywords and strings again and again, found out once.</summary>
[Flags]
internal enum TokenTraits : byte
{
    None = 0,
    Opens = 1,              // an opening bracket
    Closes = 2,
    Punctuation = 4,        // comma, semicolon or colon
    NeedsBlanks = 8,        // an operator that needs blanks on both sides
    NeedsEvenBlanks = 16,   // an operator that needs blanks on both sides or on none
    MayBeSign = 32,         // one of those only behind something that it can be applied to
    Keyword = 64,           // also the soft ones
    HasBackslash = 128,     // a string with one
}

/// <summary>
/// A token: its text [Start, End) and the physical line or lines it stands on [LineStart, LineEnd) as offsets into the source, and its place:
/// rows from 1, columns from 0. <see cref="Single"/> is the text if it is one character, else NUL.
/// </summary>
internal struct PythonToken
{
    public TokenKind Kind;
    public TokenTraits Traits;
    public PythonWord Word;
    public char Single;
    public int Start, End, StartRow, StartColumn, EndRow, EndColumn, LineStart, LineEnd;

    public readonly bool IsOperator(char c) => Single == c && Kind == TokenKind.Operator;

    public readonly bool Has(TokenTraits traits) => (Traits & traits) != 0;

    public readonly bool Opens => Has(TokenTraits.Opens);

    public readonly bool Closes => Has(TokenTraits.Closes);

    /// <summary>Line ends and changes of indentation: no part of a logical line's text.</summary>
    public readonly bool IsLayout => Kind is >= TokenKind.NewLine and <= TokenKind.Dedent;

    /// <summary>Whether it goes over several rows.</summary>
    public readonly bool IsTall => EndRow > StartRow;

    /// <summary>Whether no character stands between <paramref name="previous"/> and this token.</summary>
    public readonly bool Touches(in PythonToken previous) => StartColumn == previous.EndColumn && StartRow == previous.EndRow;
}

/// <summary>Tokens in a buffer that is kept for the next text.</summary>
internal sealed class TokenList
{
    private PythonToken[] _items = new PythonToken[64];

    public int Count { get; private set; }

    public ref readonly PythonToken this[int index] => ref _items[index];

    public ReadOnlySpan<PythonToken> Range(int begin, int end) => _items.AsSpan(begin, end - begin);

    public void Clear() => Count = 0;

    /// <summary>A place for one more token, to be filled in all its fields.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref PythonToken Add()
    {
        if (Count == _items.Length) Grow();
        return ref _items[Count++];
    }

    private void Grow() => Array.Resize(ref _items, 2 * Count);
}
