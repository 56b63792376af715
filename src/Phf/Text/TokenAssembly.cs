using System.Text;

namespace Phf.Text;

/// <summary>Cuts the tokens of one or two texts to length and puts the template's tokens around them.</summary>
internal sealed class TokenAssembly(TokenTemplate template, string text, List<PlacedToken> tokens, string? pair, List<PlacedToken>? pairTokens)
{
    private readonly TemplatePiece[] _pieces = template.For(pair is not null);

    public EncodedText Make(EncodeOptions options)
    {
        (int first, int second) = (tokens.Count, pairTokens?.Count ?? 0);
        if (options.MaxLength is { } most)
        {
            int added = template.AddedTokens(pair is not null);
            if (most < added) throw new ArgumentException($"{most} tokens were allowed, and {added} are added to every text; allow more");
            (first, second) = Truncation.Lengths(first, pairTokens?.Count, most - added, options.Strategy);
        }
        List<(int, int)> parts = Truncation.Parts(tokens.Count, first, options.Stride, options.KeepEnd);
        List<(int, int)> pairParts = pairTokens is null ? [(0, 0)] : Truncation.Parts(pairTokens.Count, second, options.Stride, options.KeepEnd);

        // All combinations but the first are overflow: each rest of the first text with all parts of the second, then the first part with its rests.
        var overflow = new List<EncodedText>();
        for (int i = 1; i < parts.Count; i++)
            foreach ((int, int) pairPart in pairParts) overflow.Add(Assemble(parts[i], pairPart, []));
        foreach ((int, int) pairPart in pairParts.Skip(1)) overflow.Add(Assemble(parts[0], pairPart, []));
        return Assemble(parts[0], pairParts[0], overflow);
    }

    private EncodedText Assemble((int Start, int End) part, (int Start, int End) pairPart, List<EncodedText> overflow)
    {
        var ids = new List<int>();
        var types = new List<int>();
        var isAdded = new List<bool>();
        var offsets = new List<(int, int)>();
        foreach (TemplatePiece piece in _pieces)
        {
            if (piece.AddedIds.Length > 0)
                foreach (int id in piece.AddedIds) Add(id, piece.TypeId, added: true, (0, 0));
            else if (piece.IsSecond)
                for (int i = pairPart.Start; i < pairPart.End; i++) Add(pairTokens![i].Id, piece.TypeId, added: false, Place(pairTokens[i], pair!, isFirst: i == pairPart.Start));
            else
                for (int i = part.Start; i < part.End; i++) Add(tokens[i].Id, piece.TypeId, added: false, Place(tokens[i], text, isFirst: i == part.Start));
        }
        int[] attention = new int[ids.Count];
        Array.Fill(attention, 1);
        return new EncodedText { Ids = [.. ids], TypeIds = [.. types], AttentionMask = attention, IsAdded = [.. isAdded], Offsets = [.. offsets], Overflow = overflow };

        void Add(int id, int type, bool added, (int, int) offset)
        {
            ids.Add(id);
            types.Add(type);
            isAdded.Add(added);
            offsets.Add(offset);
        }
    }

    /// <summary>A token's place without the blanks at its ends. A blank put in front of the text has the place of the first character, and is not taken off.</summary>
    private (int, int) Place(PlacedToken token, string original, bool isFirst)
    {
        (int start, int end) = (token.Start, token.End);
        if (!template.TrimsOffsets) return (start, end);
        int leading = token.LeadingBlanks;
        if (leading > 0 && template.HasPrefixSpace && (isFirst || start == 0)) leading--;
        for (; leading > 0 && start < end; leading--)
            start += Rune.DecodeFromUtf16(original.AsSpan(start), out _, out int width) == System.Buffers.OperationStatus.Done ? width : 1;
        for (int trailing = token.End >= token.TrailingBlanks ? token.TrailingBlanks : 0; trailing > 0 && start < end; trailing--)
            end -= end - start >= 2 && char.IsLowSurrogate(original[end - 1]) && char.IsHighSurrogate(original[end - 2]) ? 2 : 1;
        return (start, end);
    }
}
