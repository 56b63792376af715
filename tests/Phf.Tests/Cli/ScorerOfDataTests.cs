using System.CommandLine;
using Phf.Cli;
using Phf.Formats;
using Phf.Scoring;
using Phf.Scoring.Classifier;
using Phf.Tests.Encoders;
using Phf.Training.Configuration;

namespace Phf.Tests.Cli;

/// <summary>The scorer of the data is made again from its id; what the id does not hold must be given.</summary>
public sealed class ScorerOfDataTests(ScorerOfDataTests.Fixture fixture) : IClassFixture<ScorerOfDataTests.Fixture>
{
    [Theory]
    [InlineData("pii", "", "")]
    [InlineData("pii", "--pii-rules fixed", "")]
    [InlineData("pii", "--ner names --ner-type location", "--ner names")]
    [InlineData("pii", "--ner names --pii-rules fixed", "--ner names")]
    [InlineData("pii-full", "", "")]
    [InlineData("pii-full", "--pii-rules fixed --pii-today 2020-01-31", "")]
    [InlineData("pii-full", "--pii-today 2020-01-31 --ner names --ner-type name --ner-type location", "--ner names")]
    [InlineData("pep8", "", "")]
    [InlineData("pep8-fixed", "", "")]
    [InlineData("pep8", "--select W6,E1,E1", "")]
    [InlineData("pep8-fixed", "--ignore E501", "")]
    [InlineData("combine", "--part pep8-fixed --part pii --select W,E5", "")]
    [InlineData("toxicity", "", "")]
    [InlineData("toxicity", "--model classifier", "--model classifier")]
    [InlineData("toxicity", "--model encoder", "--model encoder")]
    [InlineData("classifier", "--model classifier", "--model classifier")]
    [InlineData("words", "--list words.txt", "--list words.txt")]
    [InlineData("regex", "--pattern bad", "--pattern bad")]
    [InlineData("regex", "--pattern bad --measure any", "--pattern bad")]
    [InlineData("command", "--command cat", "--command cat")]
    [InlineData("openai", "--judge-model m --key-variable PATH", "--judge-model m --key-variable PATH")]
    [InlineData("openai", "--judge-model m --judge moderation --key-variable PATH", "--judge-model m --judge moderation --key-variable PATH")]
    [InlineData("openai", "--judge-model m --prompt prompt.txt --key-variable PATH", "--judge-model m --prompt prompt.txt --key-variable PATH")]
    [InlineData("combine", "--part pii-full=0.1 --part pep8-fixed=-1e-9 --part regex --pii-rules fixed --pii-today 2020-01-31 --pattern a --measure any --combine max", "--pattern a")]
    [InlineData("combine", "--part toxicity --part pii=2 --part words --ner names --ner-type location --list words.txt", "--ner names --list words.txt")]
    public void ItsIdSaysHowItIsMade(string name, string options, string given)
    {
        IScorer scored = Arguments.Create(name, Parse(options), fixture.Models);
        using var ending = scored as IDisposable;
        IScorer again = OfData(scored.Id, given);
        using var endingToo = again as IDisposable;
        Assert.Equal(scored.Id, again.Id);
        Assert.IsType(scored.GetType(), again);
    }

    [Theory]
    [InlineData("words", "--list words.txt", "", "scorer 'words' needs a word list; give a file with one word a line (--list FILE); or choose another with --scorer")]
    [InlineData("words", "--list words.txt", "--list nowhere.txt", "nowhere.txt does not exist")]
    [InlineData("toxicity", "--model encoder", "", "and with the options here it would be toxicity/phf-")]
    [InlineData("toxicity", "--model encoder", "--model nowhere", "no such file or folder")]
    [InlineData("pii", "--ner names", "", "would be pii/scrubadub-2.0.0-default; give the --pii-rules, --ner, --ner-type that it was scored with, or choose a scorer with --scorer")]
    [InlineData("pii", "--pii-rules fixed", "--pii-rules scrubadub", "would be pii/scrubadub-2.0.0-default; give")]
    [InlineData("regex", "--pattern a", "--pattern b", "give the --pattern, --measure that")]
    [InlineData("combine", "--part pii --part words --list words.txt", "", "needs a word list")]
    [InlineData("combine", "--part toxicity --part regex --model encoder --pattern a", "--pattern a", "give the --model, --pattern, --measure that")]
    public void WhatIsMissing_OrAnother_IsSaid(string name, string options, string given, string message)
    {
        string id = Arguments.Create(name, Parse(options), fixture.Models).Id;
        string said = Assert.Throws<InvalidDataException>(() => OfData(id, given)).Message;
        Assert.StartsWith($"the data was scored by {id}", said);
        Assert.Contains(message, said);
        Assert.Contains("--scorer", said);
    }

    [Theory]
    [InlineData("astrology", "no scorer is named 'astrology'")]
    [InlineData("pii/presidio-2.2", "it would be pii/scrubadub-2.0.0-default")]
    [InlineData("pep8/pycodestyle-2.11.0", "it would be pep8/pycodestyle-2.8.0; give the --select, --ignore that")]
    [InlineData("combine/", "has no parts")]
    [InlineData("combine/sum(", "has no parts")]
    [InlineData("combine/sum(1*pii/a,b(,)", "it would be combine/sum(1*pii/scrubadub")]
    [InlineData("pii/scrubadub-2.0.0-full(today=soon,ner=)", "it would be pii/scrubadub-2.0.0-full(today=2023-02-16,ner=none)")]
    public void IdsThatNoScorerHere_Has(string id, string message) => Assert.Contains(message, Assert.Throws<InvalidDataException>(() => OfData(id, "")).Message);

    private static ScorerArguments Arguments { get; } = new();

    private IScorer OfData(string id, string given) =>
        CliEvaluation.Scorer(asked: null, (name, settings) => Arguments.Create(name, Parse(given), fixture.Models, settings), new ScorerConfig(), id, fallback: null);

    /// <summary>A command line; what lies in the folder, or would, by its full path.</summary>
    private ParseResult Parse(string options)
    {
        var command = new Command("score");
        Arguments.AddTo(command);
        string[] files = ["names", "encoder", "classifier", "words.txt", "prompt.txt", "nowhere.txt", "nowhere"];
        return command.Parse([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => files.Contains(word) ? fixture.At(word) : word)]);
    }

    public sealed class Fixture : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Fixture()
        {
            File.WriteAllText(At("words.txt"), "bad\n");
            File.WriteAllText(At("prompt.txt"), "Rate it from 0 to 1.");
            TinyEncoder.OfTokens(("O", []), ("B-PER", ["alice"]), ("B-LOC", ["paris"])).Write(At("names"));
            TinyEncoder.OfTexts(("toxicity", ["bad"])).Write(At("encoder"));
            LabelledText[] texts = [.. Enumerable.Range(0, 40).Select(i => new LabelledText($"{(i % 2 == 0 ? "bad" : "good")} {(char)('a' + (i / 2))}", i % 2 == 0))];
            ClassifierReport.Write(Directory.CreateDirectory(At("classifier")).FullName, ClassifierTrainer.Train(texts, new ClassifierOptions()), new ClassifierOptions());
        }

        internal ScorerModels Models { get; } = new(threads: 1);

        public string At(string name) => _folder.At(name);

        public void Dispose()
        {
            Models.Dispose();
            _folder.Dispose();
        }
    }
}
