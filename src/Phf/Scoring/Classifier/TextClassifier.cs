using System.Security.Cryptography;

namespace Phf.Scoring.Classifier;

/// <summary>
/// Logistic regression over hashed runs of words and characters (<see cref="TextFeatures"/>): p = 1 / (1 + exp(-(slope f + intercept))),
/// f = (sum of the word features' weights) / sqrt(their number) + the same of the character features.
/// </summary>
/// <remarks>Weights are whole numbers of 8 bits and their sums exact, so a text has the same score on every machine that agrees on exp.</remarks>
public sealed class TextClassifier : IScorer
{
    private readonly sbyte[] _weights;

    internal TextClassifier(string name, FeatureOptions features, sbyte[] weights, double slope, double intercept)
    {
        (Features, _weights, Slope, Intercept) = (features, weights, slope, intercept);
        Id = $"{name}-{Convert.ToHexStringLower(SHA256.HashData(ClassifierFile.Bytes(this)).AsSpan(0, 6))}";
    }

    /// <summary>A name and 12 hexadecimal digits of the SHA-256 of the model, e.g. <c>toxicity/phf-0123456789ab</c>.</summary>
    public string Id { get; }

    public FeatureOptions Features { get; }

    /// <summary>Calibration: what f is multiplied by.</summary>
    public double Slope { get; }

    /// <summary>Calibration: what is added.</summary>
    public double Intercept { get; }

    internal ReadOnlySpan<sbyte> Weights => _weights;

    /// <summary>The toxicity model that comes with Phf; docs/toxicity-model.md says what it learned from and where it fails.</summary>
    public static TextClassifier BuiltInToxicity()
    {
        const string Resource = "Phf.Scoring.Classifier.toxicity.phfc";
        using Stream stream = typeof(TextClassifier).Assembly.GetManifestResourceStream(Resource)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return ClassifierFile.Read(bytes, Resource, "toxicity/phf");
    }

    /// <param name="path">A file, or the folder that <c>phf classifier train</c> wrote.</param>
    /// <param name="name">First part of the <see cref="Id"/>.</param>
    /// <exception cref="InvalidDataException">The file is no classifier, or damaged.</exception>
    /// <exception cref="IOException">There is no such file.</exception>
    public static TextClassifier FromFile(string path, string name = "classifier/phf")
    {
        bool isFolder = Directory.Exists(path);
        string file = isFolder ? Path.Combine(path, ClassifierFile.Name) : path;
        if (isFolder && !File.Exists(file))
            throw new FileNotFoundException($"{path} has no {ClassifierFile.Name}; name a folder that phf classifier train wrote{(name == "toxicity/phf" ? ", or one of an encoder with its config.json or .ckpt" : "")}");
        return ClassifierFile.Read(Formats.InputFile.ReadAll(file, ClassifierFile.MostBytes), file, name);
    }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++) scores[i] = 1 / (1 + Math.Exp(-((Slope * Margin(texts[i])) + Intercept)));
    }

    /// <summary>f, before calibration.</summary>
    internal double Margin(ReadOnlySpan<char> text)
    {
        var sums = new Sums(_weights);
        TextFeatures.Visit(text, Features, ref sums);
        return sums.Margin;
    }

    private struct Sums(sbyte[] weights) : IFeatureSink
    {
        private long _words, _characters;
        private int _wordCount, _characterCount;

        public readonly double Margin => (_words / Math.Sqrt(Math.Max(1, _wordCount))) + (_characters / Math.Sqrt(Math.Max(1, _characterCount)));

        public void Word(int place)
        {
            _words += weights[place];
            _wordCount++;
        }

        public void Characters(int place)
        {
            _characters += weights[place];
            _characterCount++;
        }
    }
}
