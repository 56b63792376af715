using System.Buffers;

namespace Phf.Scoring.Classifier;

/// <summary>Receives the hashed features of a text, each as often as it occurs.</summary>
internal interface IFeatureSink
{
    /// <summary>A word or a run of words, as a table place.</summary>
    void Word(int place);

    /// <summary>A run of characters, as a table place.</summary>
    void Characters(int place);
}

/// <summary>What the features of a classifier are; stored in its file.</summary>
public sealed record FeatureOptions
{
    public const int FewestBits = 10, MostBits = 24;

    /// <summary>The table has 2^Bits places; features that meet in one place share a weight.</summary>
    public int Bits { get; init; } = 20;

    /// <summary>Runs of 1 to this many words are features; 0 for none.</summary>
    public int WordRuns { get; init; } = 2;

    /// <summary>Shortest and longest runs of characters that are features, within a word and the blanks around it; 0 and 0 for none.</summary>
    public int ShortestCharacters { get; init; } = 3;

    /// <inheritdoc cref="ShortestCharacters"/>
    public int LongestCharacters { get; init; } = 5;

    /// <summary>What is wrong with the values, or null.</summary>
    public string? Problem()
    {
        if (Bits is < FewestBits or > MostBits) return $"{Bits} bits; {FewestBits} to {MostBits} were expected";
        if (WordRuns is < 0 or > 4) return $"runs of {WordRuns} words; 0 to 4 were expected";
        bool none = ShortestCharacters == 0 && LongestCharacters == 0;
        if (!none && (ShortestCharacters < 1 || LongestCharacters < ShortestCharacters || LongestCharacters > 8))
            return $"runs of {ShortestCharacters} to {LongestCharacters} characters; 1 to 8 were expected";
        return none && WordRuns == 0 ? "neither words nor characters are features" : null;
    }
}

/// <summary>
/// Hashes runs of words and of characters to places of a table. The text is read in lower case; a URL reads as one sign, a name after '@' as '@'
/// alone, every digit as 0, white space as one blank, and a character repeated more than twice as two. Linear time, no allocation.
/// </summary>
internal static class TextFeatures
{
    private const ulong WordSeed = 0x9E3779B97F4A7C15, RunSeed = 0xC2B2AE3D27D4EB4F, CharacterSeed = 0x165667B19E3779F9;
    private const ulong Multiplier = 0xD6E8FEB86659FD93;
    private const char UrlSign = '\u0001';

    /// <summary>Reports every feature of <paramref name="text"/> to <paramref name="sink"/>.</summary>
    public static void Visit<TSink>(ReadOnlySpan<char> text, FeatureOptions options, ref TSink sink) where TSink : struct, IFeatureSink
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length + 2);
        ReadOnlySpan<char> plain = buffer.AsSpan(0, Fold(text, buffer));
        int shift = 64 - options.Bits;
        if (options.WordRuns > 0) VisitWords(plain, options.WordRuns, shift, ref sink);
        if (options.LongestCharacters > 0) VisitCharacters(plain, options.ShortestCharacters, options.LongestCharacters, shift, ref sink);
        ArrayPool<char>.Shared.Return(buffer);
    }

    /// <summary>The 64-bit hash of a text as the features see it: texts that differ in nothing they see have the same.</summary>
    public static ulong HashOf(ReadOnlySpan<char> text, ulong seed)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length + 2);
        ulong hash = seed;
        foreach (char c in buffer.AsSpan(0, Fold(text, buffer))) hash = Next(hash, c);
        ArrayPool<char>.Shared.Return(buffer);
        return Numerics.Random.Rng.SplitMix(hash);
    }

    /// <summary>Writes the text as it is read, between blanks, and returns its length: at most that of the text and 2.</summary>
    private static int Fold(ReadOnlySpan<char> text, Span<char> into)
    {
        int length = 0, repeated = 0;
        into[length++] = ' ';
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (char.IsWhiteSpace(c) || char.IsControl(c)) c = ' ';
            else if (char.IsDigit(c)) c = '0';
            else c = c < 128 ? (char)(char.IsAsciiLetterUpper(c) ? c | 0x20 : c) : char.ToLowerInvariant(c);

            if (c == 'h' || c == 'w')
            {
                if (into[length - 1] == ' ' && IsUrl(text[at..]))
                {
                    while (at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1])) at++;
                    c = UrlSign;
                }
            }
            else if (c == '@')
            {
                while (at + 1 < text.Length && (char.IsLetterOrDigit(text[at + 1]) || text[at + 1] == '_')) at++;
            }
            repeated = c == into[length - 1] ? repeated + 1 : 1;
            if (repeated <= (c == ' ' ? 1 : 2)) into[length++] = c;
        }
        if (into[length - 1] != ' ') into[length++] = ' ';
        return length;
    }

    private static bool IsUrl(ReadOnlySpan<char> text) => text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("www.", StringComparison.OrdinalIgnoreCase);

    private static void VisitWords<TSink>(ReadOnlySpan<char> text, int longest, int shift, ref TSink sink) where TSink : struct, IFeatureSink
    {
        Span<ulong> last = stackalloc ulong[longest]; // hashes of the words before, the nearest first
        int words = 0;
        for (int at = 0; at < text.Length;)
        {
            ulong hash = WordSeed;
            int start = at;
            while (at < text.Length && IsInWord(text[at])) hash = Next(hash, text[at++]);
            if (at == start)
            {
                at++;
                continue;
            }
            sink.Word(Place(hash, shift));
            ulong run = hash;
            for (int before = 0; before < Math.Min(words, longest - 1); before++)
            {
                run = Next(run ^ RunSeed, last[before]);
                sink.Word(Place(run, shift));
            }
            for (int i = longest - 1; i > 0; i--) last[i] = last[i - 1];
            last[0] = hash;
            words++;
        }
    }

    private static void VisitCharacters<TSink>(ReadOnlySpan<char> text, int shortest, int longest, int shift, ref TSink sink) where TSink : struct, IFeatureSink
    {
        for (int start = 0; start < text.Length; start++)
        {
            ulong hash = CharacterSeed;
            int most = Math.Min(longest, text.Length - start);
            for (int length = 1; length <= most; length++)
            {
                char c = text[start + length - 1];
                hash = Next(hash, c);
                if (length >= shortest) sink.Characters(Place(hash, shift));
                if (c == ' ' && length > 1) break; // the blank behind a word belongs to it, the next word does not
            }
        }
    }

    /// <summary>Letters and digits of any script, marks, the apostrophe and the sign of a URL.</summary>
    private static bool IsInWord(char c) => c < 128 ? char.IsAsciiLetterOrDigit(c) || c is '\'' or UrlSign : char.IsLetterOrDigit(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) <= System.Globalization.UnicodeCategory.EnclosingMark;

    private static ulong Next(ulong hash, ulong value) => (hash ^ value) * Multiplier;

    private static int Place(ulong hash, int shift) => (int)(((hash ^ (hash >> 32)) * Multiplier) >> shift);
}
