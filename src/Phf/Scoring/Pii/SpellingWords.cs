using System.Globalization;
using System.IO.Compression;

namespace Phf.Scoring.Pii;

/// <summary>
/// English words with the number of times they were seen, in a tree of letters, and Norvig's guess whether a word is one of them misspelled:
/// a word itself, else the known words one edit away, else those two edits away. An edit takes a letter out, swaps two neighbours, or puts a lower-case
/// letter in or in place of another. Made from <c>spelling-words.txt.gz</c> (tools/spelling-words.cs says from what).
/// </summary>
internal sealed class SpellingWords
{
    private const int NoWord = -1;
    private static readonly Lazy<SpellingWords> Loaded = new(Load);

    private readonly List<Node> _nodes = [new Node()];
    private int _longest;

    private SpellingWords()
    {
    }

    public static SpellingWords English => Loaded.Value;

    private record struct Node(char Letter, int Child, int Sibling, int Count)
    {
        public Node() : this('\0', 0, 0, NoWord)
        {
        }
    }

    /// <summary>The most frequent guess's share of the counts of all guesses; 0 if there is no guess.</summary>
    public double BestShare(ReadOnlySpan<char> word)
    {
        if (word.Length > _longest + 2) return 0;
        var guesses = new HashSet<int>();
        for (int edits = 0; edits <= 2 && guesses.Count == 0; edits++) Collect(word, 0, node: 0, edits, guesses);
        long best = 0, sum = 0;
        foreach (int node in guesses)
        {
            best = Math.Max(best, _nodes[node].Count);
            sum += _nodes[node].Count;
        }
        return sum == 0 ? 0 : (double)best / sum;
    }

    /// <summary>Walks down the tree along <paramref name="word"/> from <paramref name="at"/> and spends up to so many edits on the way.</summary>
    private void Collect(ReadOnlySpan<char> word, int at, int node, int edits, HashSet<int> guesses)
    {
        if (at == word.Length && _nodes[node].Count != NoWord) guesses.Add(node);
        for (int child = _nodes[node].Child; child != 0; child = _nodes[child].Sibling)
        {
            bool same = at < word.Length && _nodes[child].Letter == word[at];
            if (same) Collect(word, at + 1, child, edits, guesses);
            if (edits == 0 || !char.IsAsciiLetterLower(_nodes[child].Letter)) continue;
            Collect(word, at, child, edits - 1, guesses); // put in
            if (!same && at < word.Length) Collect(word, at + 1, child, edits - 1, guesses); // put in place
        }
        if (edits == 0 || at == word.Length) return;
        Collect(word, at + 1, node, edits - 1, guesses); // taken out
        if (at + 1 < word.Length && Down(node, word[at + 1]) is > 0 and int swapped)
        {
            if (Down(swapped, word[at]) is > 0 and int both) Collect(word, at + 2, both, edits - 1, guesses);
            if (edits == 2) CollectAcrossSwap(word, at, swapped, guesses);
        }
        if (edits == 2 && at + 2 < word.Length) CollectTriple(word, at, node, guesses);
    }

    /// <summary>Two edits at one place, the first a swap: "xy" to "y?x" and "xyz" to "yzx"; <paramref name="swapped"/> is behind the "y".</summary>
    private void CollectAcrossSwap(ReadOnlySpan<char> word, int at, int swapped, HashSet<int> guesses)
    {
        for (int child = _nodes[swapped].Child; child != 0; child = _nodes[child].Sibling)
            if (char.IsAsciiLetterLower(_nodes[child].Letter) && Down(child, word[at]) is > 0 and int end) Collect(word, at + 2, end, edits: 0, guesses);
        if (at + 2 < word.Length && Down(swapped, word[at + 2]) is > 0 and int third && Down(third, word[at]) is > 0 and int first)
            Collect(word, at + 3, first, edits: 0, guesses);
    }

    /// <summary>"xyz" to "zxy" (two swaps) and to "zx" (taken out, then swapped).</summary>
    private void CollectTriple(ReadOnlySpan<char> word, int at, int node, HashSet<int> guesses)
    {
        int third = Down(node, word[at + 2]), first = third == 0 ? 0 : Down(third, word[at]);
        if (first == 0) return;
        Collect(word, at + 3, first, edits: 0, guesses);
        if (Down(first, word[at + 1]) is > 0 and int second) Collect(word, at + 3, second, edits: 0, guesses);
    }

    /// <summary>The node behind a letter, or 0.</summary>
    private int Down(int node, char letter)
    {
        int child = _nodes[node].Child;
        while (child != 0 && _nodes[child].Letter != letter) child = _nodes[child].Sibling;
        return child;
    }

    private void Add(ReadOnlySpan<char> word, int count)
    {
        int node = 0;
        foreach (char letter in word)
        {
            int child = Down(node, letter);
            if (child == 0)
            {
                child = _nodes.Count;
                _nodes.Add(new Node { Letter = letter, Sibling = _nodes[node].Child });
                _nodes[node] = _nodes[node] with { Child = child };
            }
            node = child;
        }
        _nodes[node] = _nodes[node] with { Count = count };
        _longest = Math.Max(_longest, word.Length);
    }

    private static SpellingWords Load()
    {
        const string Resource = "Phf.Scoring.Pii.spelling-words.txt.gz";
        using var stream = typeof(SpellingWords).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"resource {Resource} is not in the assembly");
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        var words = new SpellingWords();
        while (reader.ReadLine() is { } line)
        {
            int space = line.IndexOf(' ');
            words.Add(line.AsSpan(0, space), int.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture));
        }
        return words;
    }
}
