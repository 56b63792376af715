using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>The comment that silences some checks: <c># noqa</c> or <c># nopep8</c>, in any case.</summary>
internal static class NoQa
{
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        for (int at = 0; text[at..].IndexOf("# ") is >= 0 and var found;)
        {
            at += found + 2;
            ReadOnlySpan<char> word = text[at..];
            if (word.IsEmpty || word[0] is not ('n' or 'N')) continue;
            int length = word.StartsWith("noqa", StringComparison.OrdinalIgnoreCase) ? 4
                : word.StartsWith("nopep8", StringComparison.OrdinalIgnoreCase) ? 6 : 0;
            if (length > 0 && PythonText.IsBoundary(text, at + length)) return true;
        }
        return false;
    }
}
