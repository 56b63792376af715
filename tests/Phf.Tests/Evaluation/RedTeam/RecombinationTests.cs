using Phf.Evaluation.RedTeam;

namespace Phf.Tests.Evaluation.RedTeam;

public sealed class RecombinationTests
{
    [Theory]
    [InlineData("one  two\n three ", "one|  two|\n three")]
    [InlineData(" one", " one")]
    [InlineData(" \n", "")]
    [InlineData("", "")]
    public void Words_KeepTheBlanksBeforeThem(string text, string words) => Assert.Equal(words, string.Join('|', Recombination.WordsOf(text)));

    /// <summary>Each way makes of the words what it says, and nothing else; all five come about equally often.</summary>
    [Fact]
    public void EachWay_DoesWhatItSays()
    {
        ScoredPrompt first = Prompt("a b c d e f", "go on and on"), second = Prompt("u\n  v w");
        string[] own = ["a", "b", "c", "d", "e", "f"], other = ["u", "v", "w"];
        IReadOnlyList<WrittenPrompt?> written = new Recombination().Write([.. Enumerable.Repeat<IReadOnlyList<ScoredPrompt>>([first, second], 2000)], seed: 1, default);
        Assert.Equal(["continuation", "crossover", "deletion", "replacement", "swap"], written.Select(prompt => prompt!.Origin).Distinct().Order());
        foreach (IGrouping<string, WrittenPrompt?> way in written.GroupBy(prompt => prompt!.Origin))
        {
            Assert.InRange(way.Count(), 300, 500);
            foreach (WrittenPrompt? prompt in way)
            {
                string[] words = prompt!.Text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
                bool isRight = way.Key switch
                {
                    "continuation" => prompt.Text is "a b c d e f go" or "a b c d e f go on",
                    "deletion" => words.Length is 4 or 5 && Enumerable.Range(0, 6).Any(at => own[..at].Concat(own[(at + 6 - words.Length > 6 ? 6 : at + 6 - words.Length)..]).SequenceEqual(words)),
                    "swap" => words.Order().SequenceEqual(own) && words.Zip(own).Count(pair => pair.First != pair.Second) is 0 or 2,
                    "replacement" => words.Length == 6 && words.Zip(own).Count(pair => pair.First != pair.Second) == 1 && words.Count(other.Contains) == 1,
                    _ => Enumerable.Range(1, 6).Any(kept => Enumerable.Range(0, 3).Any(from => own[..kept].Concat(other[from..]).SequenceEqual(words))),
                };
                Assert.True(isRight, $"{way.Key}: {prompt.Text}");
            }
        }
    }

    [Fact]
    public void OneExample_OneWord_NothingWritten_AreAllRight()
    {
        IReadOnlyList<WrittenPrompt?> alone = new Recombination().Write([.. Enumerable.Repeat<IReadOnlyList<ScoredPrompt>>([Prompt("word")], 200)], seed: 2, default);
        Assert.Contains(null, alone); // the only word was left out
        Assert.Equal(["word", "word word"], alone.OfType<WrittenPrompt>().Select(prompt => prompt.Text).Distinct().Order().Where(text => text is "word" or "word word"));
        Assert.All(new Recombination().Write([[Prompt(" \n")], [Prompt("a"), Prompt(" ")]], seed: 1, default), Assert.Null);
    }

    [Fact]
    public void SameSeed_SamePrompts()
    {
        IReadOnlyList<IReadOnlyList<ScoredPrompt>> examples = [.. Enumerable.Repeat<IReadOnlyList<ScoredPrompt>>([Prompt("a b c d", "x"), Prompt("e f")], 50)];
        Assert.Equal(new Recombination().Write(examples, seed: 7, default), new Recombination().Write(examples, seed: 7, default));
        Assert.NotEqual(new Recombination().Write(examples, seed: 7, default), new Recombination().Write(examples, seed: 8, default));
    }

    private static ScoredPrompt Prompt(string text, params string[] continuations) => new(text, "pool", [0.5], [.. continuations.Select(written => new Continuation(written.Length == 0 ? written : " " + written, 0.5))]);
}
