namespace Phf.Text;

/// <summary>A token and its place in the original text, in UTF-16 units, end exclusive.</summary>
/// <param name="LeadingBlanks">Blanks that its spelling begins with, which trimming takes off its place.</param>
/// <param name="TrailingBlanks">Blanks that its spelling ends with.</param>
internal readonly record struct PlacedToken(int Id, int Start, int End, int LeadingBlanks = 0, int TrailingBlanks = 0);

/// <summary>What turns text without added tokens into tokens and back: WordPiece or byte-level BPE. Safe to use from several threads at once.</summary>
internal interface ISubwordModel
{
    /// <summary>The tokens by id, as the files spell them.</summary>
    string[] Tokens { get; }

    bool TryGetId(string token, out int id);

    /// <summary>Appends the normalized form of <paramref name="text"/>, whose first unit is at <paramref name="offset"/> of the original.</summary>
    void Normalize(ReadOnlySpan<char> text, int offset, AlignedText destination);

    /// <summary>Appends the tokens of the units from <paramref name="start"/> to <paramref name="end"/> of a normalized text.</summary>
    void Encode(AlignedText text, int start, int end, List<PlacedToken> tokens);

    /// <summary>The text of tokens: those of the vocabulary by id, added ones by what they say.</summary>
    string Decode(IReadOnlyList<(int Id, string? Added)> tokens);
}
