using Phf.Encoders;
using Phf.Scoring;

namespace Phf.Tests.Encoders;

/// <summary>Texts in, scores and entities out, by models whose answers are known.</summary>
public sealed class EncoderScorerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Toxicity_IsThatOfItsLabel_TheSameInAnyCompany()
    {
        using EncoderModel model = Load(TinyEncoder.OfTexts(("obscene", ["worse"]), ("toxicity", ["bad"])));
        var scorer = new EncoderToxicityScorer(model);
        string[] texts = ["the cat met alice.", "the bad cat.", "", "worse", "BAD", "the cat met the bad cat in paris."];

        double[] together = Scores(scorer, texts);

        Assert.Matches("^toxicity/bert-[0-9a-f]{12}$", scorer.Id);
        Assert.InRange(together[0], 0, 0.1);
        Assert.InRange(together[1], 0.5, 1);
        Assert.InRange(together[2], 0, 0.1);
        Assert.InRange(together[3], 0, 0.1);
        Assert.InRange(together[4], 0.5, 1); // capitals do not matter to this tokenizer
        Assert.InRange(together[5], 0.1, together[1]); // its share of the text is smaller
        for (int i = 0; i < texts.Length; i++) Assert.Equal(together[i], Assert.Single(Scores(scorer, [texts[i]])));
        Assert.Equal(0, scorer.CutTexts);
    }

    [Fact]
    public void LongText_IsScoredByItsBeginning_AndCounted()
    {
        using EncoderModel model = Load(TinyEncoder.OfTexts(("toxicity", ["bad"])));
        var scorer = new EncoderToxicityScorer(model);
        string fourteen = string.Join(' ', Enumerable.Repeat("the cat", 7)); // and two special tokens: 16, all that the model reads

        double[] scores = Scores(scorer, [fourteen, fourteen + " bad bad", "bad " + fourteen]);

        Assert.Equal(scores[0], scores[1]);
        Assert.True(scores[2] > scores[0] + 0.01);
        Assert.Equal((3, 2, 16), (scorer.Texts, scorer.CutTexts, scorer.Context));
    }

    [Fact]
    public void ManyThreads_GetTheSameScores()
    {
        using EncoderModel model = Load(TinyEncoder.OfTexts(("toxicity", ["bad"])));
        var scorer = new EncoderToxicityScorer(model);
        string[] texts = [.. Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Repeat("the cat ", i % 6)) + (i % 3 == 0 ? "bad" : "."))];
        double[] expected = Scores(scorer, texts);
        Parallel.For(0, 8, _ => Assert.Equal(expected, Scores(scorer, texts)));
    }

    [Fact]
    public void Id_IsTheModels_WhateverTheFilesAreCalled()
    {
        TinyEncoder tiny = TinyEncoder.OfTexts(("toxicity", ["bad"]));
        string first = Id(tiny);
        foreach (string name in tiny.TensorNames.Where(name => name.StartsWith("bert.", StringComparison.Ordinal))) tiny.Rename(name, name[5..]);
        Assert.Equal(first, Id(tiny));
        tiny.Values("classifier.bias")[0] -= 1;
        string other = Id(tiny);
        Assert.NotEqual(first, other);
        File.WriteAllText(_folder.At("model", "tokenizer_config.json"), """{"do_lower_case": false}""");
        using EncoderModel cased = EncoderModel.Load(_folder.At("model"), 1);
        Assert.NotEqual(other, cased.Id);
    }

    [Fact]
    public void ModelsForSomethingElse_AreRefused()
    {
        using EncoderModel texts = Load(TinyEncoder.OfTexts(("joy", []), ("anger", [])));
        Refused(() => new EncoderToxicityScorer(texts), "has no label 'toxicity'; it has joy, anger");
        Refused(() => new EntityRecognizer(texts, EntityRecognizer.DefaultTypes), "gives labels to texts, not to tokens; named entities need a model for token classification");
        using EncoderModel tokens = Load(TinyEncoder.OfTokens(("O", []), ("B-LOC", ["paris"])));
        Refused(() => new EncoderToxicityScorer(tokens), "gives labels to tokens, not to texts");
        Refused(() => new EntityRecognizer(tokens, EntityRecognizer.DefaultTypes), "none of its labels is for a name or organization; it has O, B-LOC");
    }

    [Fact]
    public void Tokenizer_MustBeThere_AndFit()
    {
        TinyEncoder tiny = TinyEncoder.OfTexts(("toxicity", []));
        string path = tiny.Write(_folder.At("model"));
        File.AppendAllText(_folder.At("model", "vocab.txt"), "more\n");
        Refused(() => EncoderModel.Load(path, 1), "the tokenizer has 21 tokens, the model only 20; they are of different models");
        File.Delete(_folder.At("model", "vocab.txt"));
        Refused(() => EncoderModel.Load(path, 1), "the tokenizer's files (tokenizer.json, or vocab.txt of a BERT) must lie beside model.safetensors");
    }

    /// <summary>Entities are written begin-end type.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("the cat.", "")]
    [InlineData("Alice met Alice Smith.", "0-5 name;10-21 name")]
    [InlineData("Alice Smithson in Acme Corp", "0-14 name;18-27 organization")]
    [InlineData("the cats met  Smith", "14-19 name")]
    [InlineData("alice in paris", "0-5 name")]
    [InlineData("\u00C1lice \uD83D\uDE00 smith", "0-5 name;9-14 name")]
    public void Entities_AreFoundWhereTheyStand(string text, string expected)
    {
        using EncoderModel model = Load(Names());
        Assert.Equal(expected, Found(new EntityRecognizer(model, EntityRecognizer.DefaultTypes), text));
    }

    [Fact]
    public void Types_ThatCount_AreChosen()
    {
        using EncoderModel model = Load(Names());
        var recognizer = new EntityRecognizer(model, ["location", "name"]);
        Assert.Matches("^bert-[0-9a-f]{12}:name\\+location$", recognizer.Finder.Id);
        Assert.Equal("0-5 name;9-14 location", Found(recognizer, "alice in paris acme"));
    }

    /// <summary>With 14 tokens of text at once, windows overlap by 7; an entity at any place, also across an edge, is found once.</summary>
    [Fact]
    public void LongText_IsReadInWindows()
    {
        using EncoderModel model = Load(Names());
        var recognizer = new EntityRecognizer(model, EntityRecognizer.DefaultTypes);
        for (int words = 10; words < 60; words++)
            for (int place = 0; place + 1 < words; place += 3)
            {
                string[] text = [.. Enumerable.Repeat("the", words)];
                (text[place], text[place + 1]) = ("Alice", "Smithson");
                int begin = 4 * place;
                Assert.Equal($"{begin}-{begin + 14} name", Found(recognizer, string.Join(' ', text)));
            }
    }

    [Fact]
    public void PiiScorer_CountsEntities_WithTheOtherFinds()
    {
        using EncoderModel model = Load(Names());
        EntityFinder finder = new EntityRecognizer(model, EntityRecognizer.DefaultTypes).Finder;
        var scorer = new PiiScorer(new PiiOptions { Entities = finder });
        Assert.Equal($"pii/scrubadub-2.0.0-default(ner={finder.Id})", scorer.Id);
        Assert.Equal($"pii/scrubadub-2.0.0-full(today=2023-02-16,ner={finder.Id})", new PiiScorer(new PiiOptions { Entities = finder, Detectors = PiiDetectors.Full }).Id);

        const string Text = "alice smith met @corp_paris in acme.";

        Assert.Equal(["name", "twitter", "organization"], scorer.Find(Text).Select(find => find.Type.Split('+')[0]));
        Assert.Equal([3.0 / Text.Length, 0], Scores(scorer, [Text, "the cat."]));
        Assert.Equal(3, scorer.FindSpans(Text).Count);
    }

    private static TinyEncoder Names() => TinyEncoder.OfTokens(
        ("O", []), ("B-PER", ["alice"]), ("I-PER", ["smith"]), ("B-ORG", ["acme"]), ("I-ORG", ["corp"]), ("B-LOC", ["paris"]));

    private static string Found(EntityRecognizer recognizer, string text) =>
        string.Join(';', recognizer.Find([text])[0].Select(find => $"{find.Begin}-{find.End} {find.Type}"));

    private static double[] Scores(IScorer scorer, string[] texts)
    {
        double[] scores = new double[texts.Length];
        scorer.Score(texts, scores);
        return scores;
    }

    private EncoderModel Load(TinyEncoder tiny) => EncoderModel.Load(tiny.Write(_folder.At($"model-{Guid.NewGuid():N}")), 2);

    private string Id(TinyEncoder tiny)
    {
        using EncoderModel model = EncoderModel.Load(tiny.Write(_folder.At("model")), 1);
        return model.Id;
    }

    private static void Refused(Func<object> make, string message) => Assert.Contains(message, Assert.Throws<InvalidDataException>(make).Message);
}
