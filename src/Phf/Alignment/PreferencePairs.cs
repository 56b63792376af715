using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>A prompt and a text as tokens.</summary>
/// <param name="Tokens">End-of-text, the prompt, the text, and end-of-text where the text ends.</param>
/// <param name="Start">Tokens of the prompt, the first one included.</param>
internal sealed record PromptedText(int[] Tokens, int Start)
{
    /// <summary>Tokens of the text.</summary>
    public int Length => Tokens.Length - Start;

    /// <summary>log p of each text given its prompt.</summary>
    public static double[] LogProbs(Gpt2 model, IReadOnlyList<PromptedText> texts) =>
        [.. SequenceLogProbs.Of(model, [.. texts.Select(text => text.Tokens)]).Select((logs, i) => logs[(texts[i].Start - 1)..].Sum(log => (double)log))];

    /// <summary>With one weight for all tokens of the text.</summary>
    public WeightedText Weighted(double weight)
    {
        double[] weights = new double[Tokens.Length - 1];
        Array.Fill(weights, weight, Start - 1, Length);
        return new WeightedText(Tokens, weights);
    }
}

/// <summary>A better and a worse text.</summary>
internal sealed record PreferencePair(PromptedText Chosen, PromptedText Rejected);

/// <summary>What the offline methods learn from.</summary>
internal static class PreferencePairs
{
    private const int MostNamed = 8; // lines that a message names

    /// <summary>The pairs of a step: all in turn, in a new order each time.</summary>
    public static PreferencePair[] OfStep(AlignmentPlan plan, long step)
    {
        long first = (step - 1) * plan.TextsPerStep, count = plan.Pairs.Count;
        return [.. Enumerable.Range(0, plan.TextsPerStep).Select(i =>
        {
            var order = new Permutation(count, (ulong)plan.Section.Training.Seed, (first + i) / count);
            return plan.Pairs[(int)order[(first + i) % count]];
        })];
    }

    /// <exception cref="InvalidDataException">A line is no pair, sides are empty, or there is nothing on one side; with numbers.</exception>
    public static IReadOnlyList<PreferencePair> Read(AlignmentSection section, BpeTokenizer tokenizer, TagTokens tags, int maxLength)
    {
        var encoder = new Encoder(tokenizer, tags, maxLength);
        IReadOnlyList<PreferencePair> pairs = section.Preferences.Pairs is { } path
            ? FromPairs(path, encoder)
            : FromScored(section.Preferences, (ulong)section.Training.Seed, encoder);
        if (pairs.Count >= section.Training.SequencesPerStep) return pairs;
        throw new InvalidDataException($"{section.Preferences.Pairs ?? section.Preferences.Scored}: {pairs.Count} pairs, fewer than the {section.Training.SequencesPerStep} of a step; "
            + "lower training.effective_batch_size or give more");
    }

    private static List<PreferencePair> FromPairs(string path, Encoder encoder)
    {
        var pairs = new List<PreferencePair>();
        var empty = new List<long>();
        using LineReader lines = LineReader.Open(path);
        long read = 0;
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            read++;
            (string prompt, string chosen, string rejected) = Parse(lines);
            if (string.IsNullOrWhiteSpace(chosen) || string.IsNullOrWhiteSpace(rejected)) empty.Add(lines.Number);
            else pairs.Add(new PreferencePair(encoder.Encode(prompt, chosen, ends: true), encoder.Encode(prompt, rejected, ends: true)));
        }
        if (empty.Count == 0) return pairs;
        throw new InvalidDataException($"{path}: {empty.Count} of {read} pairs have an empty side (line{(empty.Count == 1 ? "" : "s")} {string.Join(", ", empty.Take(MostNamed))}"
            + $"{(empty.Count > MostNamed ? ", ..." : "")}); take them out");
    }

    private static (string Prompt, string Chosen, string Rejected) Parse(LineReader lines)
    {
        const string expected = "expected {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...} with texts";
        try
        {
            var reader = new Utf8JsonReader(lines.Line);
            using var json = JsonDocument.ParseValue(ref reader);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"{lines.Where}: no JSON object; {expected}");
            return (TextOf("prompt") ?? "", TextOf("chosen") ?? throw Missing("chosen"), TextOf("rejected") ?? throw Missing("rejected"));

            string? TextOf(string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
            InvalidDataException Missing(string name) => new($"{lines.Where}: no field '{name}'; {expected}");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{lines.Where}: {problem.Message}; {expected}", problem);
        }
    }

    private static PreferencePair[] FromScored(PreferenceSection section, ulong seed, Encoder encoder)
    {
        List<PromptedText> good = [], bad = [];
        foreach (ScoredDocument document in ScoredFile.Read(section.Scored!))
            foreach ((string prompt, string text, double score, bool ends) in section.Unit == "document" ? Whole(document) : Segments(document))
                if (!string.IsNullOrWhiteSpace(text)) (score > section.Threshold ? bad : good).Add(encoder.Encode(prompt, text, ends));
        if (good.Count == 0 || bad.Count == 0)
            throw new InvalidDataException($"{section.Scored}: {good.Count} {section.Unit}s have a score of at most {section.Threshold} and {bad.Count} one above; both sides are needed, so move preferences.threshold");
        var order = new Permutation(good.Count, seed, epoch: 0);
        var otherOrder = new Permutation(bad.Count, seed, epoch: 1);
        return [.. Enumerable.Range(0, Math.Min(good.Count, bad.Count)).Select(i => new PreferencePair(good[(int)order[i]], bad[(int)otherOrder[i]]))];
    }

    private static IEnumerable<(string Prompt, string Text, double Score, bool Ends)> Whole(ScoredDocument document) =>
        [("", string.Concat(document.Texts), document.AvgScore, true)];

    private static IEnumerable<(string Prompt, string Text, double Score, bool Ends)> Segments(ScoredDocument document) =>
        document.Texts.Select((text, s) => (string.Concat(document.Texts.Take(s)), text, document.Scores[s], s == document.Texts.Length - 1));

    /// <summary>Of a prompt that is too long the end is kept, of a text the beginning.</summary>
    private sealed class Encoder(BpeTokenizer tokenizer, TagTokens tags, int maxLength)
    {
        public PromptedText Encode(string prompt, string text, bool ends)
        {
            int[] before = prompt.Length == 0 ? [] : tags.Encode(prompt), written = [.. tokenizer.Encode(text), .. ends ? (int[])[tokenizer.EndOfTextId] : []];
            int room = Math.Max(maxLength - 1 - written.Length, (maxLength - 1) / 2); // for the prompt
            if (before.Length > room) before = before[^room..];
            int[] tokens = [tokenizer.EndOfTextId, .. before, .. written];
            return new PromptedText(tokens.Length > maxLength ? tokens[..maxLength] : tokens, before.Length + 1);
        }
    }
}
