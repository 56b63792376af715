using System.Text.Json;
using Phf.Formats;

namespace Phf.Scoring.Toxicity;

/// <summary>Reads and checks <c>{"vocab": {word: index}, "idf": [...], "classifiers": [{"coef": [...], "intercept", "a", "b"}]}</c>.</summary>
internal static class LinearModelReader
{
    private const int MostClassifiers = 64, MostBytes = 1 << 28;
    private const string TokenPattern = @"(?u)\b\w\w+\b";

    public static LinearToxicityScorer Read(string path)
    {
        byte[] bytes = InputFile.ReadAll(path, MostBytes);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            JsonElement root = document.RootElement;
            CheckKind(root);
            double[] idf = Numbers(root.GetProperty("idf"), "idf");
            if (idf.Length == 0) throw new FormatException("it has no words");
            string[] words = Words(root.GetProperty("vocab"), idf.Length);
            LinearClassifier[] classifiers = [.. root.GetProperty("classifiers").EnumerateArray().Select(item => Classifier(item, idf.Length))];
            if (classifiers.Length is 0 or > MostClassifiers) throw new FormatException($"{classifiers.Length} classifiers; 1 to {MostClassifiers} were expected");
            return new LinearToxicityScorer(words, idf, classifiers, bytes);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidDataException(
                $"{path}: no linear toxicity model ({problem.Message}); expected are JSON's vocab, idf and classifiers (docs/formats.md)", problem);
        }
    }

    /// <summary>What a model may say about how its texts are read; another way would give other scores silently.</summary>
    private static void CheckKind(JsonElement root)
    {
        if (root.TryGetProperty("tokenPattern", out JsonElement pattern) && pattern.GetString() != TokenPattern)
            throw new FormatException($"tokenPattern is '{pattern.GetString()}', only '{TokenPattern}' is known");
        if (root.TryGetProperty("lowercase", out JsonElement lowercase) && !lowercase.GetBoolean()) throw new FormatException("lowercase is false, only true is known");
        if (root.TryGetProperty("norm", out JsonElement norm) && norm.GetString() != "l2") throw new FormatException($"norm is '{norm.GetString()}', only 'l2' is known");
    }

    private static string[] Words(JsonElement vocabulary, int count)
    {
        var words = new string?[count];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            int index = entry.Value.GetInt32();
            if (index < 0 || index >= count) throw new FormatException($"the word number {index} is outside the {count} of idf");
            if (words[index] is not null || !seen.Add(entry.Name)) throw new FormatException($"the word number {index} or its word appears twice");
            if (entry.Name.Length == 0) throw new FormatException($"the word number {index} is empty");
            words[index] = entry.Name;
        }
        int missing = Array.IndexOf(words, null);
        return missing < 0 ? [.. words.Select(word => word!)] : throw new FormatException($"no word has the number {missing}");
    }

    private static LinearClassifier Classifier(JsonElement item, int words)
    {
        double[] coefficients = Numbers(item.GetProperty("coef"), "coef");
        if (coefficients.Length != words) throw new FormatException($"a classifier has {coefficients.Length} coefficients for {words} words");
        return new LinearClassifier(
            coefficients, Number(item.GetProperty("intercept"), "intercept"), Number(item.GetProperty("a"), "a"), Number(item.GetProperty("b"), "b"));
    }

    private static double[] Numbers(JsonElement list, string name) => [.. list.EnumerateArray().Select(item => Number(item, name))];

    private static double Number(JsonElement item, string name)
    {
        double number = item.GetDouble();
        return double.IsFinite(number) ? number : throw new FormatException($"'{name}' has a number that is not finite");
    }
}
