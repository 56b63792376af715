namespace Phf.Scoring.Pii;

/// <summary>
/// Twitter handles: '@', not after a word character, then 2 to 15 ASCII letters, digits or underscores up to the end of the word,
/// nowhere among them "admin" or "twitter" (names that cannot be registered).
/// </summary>
internal static class TwitterDetector
{
    public const string Name = "twitter";
    private const int MinLength = 2, MaxLength = 15;

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOf('@');
            if (skip < 0) return;
            at += skip;
            if (PythonText.IsWordBefore(text, at)) continue;
            int end = NameEnd(text, at + 1);
            if (end < 0) continue;
            found.Add(new Finding(at, end, Name));
            at = end - 1;
        }
    }

    private static int NameEnd(ReadOnlySpan<char> text, int begin)
    {
        int end = begin;
        while (end < text.Length && end - begin < MaxLength && (text[end] == '_' || PythonText.IsLetterOrDigitIgnoringCase(text[end])))
        {
            if (PythonText.StartsWithIgnoringCase(text, end, "admin") || PythonText.StartsWithIgnoringCase(text, end, "twitter")) return -1;
            end++;
        }
        return end - begin >= MinLength && PythonText.WordLength(text, end) == 0 ? end : -1;
    }
}
