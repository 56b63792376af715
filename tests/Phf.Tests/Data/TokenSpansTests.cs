using System.Text;
using Phf.Data;
using Phf.Scoring;
using Phf.Text;

namespace Phf.Tests.Data;

public sealed class TokenSpansTests
{
    // Characters of 1 to 4 bytes, a mark, an emoji of several code points, line ends: learned so that tokens hold parts of, one or more of them.
    private static readonly string[] Pieces = ["a", "the", " cat", "  ", "\n", "\u00E9", "e\u0301", "\u4E2D\u6587", "\U0001F600", "\U0001F468\u200D\U0001F469", "@x.org", "!", "\u00A0", "7"];

    private static readonly BpeTokenizer Tokenizer = BpeTrainer.Train(Enumerable.Range(0, 60).Select(i => TextOf(i, length: 12)), 420);

    private static string TextOf(int seed, int length)
        => string.Concat(Enumerable.Range(0, length).Select(i => Pieces[(int)(Hash64.Of((ulong)seed, (ulong)i) % (ulong)Pieces.Length)]));

    /// <summary>Against the definition, token by token: bytes of a token and bytes of a span overlap.</summary>
    [Fact]
    public void Add_MarksExactlyTheTokensWithAByteOfTheSpan()
    {
        int partial = 0;
        for (int seed = 100; seed < 600; seed++)
        {
            string text = TextOf(seed, 1 + (seed % 20));
            Rune[] runes = [.. text.EnumerateRunes()];
            List<int> ids = Tokenizer.Encode(text);
            var spans = new List<ScoredSpan>();
            for (int s = 0; s < seed % 4; s++)
            {
                int start = (int)(Hash64.Of((ulong)seed, 77, (ulong)s) % (ulong)runes.Length);
                int end = start + 1 + (int)(Hash64.Of((ulong)seed, 78, (ulong)s) % (ulong)(runes.Length - start));
                spans.Add(new ScoredSpan(start, end, (1 + s) / 4.0));
            }

            var found = new List<TokenSpan>();
            TokenSpans.Add(text, spans, ids, Tokenizer, offset: 10, found);

            float?[] actual = new float?[ids.Count];
            for (int i = 0, before = 10; i < found.Count; before = found[i++].End)
            {
                Assert.True(found[i].Start >= before && found[i].End > found[i].Start);
                Array.Fill(actual, found[i].Score, found[i].Start - 10, found[i].End - found[i].Start);
            }
            for (int token = 0; token < ids.Count; token++)
            {
                int begin = ids.Take(token).Sum(Tokenizer.ByteLength);
                int end = begin + Tokenizer.ByteLength(ids[token]);
                float? expected = null;
                foreach (ScoredSpan span in spans)
                {
                    int from = runes.Take(span.Start).Sum(rune => rune.Utf8SequenceLength), to = runes.Take(span.End).Sum(rune => rune.Utf8SequenceLength);
                    if (begin >= to || end <= from) continue;
                    if (begin < from || end > to) partial++;
                    expected = expected is null ? (float)span.Score : Math.Max(expected.Value, (float)span.Score);
                }
                Assert.Equal(expected, actual[token]);
            }
        }
        Assert.True(partial > 100); // borders inside tokens were really met
    }

    [Fact]
    public void Add_CharactersInParts_BelongToTheirSpanWhole()
    {
        const string text = "x\u0E01y"; // never seen in training: three tokens of one byte
        List<int> ids = Tokenizer.Encode(text);
        Assert.Equal(5, ids.Count);
        var found = new List<TokenSpan>();
        TokenSpans.Add(text, [new ScoredSpan(1, 2, 0.5)], ids, Tokenizer, offset: 0, found);
        Assert.Equal([new TokenSpan(1, 4, 0.5f)], found);
    }

    [Fact]
    public void Add_TokensThatAreNotTheBytesOfTheText_AreRefused()
    {
        BpeTokenizer odd = Tokenizer.WithAddedTokens("\u00E9\u00E8"); // decoded by the byte alphabet, as Hugging Face does: two bytes for four
        var found = new List<TokenSpan>();
        string message = Assert.Throws<InvalidDataException>(
            () => TokenSpans.Add("a \u00E9\u00E8", [new ScoredSpan(0, 1, 1)], odd.Encode("a \u00E9\u00E8"), odd, offset: 0, found)).Message;
        Assert.Contains("became tokens of", message);
        Assert.Empty(found);
    }
}
