namespace Phf.Text;

/// <summary>
/// Cuts one word (text without white space) into tokens as spaCy's blank English tokenizer does, as far as that matters for the ends of sentences: exceptions
/// stay whole, then prefixes and suffixes are cut off one by one, then what remains is cut at infixes unless it is a URL. Linear in the length of the word.
/// </summary>
internal static class SentenceTokens
{
    private static readonly HashSet<string> ExceptionSet = new(SentenceData.Words(SentenceData.Exceptions), StringComparer.Ordinal);
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Exceptions = ExceptionSet.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly int LongestException = ExceptionSet.Max(word => word.Length);

    /// <summary>Most tokens of an exception that was cut at a full stop: <c>Ph . D.</c></summary>
    private const int MostPieces = 4;

    /// <summary>Appends the tokens of <c>text[start..end]</c>, which together are that range.</summary>
    public static void Cut(ReadOnlySpan<char> text, int start, int end, List<Range> tokens, Stack<int> suffixEnds)
    {
        int first = tokens.Count;
        while (start < end && !IsException(text[start..end]))
        {
            int prefix = PrefixLength(text[start..end]);
            if (prefix > 0 && IsException(text[(start + prefix)..end]))
            {
                tokens.Add(start..(start + prefix));
                start += prefix;
                break;
            }
            int suffix = SuffixLength(text[(start + prefix)..end]);
            if (prefix == 0 && suffix == 0) break;
            if (prefix > 0 && !(suffix > 0 && IsException(text[start..(end - suffix)])))
            {
                tokens.Add(start..(start + prefix));
                start += prefix;
            }
            if (suffix == 0) continue;
            suffixEnds.Push(end);
            end -= suffix;
        }
        if (start < end)
        {
            if (IsException(text[start..end]) || UrlPattern.IsMatch(text[start..end])) tokens.Add(start..end);
            else CutInfixes(text, start, end, tokens);
        }
        while (suffixEnds.TryPop(out int suffixEnd))
        {
            tokens.Add(end..suffixEnd);
            end = suffixEnd;
        }
        JoinExceptions(text, tokens, first);
    }

    private static bool IsException(ReadOnlySpan<char> word) => word.Length <= LongestException && Exceptions.Contains(word);

    private static int PrefixLength(ReadOnlySpan<char> word)
    {
        if (word[0] == '.')
        {
            int stops = word.IndexOfAnyExcept('.');
            if (stops < 0) stops = word.Length;
            return stops > 1 ? stops : 0;
        }
        if (word[0] == '+') return word.Length == 1 || !char.IsDigit(word[1]) ? 1 : 0;
        if (word[0] is 'U' or 'C' or 'A')
            return word.StartsWith("US$", StringComparison.Ordinal) ? 3 : word[0] != 'U' && word.Length > 1 && word[1] == '$' ? 2 : 0;
        return SentenceCharacters.At(word, 0, out int width).HasFlag(SentenceTrait.Prefix) ? width : 0;
    }

    private static int SuffixLength(ReadOnlySpan<char> word)
    {
        if (word.IsEmpty) return 0;
        char last = word[^1];
        if (last == '.')
        {
            int stops = word.Length - 1 - word.LastIndexOfAnyExcept('.');
            return stops > 1 ? stops : IsFinalStop(word[..^1]) ? 1 : 0;
        }
        if (last is 's' or 'S') return word.Length > 1 && word[^2] is '\'' or '’' ? 2 : 0;
        if (last is 'g' or 'm' or 't') return word.Length > 1 && char.IsAsciiDigit(word[^2]) ? 1 : 0; // the units that are exceptions with a stop
        if (last == '…' && word.Length > 1 && word[^2] == '…') return 2;
        return SentenceCharacters.Before(word, word.Length, out int width).HasFlag(SentenceTrait.Suffix) ? width : 0;
    }

    /// <summary>Whether a full stop after <paramref name="word"/> is a token of its own: after small letters, digits, most punctuation and two capitals.</summary>
    private static bool IsFinalStop(ReadOnlySpan<char> word)
    {
        if (word.IsEmpty) return false;
        SentenceTrait last = SentenceCharacters.Before(word, word.Length, out int width);
        if (last.HasFlag(SentenceTrait.BeforeFinalStop)) return true;
        if (word.Length == width) return false;
        return last.HasFlag(SentenceTrait.Upper) && SentenceCharacters.Before(word, word.Length - width, out _).HasFlag(SentenceTrait.Upper)
            || word[^1] is 'F' or 'C' or 'K' && word[^2] == '°';
    }

    private static void CutInfixes(ReadOnlySpan<char> text, int start, int end, List<Range> tokens)
    {
        ReadOnlySpan<char> word = text[start..end];
        int done = 0;
        for (int at = 0; at < word.Length;)
        {
            int length = InfixLength(word, at);
            if (length > 0 && at > 0)
            {
                if (at > done) tokens.Add((start + done)..(start + at));
                tokens.Add((start + at)..(start + at + length));
                done = at + length;
            }
            at += Math.Max(1, length);
        }
        if (done < word.Length) tokens.Add((start + done)..end);
    }

    private static int InfixLength(ReadOnlySpan<char> word, int at)
    {
        char unit = word[at];
        if (char.IsAsciiLetterOrDigit(unit)) return 0;
        SentenceTrait here = SentenceCharacters.At(word, at, out int width);
        if (unit == '…' || here.HasFlag(SentenceTrait.Icon)) return width;
        if (unit == '.')
        {
            int stops = word[at..].IndexOfAnyExcept('.');
            if (stops < 0) stops = word.Length - at;
            if (stops > 1) return stops;
            return HasBefore(word, at, SentenceTrait.Lower | SentenceTrait.Quote) && HasAt(word, at + 1, SentenceTrait.Upper | SentenceTrait.Quote) ? 1 : 0;
        }
        const SentenceTrait Letter = SentenceTrait.Lower | SentenceTrait.Upper;
        if (unit is '+' or '-' or '*' or '^' && HasBefore(word, at, SentenceTrait.Digit)
            && at + 1 < word.Length && (word[at + 1] == '-' || char.IsAsciiDigit(word[at + 1]))) return 1;
        if (unit == ',') return HasBefore(word, at, Letter) && HasAt(word, at + 1, Letter) ? 1 : 0;
        if (unit is ':' or '<' or '>' or '=' or '/' or '~')
            return HasBefore(word, at, Letter | SentenceTrait.Digit) && HasAt(word, at + 1, Letter) ? 1 : 0;
        if (unit is not ('-' or '–' or '—') || !HasBefore(word, at, Letter | SentenceTrait.Digit)) return 0;
        int most = unit == '-' ? 3 : unit == '—' ? 2 : 1;
        for (int length = 1; length <= most && at + length <= word.Length && word[at + length - 1] == unit; length++)
            if (HasAt(word, at + length, Letter)) return length;
        return 0;
    }

    private static bool HasBefore(ReadOnlySpan<char> word, int at, SentenceTrait any) => at > 0 && (SentenceCharacters.Before(word, at, out _) & any) != 0;

    private static bool HasAt(ReadOnlySpan<char> word, int at, SentenceTrait any) => at < word.Length && (SentenceCharacters.At(word, at, out _) & any) != 0;

    /// <summary>
    /// Exceptions that appear only after cutting, such as the <c>Jan.</c> of <c>pre-Jan.</c> or the <c>g.</c> of <c>5g.</c>, are put together again where
    /// they hold a full stop.
    /// </summary>
    private static void JoinExceptions(ReadOnlySpan<char> text, List<Range> tokens, int first)
    {
        int written = first;
        for (int i = first; i < tokens.Count;)
        {
            int count = Math.Min(MostPieces, tokens.Count - i);
            while (count > 1 && !(IsException(text[tokens[i].Start..tokens[i + count - 1].End]) && HoldsFullStop(text, tokens, i, count))) count--;
            tokens[written++] = tokens[i].Start..tokens[i + count - 1].End;
            i += count;
        }
        tokens.RemoveRange(written, tokens.Count - written);
    }

    private static bool HoldsFullStop(ReadOnlySpan<char> text, List<Range> tokens, int first, int count)
    {
        for (int i = first; i < first + count; i++)
            if (text[tokens[i]] is ".") return true;
        return false;
    }
}
