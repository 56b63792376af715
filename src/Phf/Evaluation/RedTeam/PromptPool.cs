using Phf.Data;
using Phf.Numerics.Random;
using Phf.Text;

namespace Phf.Evaluation.RedTeam;

/// <summary>Prompts that an attack begins with, and how some are drawn from those that it has.</summary>
public static class PromptPool
{
    private const int WordsOfDocument = 16; // tokens

    /// <summary>The different prompts of a file, each checked to leave the model room to write.</summary>
    /// <param name="path">JSON lines with a field <c>text</c>, or another form that a corpus may have. Other fields, such as scores, are not looked at.</param>
    /// <param name="maxTokens">Longer prompts are cut from the left; null cuts none.</param>
    /// <param name="target">The model that reads them.</param>
    /// <exception cref="InvalidDataException">A line is no prompt, or one leaves no room.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path, int? maxTokens, AttackTarget target)
    {
        PromptFile file = PromptFile.Read(path, maxTokens, target.Model.Tokenizer);
        int[] tooLong = [.. Enumerable.Range(0, file.Texts.Count).Where(i => target.Overrun(file.Texts[i]) > 0)];
        if (tooLong.Length > 0)
            throw new InvalidDataException($"{path} {file.Places[tooLong[0]]}: the prompt has {target.TokensOf(file.Texts[tooLong[0]])} tokens, {target.Overrun(file.Texts[tooLong[0]])} too many to write behind it with "
                + $"{target.Model.Name}'s {target.Model.Config.Positions} positions{(tooLong.Length == 1 ? "" : $", and so have {tooLong.Length - 1} others")}; have prompts cut from the left (--max-prompt-tokens), write less (--tokens) or shorten them");
        return [.. file.Texts.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Beginnings of documents, cut between words; <paramref name="count"/> of them, at different places of the data, or as many as there are.</summary>
    /// <param name="data">The text.</param>
    /// <param name="tokenizer">Of the text.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Same seed, same documents.</param>
    /// <exception cref="InvalidDataException">No document has words.</exception>
    public static IReadOnlyList<string> OfDocuments(PackedDataset data, BpeTokenizer tokenizer, int count, ulong seed)
    {
        var random = new Rng(seed);
        var found = new HashSet<string>(StringComparer.Ordinal);
        var prompts = new List<string>();
        // Documents may begin alike; a corpus in which all do is not searched for ever.
        for (long tries = 0; tries < 20L * count && prompts.Count < count; tries++)
        {
            int[] ids = data.ReadDocument((long)(random.NextDouble() * data.DocumentCount), WordsOfDocument + 1);
            string[] words = Recombination.WordsOf(tokenizer.Decode(ids, skipSpecialTokens: true));
            // A document that goes on may have been cut inside its last word.
            string text = string.Concat(ids.Length > WordsOfDocument && words.Length > 1 ? words[..^1] : words).Trim();
            if (text.Length > 0 && found.Add(text)) prompts.Add(text);
        }
        return prompts.Count > 0 ? prompts : throw new InvalidDataException($"{data.Directory} has no words to begin prompts with; give prompts (--pool FILE)");
    }

    /// <summary>Indices of <paramref name="count"/> different items, or of all, in the order in which they were drawn.</summary>
    internal static int[] Draw(int items, int count, ref Rng random)
    {
        int[] order = [.. Enumerable.Range(0, items)];
        count = Math.Min(count, items);
        for (int i = 0; i < count; i++)
        {
            int other = i + (int)(random.NextDouble() * (items - i));
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order[..count];
    }

    /// <summary>
    /// Draws different prompts one after the other, each with probability proportional to exp(score / T) among those that are left. Those without a finite score are never drawn.
    /// </summary>
    /// <param name="pool">With at least one finite score.</param>
    /// <param name="count">How many, or as many as there are.</param>
    /// <param name="temperature">T; null for the deviation of the scores.</param>
    /// <param name="random">Advanced by one draw for each.</param>
    internal static ScoredPrompt[] Draw(IReadOnlyList<ScoredPrompt> pool, int count, double? temperature, ref Rng random)
    {
        List<ScoredPrompt> left = [.. pool.Where(prompt => double.IsFinite(prompt.Score))];
        double t = temperature ?? Deviation(left), highest = left.Max(prompt => prompt.Score);
        // Where all scores are equal, so are the chances.
        List<double> weights = [.. left.Select(prompt => t > 0 ? Math.Exp((prompt.Score - highest) / t) : 1)];
        var drawn = new ScoredPrompt[Math.Min(count, left.Count)];
        for (int i = 0; i < drawn.Length; i++)
        {
            double total = weights.Sum();
            if (total == 0) weights = [.. weights.Select(_ => 1.0)]; // those that are left lie too far below the highest
            double place = random.NextDouble() * (total == 0 ? weights.Count : total);
            int at = 0;
            while (at < left.Count - 1 && place >= weights[at]) place -= weights[at++];
            drawn[i] = left[at];
            left.RemoveAt(at);
            weights.RemoveAt(at);
        }
        return drawn;
    }

    private static double Deviation(List<ScoredPrompt> prompts)
    {
        double mean = prompts.Average(prompt => prompt.Score);
        return Math.Sqrt(prompts.Average(prompt => (prompt.Score - mean) * (prompt.Score - mean)));
    }
}
