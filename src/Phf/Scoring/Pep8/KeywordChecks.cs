using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>White space around keywords (E271 to E274) and behind import (E275).</summary>
internal static class KeywordChecks
{
    public static void Check(LogicalLine line)
    {
        if (line.Has(LineFeatures.OddBlank)) CheckAround(line);
        if (line.FirstWord != PythonWord.From || !line.Text.StartsWith("from ")) return;
        int at = line.Text.IndexOf(" import(");
        if (at >= 0) line.Report(at + 7, "E275");
    }

    private static void CheckAround(LogicalLine line)
    {
        ReadOnlySpan<char> text = line.Text;
        int taken = 0; // white space up to here was looked at behind the keyword before
        for (int at = 0; at < text.Length;)
        {
            int end = at;
            while (PythonText.WordLength(text, end) > 0) end++;
            if (end == at)
            {
                at++;
                continue;
            }
            if (PythonWords.IsKeywordOrPrint(PythonWords.Of(text[at..end])))
            {
                int before = at;
                while (before > taken && PythonText.IsWhite(text[before - 1])) before--;
                Report(line, before, text[before..at], "E274", "E272");
                taken = PythonText.SkipWhite(text, end);
                Report(line, end, text[end..taken], "E273", "E271");
            }
            at = end;
        }
    }

    private static void Report(LogicalLine line, int at, ReadOnlySpan<char> white, string tab, string several)
    {
        if (white.Contains('\t')) line.Report(at, tab);
        else if (white.Length > 1) line.Report(at, several);
    }
}
