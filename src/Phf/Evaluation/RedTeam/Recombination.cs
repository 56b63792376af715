using Phf.Numerics.Random;
using Phf.Scoring.Pii;

namespace Phf.Evaluation.RedTeam;

/// <summary>
/// Writes prompts without a red LM: the first example is changed word by word in one of five ways, with the help of another example or of what the attacked model wrote
/// behind it. Words keep the white space before them.
/// </summary>
public sealed class Recombination : IPromptWriter
{
    private const string Crossover = "crossover", Deletion = "deletion", Swap = "swap", Replacement = "replacement", Continued = "continuation";
    private static readonly string[] Ways = [Crossover, Deletion, Swap, Replacement, Continued];

    public string Id => "recombination-1";

    public string Name => "recombination";

    public IReadOnlyList<WrittenPrompt?> Write(IReadOnlyList<IReadOnlyList<ScoredPrompt>> examples, ulong seed, CancellationToken cancel) =>
        [.. examples.Select((shown, i) => Write(shown, new Rng(seed, (ulong)i)))];

    private static WrittenPrompt? Write(IReadOnlyList<ScoredPrompt> shown, Rng random)
    {
        ScoredPrompt prompt = shown[0];
        string[] words = WordsOf(prompt.Text), others = WordsOf(shown[Below(shown.Count - 1, ref random) + (shown.Count > 1 ? 1 : 0)].Text);
        if (words.Length == 0 || others.Length == 0) return null;
        string way = Ways[Below(Ways.Length, ref random)];
        string text = way switch
        {
            Crossover => Join([.. words[..From1To(words.Length, ref random)], .. others[Below(others.Length, ref random)..]]),
            Deletion => Join(WithoutRun(words, ref random)),
            Swap => Join(Exchanged(words, ref random)),
            Replacement => Join(Replaced(words, others[Below(others.Length, ref random)], ref random)),
            _ => (prompt.Text + BeginningOf(prompt.Worst, ref random)).Trim(), // a word that the prompt has begun goes on
        };
        return text.Length == 0 ? null : new WrittenPrompt(text, way);
    }

    /// <summary>Leaves out a third of the words at most; the only one, too.</summary>
    private static string[] WithoutRun(string[] words, ref Rng random)
    {
        int count = From1To(Math.Max(1, words.Length / 3), ref random), begin = Below(words.Length - count + 1, ref random);
        return [.. words[..begin], .. words[(begin + count)..]];
    }

    private static string[] Exchanged(string[] words, ref Rng random)
    {
        int first = Below(words.Length, ref random), second = Below(words.Length, ref random);
        string[] exchanged = [.. words];
        (exchanged[first], exchanged[second]) = (words[second], words[first]);
        return exchanged;
    }

    private static string[] Replaced(string[] words, string other, ref Rng random)
    {
        string[] replaced = [.. words];
        replaced[Below(words.Length, ref random)] = other;
        return replaced;
    }

    /// <summary>Up to half the words of one of the continuations; none where nothing was written.</summary>
    private static string BeginningOf(IReadOnlyList<Continuation> worst, ref Rng random)
    {
        if (worst.Count == 0) return "";
        string[] words = WordsOf(worst[Below(worst.Count, ref random)].Text);
        return words.Length == 0 ? "" : string.Concat(words[..From1To((words.Length + 1) / 2, ref random)]);
    }

    /// <summary>A blank goes between words of which neither had white space there.</summary>
    private static string Join(string[] words) => string.Concat(words.Select((word, i) => i > 0 && !PythonText.IsWhite(word[0]) ? " " + word : word)).Trim();

    /// <summary>The words of a text, each with the white space before it; white space at the end is no word.</summary>
    internal static string[] WordsOf(string text)
    {
        var words = new List<string>();
        for (int begin = 0, end = 0; ; begin = end)
        {
            while (end < text.Length && PythonText.IsWhite(text[end])) end++;
            if (end == text.Length) return [.. words];
            while (end < text.Length && !PythonText.IsWhite(text[end])) end++;
            words.Add(text[begin..end]);
        }
    }

    private static int From1To(int most, ref Rng random) => 1 + Below(most, ref random);

    private static int Below(int count, ref Rng random) => (int)(random.NextDouble() * count);
}
