using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Comparisons with None, True and False (E711, E712), negated ones (E713, E714), and of types (E721).</summary>
internal static class ComparisonChecks
{
    public static void Check(LogicalLine line)
    {
        if (line.Has(LineFeatures.Negation | LineFeatures.OddBlank)) CheckNegated(line, line.Text);
        if (line.IsExempt) return;
        if (line.Has(LineFeatures.Singleton) && line.Has(LineFeatures.LongOperator)) CheckSingletons(line, line.Text);
        if (line.Has(LineFeatures.TypeLike)) CheckTypes(line, line.Text);
    }

    private static void CheckSingletons(LogicalLine line, ReadOnlySpan<char> text)
    {
        int taken = 0; // a match ended here
        for (int at = 0; text[at..].IndexOf('=') is >= 0 and var found;)
        {
            int equals = at + found;
            at = equals + 1;
            // The operator is this sign and the one before it, or this one and the one behind.
            foreach (int start in (ReadOnlySpan<int>)[equals - 1, equals])
            {
                if (start < taken || start + 2 > text.Length || text[start] is not ('=' or '!') || text[start + 1] != '=') continue;
                if (start == equals - 1 && text[start] == '=') continue; // seen from the sign before
                if (SingletonAround(text, start, taken, out int end) is not { } isNone) continue;
                line.Report(start, isNone ? "E711" : "E712");
                taken = end;
                at = Math.Max(at, end);
                break;
            }
        }
    }

    /// <summary>Whether None (true) or True or False (false) is compared by the operator at <paramref name="start"/>; null if none of them.</summary>
    private static bool? SingletonAround(ReadOnlySpan<char> text, int start, int taken, out int end)
    {
        int left = start;
        while (left > taken && PythonText.IsWhite(text[left - 1])) left--;
        int right = PythonText.SkipWhite(text, start + 2);
        end = right;
        int word = left;
        while (word > taken && char.IsAsciiLetter(text[word - 1]) && left - word < 6) word--;
        if (PythonWords.IsSingleton(text[word..left]) && PythonText.IsBoundary(text, word) && PythonText.IsBoundary(text, right)) return text[word] == 'N';
        foreach (string singleton in (ReadOnlySpan<string>)["None", "False", "True"])
        {
            end = right + singleton.Length;
            if (text[right..].StartsWith(singleton) && PythonText.IsBoundary(text, end)) return singleton[0] == 'N';
        }
        return null;
    }

    /// <summary>
    /// The first "not X in" or "not X is" with X free of blanks and brackets, found by following all beginnings at once; each state holds the
    /// leftmost beginning that has reached it.
    /// </summary>
    private static void CheckNegated(LogicalLine line, ReadOnlySpan<char> text)
    {
        if (text.IndexOf("not") < 0) return;
        const int none = int.MaxValue;
        int behindNot = none, inGap = none, inOperand = none, behindOperand = none, best = none;
        bool bestIsIn = false;
        for (int at = 0; at < text.Length; at++)
        {
            if (best != none && Math.Min(Math.Min(behindNot, inGap), Math.Min(inOperand, behindOperand)) > best) break;
            char c = text[at];
            if (c == 'i' && behindOperand <= best && at + 2 < text.Length && text[at + 1] is 'n' or 's' && PythonText.IsWhite(text[at + 2]))
                (best, bestIsIn) = (behindOperand, text[at + 1] == 'n');
            bool isWhite = PythonText.IsWhite(c);
            bool isOperand = c is not (']' or '[' or ')' or '(' or '}' or '{' or ' ');
            int operand = isOperand ? Math.Min(inGap, inOperand) : none;
            behindOperand = isWhite ? Math.Min(inOperand, behindOperand) : none;
            inGap = isWhite ? Math.Min(behindNot, inGap) : none;
            inOperand = operand;
            behindNot = c == 't' && at >= 2 && best == none && IsNot(text, at - 2) ? at - 2 : none;
        }
        if (best != none) line.Report(best, bestIsIn ? "E713" : "E714");
    }

    /// <summary>The word "not" begins here, and no "is" and one blank stand before it.</summary>
    private static bool IsNot(ReadOnlySpan<char> text, int at) => text[at..].StartsWith("not") && PythonText.IsBoundary(text, at)
        && !(at >= 3 && PythonText.IsWhite(text[at - 1]) && text[at - 2] == 's' && text[at - 3] == 'i');

    private static void CheckTypes(LogicalLine line, ReadOnlySpan<char> text)
    {
        if (text.IndexOf("type") < 0) return;
        int close = -1; // the first closing bracket behind the last opening one that was looked at
        for (int at = 0; at + 2 < text.Length; at++)
        {
            bool isIs = text[at] == 'i' && text[at + 1] == 's';
            if (!isIs && !(text[at] is '=' or '!' && text[at + 1] == '=')) continue;
            int word = PythonText.SkipWhite(text, at + 2);
            if (word == at + 2) continue;
            if (isIs && text[word..].StartsWith("not"))
            {
                int behind = PythonText.SkipWhite(text, word + 3);
                word = behind == word + 3 ? word : behind;
            }
            if (!text[word..].StartsWith("type") || !IsType(text, word + 4, ref close, out ReadOnlySpan<char> inside)) continue;
            if (PythonWords.IsSingleton(inside) || !PythonSource.IsIdentifier(inside)) line.Report(at, "E721");
            return;
        }
    }

    /// <summary>Behind "type": s.NameType, or brackets with something <paramref name="inside"/>.</summary>
    private static bool IsType(ReadOnlySpan<char> text, int at, ref int close, out ReadOnlySpan<char> inside)
    {
        inside = default;
        if (at + 1 < text.Length && text[at] == 's' && text[at + 1] != '\n')
        {
            int end = at + 2;
            while (PythonText.WordLength(text, end) > 0) end++;
            return end - at > 3 && text[(at + 3)..end].IndexOf("Type") >= 0;
        }
        int open = PythonText.SkipWhite(text, at);
        if (open >= text.Length || text[open] != '(') return false;
        if (close < open) close = text[open..].IndexOf(')') is >= 0 and var found ? open + found : text.Length;
        if (close == text.Length) return false;
        ReadOnlySpan<char> all = text[(open + 1)..close].TrimEnd(' ');
        if (all.IsEmpty) return false;
        int start = PythonText.SkipWhite(all, 0);
        inside = all[Math.Min(start, all.Length - 1)..];
        return true;
    }
}
