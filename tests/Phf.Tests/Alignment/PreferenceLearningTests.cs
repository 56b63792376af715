using System.Text.Json.Nodes;
using Phf.Alignment;
using Phf.Data;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

public sealed class PreferenceLearningTests : IDisposable
{
    private readonly TinyAlignment _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("dpo")]
    [InlineData("ipo")]
    [InlineData("kto")]
    [InlineData("orpo")]
    [InlineData("simpo")]
    public void EveryLoss_TeachesTheModelWhichTextIsBetter(string method)
    {
        AlignmentSection section = Section(method, new() { Pairs = Pairs([.. Enumerable.Range(0, 12).Select(i => ($"the {i}", " cat sat", " mat"))]) });
        section = section with { Training = section.Training with { MaxSteps = 40 } };
        _runs.Run(section, "run");
        JsonNode[] steps = [.. Lines("run").Where(line => line["align_accuracy"] is not null)];
        Assert.Equal(40, steps.Length);
        Assert.Equal(0, (double)steps[0]["align_margin"]!, 1e-5); // the model is the prior still
        Assert.Equal(1, (double)steps[^1]["align_accuracy"]!);
        Assert.True((double)steps[^1]["align_margin"]! > 0.5);
        Assert.True((double)steps[^1]["loss"]! < (double)steps[0]["loss"]!);
    }

    [Theory]
    [InlineData("dpo")]
    [InlineData("kto")]
    [InlineData("cringe")]
    public void StoppedAndResumed_EqualsOneRun(string method)
    {
        AlignmentSection section = Section(method, new() { Pairs = Pairs([.. Enumerable.Range(0, 11).Select(i => ("", $"text {i}", $"other {i * i}"))]) });
        _runs.Run(section, "whole");
        Assert.ThrowsAny<OperationCanceledException>(() => _runs.Run(section, "halves", observer: new Phf.Tests.Training.Observer(cancelAt: 5)));
        _runs.Run(section, "halves", resumes: true, threads: 2);
        byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(RunDirectory.Open(_runs.At(run)).CheckpointPath(8), "model.safetensors"));
        Assert.Equal(Weights("whole"), Weights("halves"));
    }

    [Fact]
    public void Cringe_MakesWorseTextsLessLikelyThanWhatTheModelWrites()
    {
        AlignmentSection section = Section("cringe", new() { Pairs = Pairs([.. Enumerable.Range(0, 12).Select(i => ($"the {i}", " cat sat", " mat"))]) });
        _runs.Run(section with { Training = section.Training with { MaxSteps = 40 } }, "run");
        JsonNode[] steps = [.. Lines("run").Where(line => line["align_contrast_loss"] is not null)];
        Assert.True((double)steps[^1]["align_contrast_loss"]! < 0.5 * (double)steps[0]["align_contrast_loss"]!);
        Assert.True((double)steps[^1]["align_likelihood_loss"]! < (double)steps[0]["align_likelihood_loss"]!);
    }

    [Fact]
    public void EmptySides_AreCountedAndNamed()
    {
        string path = Pairs([("a", "b", "c"), ("a", " ", "c"), ("", "x", "y"), ("a", "b", "")]);
        var problem = Assert.Throws<InvalidDataException>(() => _runs.Run(Section("dpo", new() { Pairs = path }), "run"));
        Assert.Contains($"{path}: 2 of 4 pairs have an empty side (lines 2, 4); take them out", problem.Message);
        Assert.True(RunDirectory.IsFree(_runs.At("run")));
    }

    [Theory]
    [InlineData("{\"chosen\": \"a\"}", "line 1: no field 'rejected'")]
    [InlineData("{\"chosen\": 1, \"rejected\": \"b\"}", "line 1: ")]
    [InlineData("[1]", "line 1: no JSON object")]
    [InlineData("{\"chosen\"", "line 1: ")]
    [InlineData("{\"chosen\": \"a\", \"rejected\": \"b\"}", "1 pairs, fewer than the 4 of a step")]
    public void BadPairs_AreRefused(string line, string told)
    {
        File.WriteAllText(_runs.At("bad.jsonl"), line + "\n");
        Assert.Contains(told, Assert.Throws<InvalidDataException>(() => _runs.Run(Section("dpo", new() { Pairs = _runs.At("bad.jsonl") }), "run")).Message);
    }

    [Theory]
    [InlineData("document", 4)]
    [InlineData("segment", 8)]
    public void ScoredFile_GivesPairsOfItsGoodAndBadTexts(string unit, int expected)
    {
        var scored = new PreferenceSection { Scored = Scored(), Unit = unit, Threshold = 0.5 };
        using AlignmentPlan plan = AlignmentPlan.Create(Section("dpo", scored));
        Assert.Equal(expected, plan.Pairs.Count);
        string[] good = [.. plan.Pairs.Select(pair => Text(pair.Chosen))], bad = [.. plan.Pairs.Select(pair => Text(pair.Rejected))];
        Assert.All(good, text => Assert.DoesNotContain("bad", text));
        Assert.All(bad, text => Assert.Contains("bad", text));
        Assert.Equal(expected, good.Distinct().Count());
        if (unit == "segment") Assert.Contains(plan.Pairs, pair => pair.Chosen.Start > 1); // the text before it is its prompt
    }

    [Fact]
    public void ScoredFile_WithOneSideOnly_IsRefused()
    {
        var problem = Assert.Throws<InvalidDataException>(() => AlignmentPlan.Create(Section("dpo", new() { Scored = Scored(), Threshold = 5 })));
        Assert.Contains("8 documents have a score of at most 5 and 0 one above; both sides are needed", problem.Message);
    }

    [Fact]
    public void LongTexts_KeepTheEndOfThePromptAndTheBeginningOfTheText()
    {
        string words = string.Concat(Enumerable.Repeat("dog ", 40));
        using AlignmentPlan plan = AlignmentPlan.Create(Section("dpo", new() { Pairs = Pairs([.. Enumerable.Repeat((words + "cat", "mat " + words, "x"), 4)]) }));
        PromptedText chosen = plan.Pairs[0].Chosen, rejected = plan.Pairs[0].Rejected;
        Assert.Equal(12, chosen.Tokens.Length);
        Assert.EndsWith("cat", TinyAlignment.Tokenizer.Decode(chosen.Tokens[..chosen.Start]));
        Assert.StartsWith("mat", Text(chosen));
        Assert.Equal(12, rejected.Tokens.Length); // a short text leaves the prompt more room
        Assert.Equal("x", Text(rejected));
        Assert.Equal(TinyAlignment.Tokenizer.EndOfTextId, rejected.Tokens[^1]);
    }

    private AlignmentSection Section(string method, PreferenceSection preferences)
    {
        AlignmentSection section = _runs.Section(method);
        return section with
        {
            Target = new() { Kind = "none", Features = section.Target.Features },
            Preferences = preferences,
            Training = section.Training with { EffectiveBatchSize = 4 },
        };
    }

    private string Pairs((string Prompt, string Chosen, string Rejected)[] pairs)
    {
        File.WriteAllLines(_runs.At("pairs.jsonl"), pairs.Select(pair =>
            new JsonObject { ["prompt"] = pair.Prompt, ["chosen"] = pair.Chosen, ["rejected"] = pair.Rejected }.ToJsonString()));
        return _runs.At("pairs.jsonl");
    }

    /// <summary>Eight documents of two segments, half of the documents with a bad second segment.</summary>
    private string Scored()
    {
        using FileStream file = File.Create(_runs.At("scored.jsonl"));
        for (int i = 0; i < 8; i++)
            ScoredFile.Write(file, i % 2 == 0
                ? new ScoredDocument([$"cat {i}. ", $"sat {i}. "], [0, 0]) { Scorer = "test/1" }
                : new ScoredDocument([$"bad {i}. ", $"bad dog {i}. "], [1, i == 3 || i == 5 ? 0.9 : 1]) { Scorer = "test/1" });
        return _runs.At("scored.jsonl");
    }

    private static string Text(PromptedText text) => TinyAlignment.Tokenizer.Decode(text.Tokens[text.Start..], skipSpecialTokens: true);

    private JsonNode[] Lines(string run) => [.. File.ReadLines(RunDirectory.Open(_runs.At(run)).MetricsPath).Select(line => JsonNode.Parse(line)!)];
}
