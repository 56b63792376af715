using Phf.Scoring;

namespace Phf.Tests.Scoring;

public sealed class WordListScorerTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("", 0)]
    [InlineData(" ... ", 0)]
    [InlineData("Foo", 1)]
    [InlineData("food foo", 0.5)]
    [InlineData("foo-bar", 1)]
    [InlineData("foo's bar baz qux", 0.25)]
    [InlineData("'foo'", 1)]
    [InlineData("na\u00EFve NA\u00CFVE x", 2.0 / 3)]
    [InlineData("\U0001F600foo \uD800 end", 0.5)]
    public void Score_IsTheShareOfListedWords(string text, double expected)
    {
        var scores = new double[1];
        new WordListScorer(["foo", "BAR", "na\u00EFve"]).Score([text], scores);
        Assert.Equal(expected, scores[0]);
    }

    [Fact]
    public void Id_NamesTheListNotItsOrderOrCase()
    {
        string id = new WordListScorer(["foo", "bar"]).Id;
        Assert.Matches("^words/[0-9a-f]{12}$", id);
        Assert.Equal(id, new WordListScorer(["BAR", "foo", "bar"]).Id);
        Assert.NotEqual(id, new WordListScorer(["foo", "baz"]).Id);
    }

    [Fact]
    public void FromFile_SkipsBlankLinesAndComments()
    {
        File.WriteAllText(_path, "# made up\n\nfoo \r\ndon't\n");
        Assert.Equal(new WordListScorer(["foo", "don't"]).Id, WordListScorer.FromFile(_path).Id);
    }

    [Fact]
    public void FromFile_SaysWhereTheListIsWrong()
    {
        File.WriteAllText(_path, "foo\ntwo words\n");
        Assert.Equal($"{_path} line 2: 'two words' is not one word; write one word per line",
            Assert.Throws<InvalidDataException>(() => WordListScorer.FromFile(_path)).Message);
        File.WriteAllBytes(_path, [(byte)'a', (byte)'\n', 0xE4, (byte)'\n']);
        Assert.StartsWith($"{_path} line 2: not UTF-8", Assert.Throws<InvalidDataException>(() => WordListScorer.FromFile(_path)).Message);
        Assert.Equal("nowhere.txt does not exist", Assert.Throws<FileNotFoundException>(() => WordListScorer.FromFile("nowhere.txt")).Message);
        File.WriteAllText(_path, "# nothing\n");
        Assert.Contains("no words found", Assert.Throws<InvalidDataException>(() => WordListScorer.FromFile(_path)).Message);
        Assert.Throws<ArgumentException>(() => new WordListScorer([]));
        Assert.Throws<ArgumentException>(() => new WordListScorer(["a b"]));
    }

    [Fact]
    public void Create_KnowsItsNames()
    {
        File.WriteAllText(_path, "foo\n");
        Assert.Equal("pii/scrubadub-2.0.0-default", Scorers.Create("pii", new ScorerOptions()).Id);
        Assert.StartsWith("words/", Scorers.Create("words", new ScorerOptions { WordList = _path }).Id);
        Assert.Contains("needs a word list", Assert.Throws<ArgumentException>(() => Scorers.Create("words", new ScorerOptions())).Message);
        Assert.Equal($"no scorer is named 'pi'; known scorers: {Scorers.Known}",
            Assert.Throws<ArgumentException>(() => Scorers.Create("pi", new ScorerOptions())).Message);
    }
}
