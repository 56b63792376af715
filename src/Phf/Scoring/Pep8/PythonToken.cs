namespace Phf.Scoring.Pep8;

/// <summary>The kinds of tokens of Python's <c>tokenize</c> module; <see cref="LineBreak"/> is its NL, a line end that ends no statement.</summary>
internal enum TokenKind : byte { Name, Number, String, Operator, Comment, Error, NewLine, LineBreak, Indent, Dedent, EndMarker }

/// <summary>
/// A token: its text [Start, End) and the physical line or lines it stands on [LineStart, LineEnd) as offsets into the source, and its place:
/// rows from 1, columns from 0. <see cref="Single"/> is the text if it is one character, else NUL.
/// </summary>
internal readonly record struct PythonToken(
    TokenKind Kind, char Single, int Start, int End, int StartRow, int StartColumn, int EndRow, int EndColumn, int LineStart, int LineEnd)
{
    public bool IsOperator(char c) => Single == c && Kind == TokenKind.Operator;

    public bool Opens => Kind == TokenKind.Operator && Single is ('(' or '[' or '{');

    public bool Closes => Kind == TokenKind.Operator && Single is (')' or ']' or '}');

    /// <summary>Line ends and changes of indentation: no part of a logical line's text.</summary>
    public bool IsLayout => Kind is TokenKind.NewLine or TokenKind.LineBreak or TokenKind.Indent or TokenKind.Dedent;

    /// <summary>Whether no character stands between <paramref name="previous"/> and this token.</summary>
    public bool Touches(in PythonToken previous) => StartColumn == previous.EndColumn && StartRow == previous.EndRow;
}
