namespace Phf.Text;

/// <summary>
/// The URLs and e-mail addresses that spaCy keeps in one token: <c>(scheme://)? (user@)? host (:port)? ([/?#]rest)?</c> where the host is a public IPv4
/// address or names joined by dots that end in two to 63 small letters.
/// </summary>
internal static class UrlPattern
{
    /// <summary>Whether all of <paramref name="word"/> (without white space) is a URL. Linear: the hosts tried do not overlap.</summary>
    public static bool IsMatch(ReadOnlySpan<char> word)
    {
        if (word.IndexOf('.') < 0) return false;
        if (IsHostAndRest(word)) return true;
        int scheme = SchemeLength(word);
        if (scheme > 0 && IsHostAndRest(word[scheme..])) return true;
        for (int at = 1; at < word.Length; at++)
            if (word[at] == '@' && IsHostAndRest(word[(at + 1)..])) return true;
        return false;
    }

    private static int SchemeLength(ReadOnlySpan<char> word)
    {
        int colon = word.IndexOf("://", StringComparison.Ordinal);
        if (colon < 2) return 0;
        foreach (char unit in word[..colon])
            if (!char.IsLetterOrDigit(unit) && unit is not ('_' or '+' or '-' or '.')) return 0;
        return colon + 3;
    }

    private static bool IsHostAndRest(ReadOnlySpan<char> word)
    {
        int end = word.IndexOfAny(":/?#@");
        ReadOnlySpan<char> host = end < 0 ? word : word[..end];
        return IsRest(word[host.Length..]) && (IsName(host) || IsPublicAddress(host));
    }

    private static bool IsRest(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty) return true;
        if (rest[0] == '@') return false;
        if (rest[0] != ':') return true;
        int digits = 0;
        while (digits < rest.Length - 1 && char.IsDigit(rest[digits + 1])) digits++;
        return digits is >= 2 and <= 5 && (digits + 1 == rest.Length || rest[digits + 1] is '/' or '?' or '#');
    }

    private static bool IsName(ReadOnlySpan<char> host)
    {
        int lastDot = host.LastIndexOf('.');
        if (lastDot <= 0 || host.Length - lastDot - 1 is < 2 or > 63) return false;
        foreach (char unit in host[(lastDot + 1)..])
            if (!SentenceCharacters.Of(unit).HasFlag(SentenceTrait.Lower)) return false;
        foreach (Range range in host[..lastDot].Split('.'))
            if (!IsLabel(host[range])) return false;
        return true;
    }

    private static bool IsLabel(ReadOnlySpan<char> label)
    {
        if (label.Length is < 1 or > 64 || !IsLabelEnd(label[0]) || !IsLabelEnd(label[^1])) return false;
        foreach (char unit in label)
            if (!IsLabelEnd(unit) && unit is not ('-' or '_')) return false;
        return true;
    }

    private static bool IsLabelEnd(char unit) => char.IsAsciiLetterOrDigit(unit) || (unit >= 0xA1 && !char.IsSurrogate(unit));

    private static bool IsPublicAddress(ReadOnlySpan<char> host)
    {
        Span<int> parts = stackalloc int[4];
        int count = 0;
        foreach (Range range in host.Split('.'))
        {
            ReadOnlySpan<char> part = host[range];
            if (count == 4 || part.Length is < 1 or > 3) return false;
            int value = 0;
            foreach (char unit in part)
            {
                if (!char.IsAsciiDigit(unit)) return false;
                value = 10 * value + (unit - '0');
            }
            if (value > 255 || (part[0] == '0' && count is 0 or 3)) return false;
            parts[count++] = value;
        }
        return count == 4 && parts[0] is > 0 and < 224 && parts[3] is > 0 and < 255 && (parts[0], parts[1]) is not
            ((10 or 127, _) or (169, 254) or (192, 168) or (172, >= 16 and <= 31));
    }
}
