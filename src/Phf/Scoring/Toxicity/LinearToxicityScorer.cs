using System.Security.Cryptography;
using Phf.Scoring.Pii;

namespace Phf.Scoring.Toxicity;

/// <summary>
/// A linear model over TF-IDF words: the mean over its classifiers of 1 / (1 + exp(a f + b)) with f = coef . x + intercept. x has for each known
/// word of the lower-cased text (Python's <c>\b\w\w+\b</c>) its count times its idf, divided by the l2 norm; it is zero for a text without known words.
/// </summary>
/// <remarks>This is alt-profanity-check's model; docs/scorers.md tells how close the scores are. Scoring allocates nothing.</remarks>
public sealed class LinearToxicityScorer : IScorer
{
    private const uint HashSeed = 2166136261, HashPrime = 16777619; // FNV-1a, over UTF-16 units

    [ThreadStatic]
    private static Scratch? _scratch;

    private readonly LinearClassifier[] _classifiers;
    private readonly double[] _weights; // (words, 1 + classifiers): idf, then idf * coef of each classifier
    private readonly int _stride;
    private readonly int _longest;
    private readonly Slot[] _slots; // open addressing, at most a quarter full
    private readonly int[] _starts; // (words + 1): a word's place in _letters
    private readonly char[] _letters;

    internal LinearToxicityScorer(string[] words, double[] idf, LinearClassifier[] classifiers, byte[] file)
    {
        Id = "toxicity/linear-" + Convert.ToHexStringLower(SHA256.HashData(file).AsSpan(0, 6));
        _classifiers = classifiers;
        _stride = 1 + classifiers.Length;
        _weights = new double[words.Length * _stride];
        for (int word = 0; word < words.Length; word++)
        {
            _weights[word * _stride] = idf[word];
            for (int k = 0; k < classifiers.Length; k++) _weights[(word * _stride) + 1 + k] = idf[word] * classifiers[k].Coefficients[word];
        }
        _longest = words.Max(word => word.Length);
        _letters = string.Concat(words).ToCharArray();
        _starts = new int[words.Length + 1];
        _slots = new Slot[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)words.Length * 4)];
        for (int word = 0; word < words.Length; word++)
        {
            _starts[word + 1] = _starts[word] + words[word].Length;
            uint hash = HashSeed;
            foreach (char c in words[word]) hash = (hash ^ c) * HashPrime;
            uint place = Place(hash);
            while (_slots[place].Word != 0) place = (place + 1) & (uint)(_slots.Length - 1);
            _slots[place] = new Slot(hash, word + 1);
        }
    }

    /// <summary><c>toxicity/linear-</c> and 12 hexadecimal digits of the SHA-256 of the model file, as it is when unpacked.</summary>
    public string Id { get; }

    /// <summary>Reads a model in JSON, .gz by its extension; docs/formats.md has the fields.</summary>
    /// <exception cref="InvalidDataException">The file is no such model; the message says what is wrong.</exception>
    public static LinearToxicityScorer FromFile(string path) => LinearModelReader.Read(path);

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        Scratch scratch = _scratch ??= new Scratch();
        scratch.Fit(_starts.Length, _longest);
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i], scratch);
    }

    private double Score(ReadOnlySpan<char> text, Scratch scratch)
    {
        Span<double> sums = stackalloc double[_classifiers.Length];
        sums.Clear();
        double squares = CountWords(text, scratch, sums);
        double norm = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        double total = 0;
        for (int k = 0; k < sums.Length; k++)
        {
            LinearClassifier classifier = _classifiers[k];
            double f = (sums[k] * norm) + classifier.Intercept;
            total += 1 / (1 + Math.Exp((classifier.A * f) + classifier.B));
        }
        return total / sums.Length;
    }

    /// <summary>Adds each word's weights to <paramref name="sums"/>; returns the sum over different words of (count idf)^2.</summary>
    private double CountWords(ReadOnlySpan<char> text, Scratch scratch, Span<double> sums)
    {
        double squares = 0;
        Span<char> word = scratch.Word;
        int length = 0;
        uint hash = HashSeed;
        for (int at = 0; at <= text.Length;)
        {
            int step = 1;
            bool ends = false;
            char lower = at == text.Length ? '\0' : text[at] < 128 ? LowerAscii[text[at]] : LowerOther(text, at, out step, out ends);
            if (step == 2)
            {
                length += 2; // letters beyond U+FFFF keep their case: a model's words are compared as they are
                if (length <= word.Length) text.Slice(at, 2).CopyTo(word[(length - 2)..]);
                hash = (((hash ^ text[at]) * HashPrime) ^ text[at + 1]) * HashPrime;
            }
            else if (lower != '\0')
            {
                if (length < word.Length) word[length] = lower;
                length++;
                hash = (hash ^ lower) * HashPrime;
            }
            if (lower == '\0' || ends)
            {
                if (length > 1 && length <= word.Length) squares += Add(word[..length], hash, scratch, sums);
                (length, hash) = (0, HashSeed);
            }
            at += step;
        }
        foreach (int seen in scratch.Seen.AsSpan(0, scratch.SeenCount)) scratch.Counts[seen] = 0;
        scratch.SeenCount = 0;
        return squares;
    }

    /// <summary>Returns by how much the sum of (count idf)^2 grows: the square of n + 1 is that of n and 2 n + 1.</summary>
    private double Add(ReadOnlySpan<char> word, uint hash, Scratch scratch, Span<double> sums)
    {
        int index = Find(word, hash);
        if (index < 0) return 0;
        ReadOnlySpan<double> row = _weights.AsSpan(index * _stride, _stride);
        for (int k = 0; k < sums.Length; k++) sums[k] += row[k + 1];
        int before = scratch.Counts[index]++;
        if (before == 0) scratch.Seen[scratch.SeenCount++] = index;
        return row[0] * row[0] * ((2.0 * before) + 1);
    }

    private int Find(ReadOnlySpan<char> word, uint hash)
    {
        for (uint place = Place(hash); ; place = (place + 1) & (uint)(_slots.Length - 1))
        {
            Slot slot = _slots[place];
            if (slot.Word == 0) return -1;
            int index = slot.Word - 1;
            if (slot.Hash == hash && word.SequenceEqual(_letters.AsSpan(_starts[index], _starts[index + 1] - _starts[index]))) return index;
        }
    }

    private uint Place(uint hash) => (hash ^ (hash >> 15)) & (uint)(_slots.Length - 1);

    /// <summary>
    /// Lower case of the non-ASCII character at <paramref name="at"/>, which takes <paramref name="step"/> chars; 0 if it is no <c>\w</c>. Python lowers
    /// dotted capital I to i and a mark, which ends the word, and a capital sigma at the end of a word to its final form.
    /// </summary>
    private static char LowerOther(ReadOnlySpan<char> text, int at, out int step, out bool ends)
    {
        int length = PythonText.WordLength(text, at);
        (step, ends) = (Math.Max(length, 1), text[at] == '\u0130');
        if (length == 0) return '\0';
        if (ends) return 'i';
        if (text[at] == '\u03A3' && PythonText.IsWordBefore(text, at) && PythonText.WordLength(text, at + 1) == 0) return '\u03C2';
        return char.ToLowerInvariant(text[at]);
    }

    /// <summary>Lower case of the 128 ASCII characters; 0 for those that are no <c>\w</c>.</summary>
    private static readonly char[] LowerAscii =
        [.. Enumerable.Range(0, 128).Select(c => char.IsAsciiLetterOrDigit((char)c) || c == '_' ? char.ToLowerInvariant((char)c) : '\0')];

    private readonly record struct Slot(uint Hash, int Word); // Word counts from 1

    /// <summary>What one thread needs to count the words of a text; between texts every count is 0.</summary>
    private sealed class Scratch
    {
        public int[] Counts { get; private set; } = [];
        public int[] Seen { get; private set; } = [];
        public char[] Word { get; private set; } = [];
        public int SeenCount { get; set; }

        public void Fit(int words, int longest)
        {
            if (Counts.Length < words) (Counts, Seen) = (new int[words], new int[words]);
            if (Word.Length != longest) Word = new char[longest];
        }
    }
}

/// <summary>One of the classifiers whose probabilities are averaged: f = Coefficients . x + Intercept, p = 1 / (1 + exp(A f + B)).</summary>
internal sealed record LinearClassifier(double[] Coefficients, double Intercept, double A, double B);
