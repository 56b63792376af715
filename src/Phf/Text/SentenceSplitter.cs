namespace Phf.Text;

/// <summary>
/// Cuts text into sentences by the rule of spaCy's blank English sentencizer: a sentence ends after a token that is a terminator (<c>. ! ?</c> and their
/// like in other scripts) and the punctuation that follows it. Abbreviations, numbers, URLs and ellipses are tokens without such an end.
/// </summary>
/// <remarks>
/// The sentences, one after another, are the text exactly; blanks belong to the sentence before them. Linear in the length of the text. The data are those
/// of spaCy 3.8; 3.2.0, the paper's version, differs in English only where a sentence ends in <c>May.</c>, which it takes for an abbreviation.
/// </remarks>
public static class SentenceSplitter
{
    /// <summary>Names the rule in scored data.</summary>
    public const string Id = "sentences/spacy-3.8-blank-en-sentencizer";

    /// <summary>The sentences of <paramref name="text"/>; none for an empty text.</summary>
    public static List<string> Split(string text)
    {
        var sentences = new List<string>();
        var scan = new Scan(text);
        int begin = 0;
        foreach (int start in scan.Starts())
        {
            sentences.Add(text[begin..start]);
            begin = start;
        }
        if (begin < text.Length) sentences.Add(text[begin..]);
        return sentences;
    }

    /// <summary>One pass over a text: white space and words in turn, each only looked at as closely as it needs.</summary>
    private sealed class Scan(string text)
    {
        private readonly List<Range> _tokens = [];
        private readonly Stack<int> _suffixEnds = [];
        private readonly List<int> _starts = [];
        private bool _ended; // a terminator was seen since the sentence began

        public List<int> Starts()
        {
            int at = 0;
            while (at < text.Length)
            {
                bool isSpace = IsSpace(at);
                int end = at + 1;
                while (end < text.Length && IsSpace(end) == isSpace) end++;
                if (isSpace)
                {
                    if (at > 0 && text[at] == ' ') at++; // one blank belongs to the token before
                    if (at < end) BeginAfterEnd(at); // more is a token of its own
                }
                else ReadWord(at, end);
                at = end;
            }
            return _starts;
        }

        private bool IsSpace(int at) => SentenceCharacters.Of(text[at]).HasFlag(SentenceTrait.Space);

        private void ReadWord(int start, int end)
        {
            bool mayEnd = false;
            for (int i = start; i < end && !mayEnd; i++)
                mayEnd = char.IsHighSurrogate(text[i]) || SentenceCharacters.Of(text[i]).HasFlag(SentenceTrait.Terminator);
            if (!mayEnd && !_ended) return;

            _tokens.Clear();
            SentenceTokens.Cut(text, start, end, _tokens, _suffixEnds);
            foreach (Range token in _tokens)
            {
                ReadOnlySpan<char> word = text.AsSpan(token);
                bool isTerminator = SentenceCharacters.At(word, 0, out int width).HasFlag(SentenceTrait.Terminator) && width == word.Length;
                if (isTerminator) _ended = true;
                else if (_ended && !IsPunctuation(word)) BeginAfterEnd(token.Start.Value);
            }
        }

        private void BeginAfterEnd(int start)
        {
            if (_ended) _starts.Add(start);
            _ended = false;
        }

        private static bool IsPunctuation(ReadOnlySpan<char> word)
        {
            for (int at = 0; at < word.Length;)
            {
                if (!SentenceCharacters.At(word, at, out int width).HasFlag(SentenceTrait.Punctuation)) return false;
                at += width;
            }
            return true;
        }
    }
}
