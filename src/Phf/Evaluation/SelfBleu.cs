using System.Text;

namespace Phf.Evaluation;

/// <summary>
/// Self-BLEU (Zhu et al. 2018): how much each text repeats the others, as the mean over texts of BLEU (Papineni et al. 2002) with the other texts as
/// references; 1 where all say the same. As the reference computes it: equal weights for 1- to n-grams, 0.1 matches where an order has none (smoothing method 1
/// of Chen and Cherry 2014), the first 200 other texts as references, brevity by the closest reference length. Time is linear in the text: the
/// clipping counts of all references stand in one table that also knows the second best, for the text that holds the best itself.
/// </summary>
public static class SelfBleu
{
    /// <summary>References of each text at most.</summary>
    public const int MostReferences = 200;

    private const double Smoothing = 0.1;

    /// <summary>By words (split at white space as Python's <c>str.split</c>); NaN with fewer than two texts.</summary>
    public static double OfWords(IReadOnlyList<string> texts, int order = 5) => Mean(PerText(WordIds(texts), order));

    /// <summary>By characters (code points), as the reference's <c>SelfBlEU</c> does, which hands strings to a function that wants words.</summary>
    public static double OfCharacters(IReadOnlyList<string> texts, int order = 5) => Mean(PerText(CharacterIds(texts), order));

    /// <summary>BLEU of each text by words.</summary>
    internal static double[] OfWordsPerText(IReadOnlyList<string> texts, int order) => PerText(WordIds(texts), order);

    /// <summary>BLEU of each text by characters.</summary>
    internal static double[] OfCharactersPerText(IReadOnlyList<string> texts, int order) => PerText(CharacterIds(texts), order);

    private static double Mean(double[] perText) => perText.Length < 2 ? double.NaN : perText.Sum() / perText.Length;

    internal static int[][] WordIds(IReadOnlyList<string> texts)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        var words = new List<int>();
        return [.. texts.Select(text =>
        {
            Words.ReadIds(text, ids, words);
            return words.ToArray();
        })];
    }

    private static int[][] CharacterIds(IReadOnlyList<string> texts) => [.. texts.Select(text => text.EnumerateRunes().Select(rune => rune.Value).ToArray())];

    private static double[] PerText(int[][] texts, int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        var table = new ReferenceCounts(order);
        // A text among the first 200 does not count itself, so it also sees the 201st.
        for (int t = 0; t < Math.Min(texts.Length, MostReferences + 1); t++) table.Add(t, texts[t]);
        return [.. texts.Select((text, t) => Bleu(table.Matches(t, text), text.Length, ClosestLength(texts, t)))];
    }

    /// <param name="matches">For each order the n-grams that references have too, clipped.</param>
    /// <param name="length">Units of the text.</param>
    /// <param name="closest">Units of the reference whose length is closest.</param>
    private static double Bleu(int[] matches, int length, int closest)
    {
        if (matches[0] == 0) return 0;
        double sum = 0;
        for (int n = 1; n <= matches.Length; n++)
        {
            int all = Math.Max(1, length - n + 1);
            sum += Math.Log((matches[n - 1] == 0 ? Smoothing : matches[n - 1]) / all) / matches.Length;
        }
        double brevity = length > closest ? 1 : Math.Exp(1 - closest / (double)length);
        return brevity * Math.Exp(sum);
    }

    /// <summary>The shorter of two that are equally close.</summary>
    private static int ClosestLength(int[][] texts, int own)
    {
        int closest = 0, best = int.MaxValue;
        for (int t = 0, references = 0; t < texts.Length && references < MostReferences; t++)
        {
            if (t == own) continue;
            references++;
            int length = texts[t].Length, distance = Math.Abs(length - texts[own].Length);
            if (distance < best || (distance == best && length < closest)) (closest, best) = (length, distance);
        }
        return closest;
    }

    /// <summary>How often each n-gram stands in a reference at most.</summary>
    private sealed class ReferenceCounts(int order)
    {
        private readonly NGramIds _ids = new(order);
        private readonly Dictionary<int, Most>[] _most = [.. Enumerable.Range(0, order).Select(_ => new Dictionary<int, Most>())];
        private readonly Dictionary<int, int>[] _counts = [.. Enumerable.Range(0, order).Select(_ => new Dictionary<int, int>())];

        public void Add(int index, int[] text)
        {
            Count(text);
            for (int k = 0; k < order; k++)
                foreach ((int id, int count) in _counts[k])
                    _most[k][id] = _most[k].GetValueOrDefault(id).With(index, count);
        }

        public int[] Matches(int index, int[] text)
        {
            Count(text);
            var matches = new int[order];
            for (int k = 0; k < order; k++)
                foreach ((int id, int count) in _counts[k])
                    matches[k] += Math.Min(count, _most[k].GetValueOrDefault(id).For(index));
            return matches;
        }

        private void Count(int[] text)
        {
            for (int k = 0; k < order; k++) _counts[k].Clear();
            for (int i = 0; i < text.Length; i++)
            {
                int id = text[i];
                for (int k = 0; k < order && i + k < text.Length; k++)
                {
                    if (k > 0) id = _ids.Extend(k, id, text[i + k]);
                    _counts[k][id] = _counts[k].GetValueOrDefault(id) + 1;
                }
            }
        }
    }

    /// <summary>Highest count in one text, whose it is, the second highest, and the highest of the first 200 texts.</summary>
    private readonly record struct Most(int Count, int Owner, int Second, int OfFirst)
    {
        public Most With(int index, int count)
        {
            int ofFirst = index < MostReferences ? Math.Max(OfFirst, count) : OfFirst;
            return count > Count ? new Most(count, index, Count, ofFirst) : this with { Second = Math.Max(Second, count), OfFirst = ofFirst };
        }

        public int For(int index) => index >= MostReferences ? OfFirst : index == Owner ? Second : Count;
    }
}
