using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// Extensions behind a telephone number: ";ext=12", "ext. 12", "x12", "#12", "int 12", "- 12#", and when a number is parsed (not when it is
/// looked for) also ",,12", ";12" and ",12". The less clear the label, the fewer digits are believed.
/// </summary>
internal static class PhoneExtension
{
    private const int MaxAfterClearLabel = 20, MaxAfterLikelyLabel = 15, MaxAfterUnclearLabel = 9, MaxWithoutLabel = 6;

    /// <summary>Every label but the trailing '#' contains one of these, so a number without them has no extension.</summary>
    private static readonly SearchValues<char> LabelMarks = SearchValues.Create(";,#\uFF03~\uFF5ExX\uFF58\uFF38nN\uFF4E\uFF2E\u0434\u0414");

    /// <summary>The end of the extension that begins at <paramref name="begin"/> while a number is looked for, or -1.</summary>
    public static int FindEnd(ReadOnlySpan<char> text, int begin)
    {
        int end = Standard(text, begin);
        if (end < 0) end = Labelled(text, begin, ClearLabelLength, MaxAfterClearLabel);
        if (end < 0) end = Labelled(text, begin, UnclearLabelLength, MaxAfterUnclearLabel);
        return end < 0 ? HashSuffixed(text, begin) : end;
    }

    /// <summary>
    /// The leftmost place at or after <paramref name="from"/> where an extension begins that reaches the end of <paramref name="number"/>, or -1.
    /// </summary>
    public static int ParseBegin(ReadOnlySpan<char> number, int from)
    {
        if (!number.ContainsAny(LabelMarks)) return -1;
        for (int at = from; at < number.Length; at++)
        {
            if (Standard(number, at) == number.Length
                || Labelled(number, at, ClearLabelLength, MaxAfterClearLabel) == number.Length
                || Labelled(number, at, UnclearLabelLength, MaxAfterUnclearLabel) == number.Length
                || HashSuffixed(number, at) == number.Length
                || Labelled(number, at, DialledPauseLength, MaxAfterLikelyLabel, commaBeforeLabel: false) == number.Length
                || Labelled(number, at, CommasLength, MaxAfterUnclearLabel, commaBeforeLabel: false) == number.Length)
                return at;
        }
        return -1;
    }

    private static int Standard(ReadOnlySpan<char> text, int at)
    {
        const string Label = ";ext=";
        return PythonText.StartsWithIgnoringCase(text, at, Label) ? DigitsEnd(text, at + Label.Length, MaxAfterClearLabel) : -1;
    }

    /// <summary>Blanks (and commas), a label, at most one colon or full stop, blanks, commas and hyphens, digits, and maybe a '#'.</summary>
    private static int Labelled(ReadOnlySpan<char> text, int at, LabelLength labelLength, int maxDigits, bool commaBeforeLabel = true)
    {
        while (at < text.Length && (IsBlank(text[at]) || (commaBeforeLabel && text[at] == ','))) at++;
        int label = labelLength(text, at);
        if (label == 0) return -1;
        at += label;
        if (at < text.Length && text[at] is ':' or '.' or '\uFF0E') at++;
        while (at < text.Length && (IsBlank(text[at]) || text[at] is ',' or '-')) at++;
        at = DigitsEnd(text, at, maxDigits);
        return at >= 0 && at < text.Length && text[at] == '#' ? at + 1 : at;
    }

    private static int HashSuffixed(ReadOnlySpan<char> text, int at)
    {
        int begin = at;
        while (at < text.Length && text[at] is '-' or ' ') at++;
        if (at == begin) return -1;
        at = DigitsEnd(text, at, MaxWithoutLabel);
        return at >= 0 && at < text.Length && text[at] == '#' ? at + 1 : -1;
    }

    private delegate int LabelLength(ReadOnlySpan<char> text, int at);

    private static int ClearLabelLength(ReadOnlySpan<char> text, int at)
    {
        bool Has(ReadOnlySpan<char> text, int position, string letters) => PythonText.StartsWithIgnoringCase(text, position, letters);
        if (Has(text, at, "anexo")) return 5;
        if (Has(text, at, "\u0434\u043E\u0431")) return 3;
        int wide = at + (Has(text, at, "\uFF45") ? 1 : 0);
        if (Has(text, wide, "\uFF58\uFF54")) return wide + 2 + (Has(text, wide + 2, "\uFF4E") ? 1 : 0) - at;
        int end = at + (Has(text, at, "e") ? 1 : 0);
        if (!Has(text, end, "xt")) return 0;
        end += 2;
        if (Has(text, end, "ensi\u00F3")) end += 5;
        else if (Has(text, end, "ensio\u0301")) end += 6;
        else if (Has(text, end, "ensio")) end += 5;
        return end + (Has(text, end, "n") ? 1 : 0) - at;
    }

    private static int UnclearLabelLength(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return 0;
        if (PythonText.Fold(text[at]) is 'x' or '\uFF58' or '#' or '\uFF03' or '~' or '\uFF5E') return 1;
        return PythonText.StartsWithIgnoringCase(text, at, "int") || PythonText.StartsWithIgnoringCase(text, at, "\uFF49\uFF4E\uFF54") ? 3 : 0;
    }

    private static int DialledPauseLength(ReadOnlySpan<char> text, int at) =>
        at < text.Length && text[at] == ';' ? 1 : text[at..].StartsWith(",,") ? 2 : 0;

    private static int CommasLength(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        while (end < text.Length && text[end] == ',') end++;
        return end - at;
    }

    private static bool IsBlank(char c) => c is ' ' or '\u00A0' or '\t';

    private static int DigitsEnd(ReadOnlySpan<char> text, int at, int max)
    {
        int begin = at;
        while (at < text.Length && at - begin < max && char.IsDigit(text[at])) at++;
        return at == begin ? -1 : at;
    }
}
