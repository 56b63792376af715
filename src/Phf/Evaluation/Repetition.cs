namespace Phf.Evaluation;

/// <summary>Repetition within one text, given as word ids: the sign of a model that got stuck.</summary>
internal static class Repetition
{
    private const int FewestRounds = 3;

    /// <summary>1 - (different n-grams) / (n-grams) of a text with at least one.</summary>
    public static double RepeatedShare(ReadOnlySpan<int> words, int order)
    {
        var ids = new NGramIds(order);
        var seen = new HashSet<int>();
        int total = words.Length - order + 1;
        for (int i = 0; i < total; i++)
        {
            int id = words[i];
            for (int k = 1; k < order; k++) id = ids.Extend(k, id, words[i + k]);
            seen.Add(id);
        }
        return 1 - (seen.Count / (double)total);
    }

    /// <summary>Words in the longest end of the text that is one phrase three times in a row or more, the first round perhaps cut; 0 without.</summary>
    public static int Loop(ReadOnlySpan<int> words)
    {
        int longest = 0;
        for (int period = 1; FewestRounds * period <= words.Length && longest < words.Length; period++)
        {
            int at = words.Length - 1;
            while (at >= period && words[at] == words[at - period]) at--;
            int run = words.Length - 1 - at + period;
            if (run >= FewestRounds * period) longest = Math.Max(longest, run);
        }
        return longest;
    }
}
