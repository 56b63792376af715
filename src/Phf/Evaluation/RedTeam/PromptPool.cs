using Phf.Data;
using Phf.Numerics.Random;

namespace Phf.Evaluation.RedTeam;

/// <summary>Prompts that an attack begins with, and how some are drawn from those that it has.</summary>
public static class PromptPool
{
    private const int TokensOfDocument = 16, TriesForOne = 20;

    /// <summary>The different prompts of a file, each checked to leave room to write.</summary>
    /// <param name="path">JSON lines with a field <c>text</c>, or another form that a corpus may have. Other fields, such as scores, are not looked at.</param>
    /// <param name="maxTokens">Longer prompts are cut from the left; null cuts none.</param>
    /// <param name="targets">The ways in which they are read, all of one model.</param>
    /// <exception cref="InvalidDataException">A line is no prompt, or one leaves no room.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path, int? maxTokens, IReadOnlyList<AttackTarget> targets)
    {
        LanguageModel model = targets[0].Model;
        PromptFile file = PromptFile.Read(path, maxTokens, model.Tokenizer);
        int[] tooLong = [.. Enumerable.Range(0, file.Texts.Count).Where(i => Overrun(file.Texts[i], targets) > 0)];
        if (tooLong.Length > 0)
            throw new InvalidDataException($"{path} {file.Places[tooLong[0]]}: the prompt has {targets[0].TokensOf(file.Texts[tooLong[0]])} tokens, {Overrun(file.Texts[tooLong[0]], targets)} too many for {model.Name}, which has "
                + $"{model.Config.Positions} positions for tags, prompt and continuation ({tooLong.Length} of {file.Texts.Count} prompts are too long); have prompts cut from the left (--max-prompt-tokens), write less (--tokens) or shorten them");
        return [.. file.Texts.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Different beginnings of documents, cut between words: <paramref name="count"/> of them, or as many as are found in twenty times as many draws.</summary>
    /// <param name="data">The text.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Same seed, same documents.</param>
    /// <param name="targets">The ways in which they are read, all of one model whose tokens the text has.</param>
    /// <exception cref="InvalidDataException">No document begins with words that leave room to write.</exception>
    public static IReadOnlyList<string> OfDocuments(PackedDataset data, int count, ulong seed, IReadOnlyList<AttackTarget> targets)
    {
        var random = new Rng(seed);
        var found = new HashSet<string>(StringComparer.Ordinal);
        var prompts = new List<string>();
        for (long tries = 0; tries < (long)TriesForOne * count && prompts.Count < count; tries++)
        {
            int[] ids = data.ReadDocument((long)(random.NextDouble() * data.DocumentCount), TokensOfDocument + 1);
            string[] words = Recombination.WordsOf(targets[0].Model.Tokenizer.Decode(ids, skipSpecialTokens: true));
            // A document that goes on may have been cut inside its last word.
            string text = string.Concat(ids.Length > TokensOfDocument && words.Length > 1 ? words[..^1] : words).Trim();
            if (text.Length > 0 && Overrun(text, targets) <= 0 && found.Add(text)) prompts.Add(text);
        }
        return prompts.Count > 0 ? prompts : throw new InvalidDataException($"{data.Directory} has no documents whose first words leave room to write; give prompts (--pool FILE), or write less (--tokens)");
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

    private static int Overrun(string prompt, IReadOnlyList<AttackTarget> targets) => targets.Max(target => target.Overrun(prompt));

    private static double Deviation(List<ScoredPrompt> prompts)
    {
        double mean = prompts.Average(prompt => prompt.Score);
        return Math.Sqrt(prompts.Average(prompt => (prompt.Score - mean) * (prompt.Score - mean)));
    }
}
