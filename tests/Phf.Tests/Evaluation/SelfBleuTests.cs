using System.Diagnostics;
using System.Text.Json;
using Phf.Evaluation;

namespace Phf.Tests.Evaluation;

/// <summary>Self-BLEU against the recorded numbers of nltk (golden/metrics) and against a literal transcription of the formula.</summary>
public sealed class SelfBleuTests
{
    [GoldenFact]
    public void RecordedTexts_EqualNltk()
    {
        JsonElement golden = Golden("golden.json");
        string[] texts = Texts("texts.json");
        Check(golden.GetProperty("self_bleu_5_words"), SelfBleu.OfWordsPerText(texts, 5), SelfBleu.OfWords(texts));
        Check(golden.GetProperty("self_bleu_4_words"), SelfBleu.OfWordsPerText(texts, 4), SelfBleu.OfWords(texts, 4));
        Check(golden.GetProperty("self_bleu_2_words"), SelfBleu.OfWordsPerText(texts, 2), SelfBleu.OfWords(texts, 2));
        Check(golden.GetProperty("self_bleu_5_characters"), SelfBleu.OfCharactersPerText(texts, 5), SelfBleu.OfCharacters(texts));
        Assert.Equal(golden.GetProperty("self_bleu_5_reference_characters").GetDouble(), SelfBleu.OfCharacters(texts), 1e-12);
        Assert.Equal(golden.GetProperty("self_bleu_3_reference_characters").GetDouble(), SelfBleu.OfCharacters(texts, 3), 1e-12);
    }

    [GoldenFact]
    public void MoreThan200Texts_SeeTheFirst200Others()
    {
        JsonElement golden = Golden("golden.json").GetProperty("over_200_texts");
        string[] texts = Texts("texts_over_200.json");
        Check(golden.GetProperty("self_bleu_5_words_first_200_references"), SelfBleu.OfWordsPerText(texts, 5), SelfBleu.OfWords(texts));
        Assert.Equal(golden.GetProperty("self_bleu_3_words").GetDouble(), SelfBleu.OfWords(texts, 3), 1e-12);
    }

    /// <summary>Around the cap: 199 to 203 texts, repeated n-grams, empty texts and texts shorter than the order.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(199)]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(203)]
    public void AnyNumberOfTexts_EqualsTheFormula(int count)
    {
        string[] texts = [.. Enumerable.Range(0, count).Select(i => string.Join(' ', Enumerable.Range(0, i % 9).Select(k => "abcab"[(i * 7 + k * (1 + i % 3)) % 5])))];
        double[] found = SelfBleu.OfWordsPerText(texts, 3);
        for (int t = 0; t < count; t++) Assert.Equal(Literal(texts, t, 3), found[t], 1e-12);
        if (count > 100) Assert.Contains(found, value => value is > 0 and < 1);
    }

    [Fact]
    public void OneText_HasNoOther_AndEqualTextsAreOne()
    {
        Assert.True(double.IsNaN(SelfBleu.OfWords(["a b c"])));
        Assert.True(double.IsNaN(SelfBleu.OfCharacters([])));
        Assert.Equal(1, SelfBleu.OfWords(["a b c d e f", "a b c d e f"]), 1e-15);
    }

    /// <summary>Quadratic work would take minutes here.</summary>
    [Fact]
    public void FourThousandTexts_TakeSeconds()
    {
        string[] texts = [.. Enumerable.Range(0, 4096).Select(i => string.Join(' ', Enumerable.Range(0, 60).Select(k => (i * 31 + k * k * 7) % 500)))];
        var clock = Stopwatch.StartNew();
        Assert.InRange(SelfBleu.OfWords(texts), 0, 1);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}");
    }

    private static double Literal(string[] texts, int own, int order)
    {
        string[] words = texts[own].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[][] references = [.. texts.Where((_, t) => t != own).Take(200).Select(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        double sum = 0;
        for (int n = 1; n <= order; n++)
        {
            Dictionary<string, int> counts = Counts(words, n);
            int matches = counts.Sum(pair => Math.Min(pair.Value, references.Max(reference => Counts(reference, n).GetValueOrDefault(pair.Key))));
            if (n == 1 && matches == 0) return 0;
            sum += Math.Log((matches == 0 ? 0.1 : matches) / Math.Max(1, counts.Values.Sum())) / order;
        }
        int closest = references.Select(reference => reference.Length).OrderBy(length => Math.Abs(length - words.Length)).ThenBy(length => length).First();
        return Math.Exp(sum) * (words.Length > closest ? 1 : Math.Exp(1 - closest / (double)words.Length));
    }

    private static Dictionary<string, int> Counts(string[] words, int n) =>
        Enumerable.Range(0, Math.Max(0, words.Length - n + 1)).Select(i => string.Join(' ', words[i..(i + n)])).GroupBy(gram => gram).ToDictionary(group => group.Key, group => group.Count());

    private static void Check(JsonElement expected, double[] perText, double mean)
    {
        double[] recorded = [.. expected.GetProperty("per_text").EnumerateArray().Select(value => value.GetDouble())];
        Assert.Equal(recorded.Length, perText.Length);
        for (int i = 0; i < recorded.Length; i++) Assert.Equal(recorded[i], perText[i], 1e-12);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), mean, 1e-12);
    }

    private static JsonElement Golden(string name) => JsonDocument.Parse(File.ReadAllText(Shared.Golden("metrics", name))).RootElement;

    private static string[] Texts(string name) => [.. Golden(name).EnumerateArray().Select(text => text.GetString()!)];
}
