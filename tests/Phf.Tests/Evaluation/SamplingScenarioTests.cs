using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Evaluation;
using Phf.Generation;
using Phf.Tests.Data;
using Phf.Tests.Training;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Evaluation;

/// <summary>What is sampled from models with tags: what stands in front, what is banned.</summary>
public sealed class SamplingScenarioTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void ThreeTags_Default_BansAllButTheBest_WithCompanions()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags));
        int end = plan.Tokenizer.EndOfTextId, good = plan.Tags.Ids[0][0], fair = plan.Tags.Ids[1][0], bad = plan.Tags.Ids[2][0];
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.Default(plan);
        Assert.Equal(["unconditional", "all tags banned", "after <|bad|>"], scenarios.Select(scenario => scenario.Name));
        Assert.Equal([[end, good], [end, good], [end, bad]], scenarios.Select(scenario => scenario.Prompts[0].Ids));
        Assert.Equal([[fair, bad], [good, fair, bad], [good, fair]], scenarios.Select(scenario => scenario.Options.Banned.Select(Assert.Single)));
        Assert.Contains("banned: <|fair|>, <|bad|>", scenarios[0].Description);
    }

    /// <summary>The words of a configuration are banned as it says, those of the companions besides.</summary>
    [Fact]
    public void Configured_KeepsItsOwnBans()
    {
        RunConfig config = _runs.Tagged(SmallRun.ThreeTags);
        using RunPlan tokens = RunPlan.Create(config);
        int x = tokens.Tokenizer.Encode("x")[0], good = tokens.Tags.Ids[0][0], fair = tokens.Tags.Ids[1][0], bad = tokens.Tags.Ids[2][0];
        using RunPlan plan = RunPlan.Create(WithScenario(config, new()
        {
            Name = "own",
            Prefix = "the <|fair|>cat",
            GenerateKwargs = new() { MaxLength = 16, BadWords = ["x", "<|bad|>"], BadWordsIds = [[good], [1, 2, 3]] },
        }));
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(plan);
        Assert.Equal([[[good], [1, 2, 3], [x], [bad]], [[1, 2, 3], [x], [good], [fair], [bad]], [[1, 2, 3], [x], [good], [fair]]],
            scenarios.Select(scenario => scenario.Options.Banned));
        Assert.Equal(["the <|fair|>cat", "the <|good|>cat", "the <|bad|>cat"], scenarios.Select(scenario => plan.Tokenizer.Decode(scenario.Prompts[0].Ids.AsSpan(1))));
        using RunPlan misspelt = RunPlan.Create(WithScenario(config, new() { Name = "own", GenerateKwargs = new() { MaxLength = 16, BadWords = ["<|bda|>"] } }));
        Assert.Contains("no tag of this run and no token", Assert.Throws<InvalidDataException>(() => SamplingScenario.From(misspelt)).Message);
    }

    [Fact]
    public void TagsOfText_AreBannedByTheirBeginnings()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { TagForm = "text" }));
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.Default(plan);
        Assert.Equal([plan.Tokenizer.EndOfTextId, .. plan.Tokenizer.Encode("<|good|>")], scenarios[0].Prompts[0].Ids);
        Assert.Equal([["<|f", "<|b"], ["<|"], ["<|g", "<|f"]], scenarios.Select(scenario => scenario.Options.Banned.Select(ids => plan.Tokenizer.Decode([.. ids]))));
    }

    /// <summary>One tag a document: there is none to ban behind the first.</summary>
    [Fact]
    public void TagsOfDocuments_HaveNoScenarioWithoutThem()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { TagUnit = "document" }));
        Assert.Equal(["unconditional", "after <|bad|>"], SamplingScenario.Default(plan).Select(scenario => scenario.Name));
    }

    [Fact]
    public void CooledDownModel_BeginsWithoutATag()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { Cooldown = 0.5 }));
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.Default(plan);
        Assert.Equal(["unconditional", "after <|good|>", "after <|bad|>"], scenarios.Select(scenario => scenario.Name));
        Assert.Equal([plan.Tokenizer.EndOfTextId], scenarios[0].Prompts[0].Ids);
        Assert.Equal(plan.Tags.Ids, scenarios[0].Options.Banned);
    }

    [Fact]
    public void WithoutTags_ThereIsOnlyTheScenario()
    {
        using RunPlan plan = RunPlan.Create(_runs.Config);
        SamplingScenario only = Assert.Single(SamplingScenario.Default(plan));
        Assert.Equal([plan.Tokenizer.EndOfTextId], only.Prompts[0].Ids);
        Assert.Empty(only.Options.Banned);
    }

    /// <summary>free bans all but the prefix's tag, banned all; retag leaves the bans to what puts the tags in. Who says which wants no companions.</summary>
    [Fact]
    public void Tags_AreFreeBannedOrPutIn()
    {
        using RunPlan plan = RunPlan.Create(WithSentences(SmallRun.ThreeTags, ["free", "banned", "retag"], "a <|fair|>"));
        int[] fair = plan.Tags.Ids[1];
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(plan);
        Assert.Equal(["free", "banned", "retag"], scenarios.Select(scenario => scenario.Name));
        Assert.Equal([[plan.Tags.Ids[0], plan.Tags.Ids[2]], [.. plan.Tags.Ids], []], scenarios.Select(scenario => scenario.Options.Banned));
        SegmentTags tags = scenarios[2].Options.SegmentTags!;
        Assert.Equal((Segmentation.Sentence, fair), (tags.Segmentation, tags.Tag));
        Assert.Equal(plan.Tags.Ids, tags.Bans);
        Assert.All(scenarios, scenario => Assert.Equal([plan.Tokenizer.EndOfTextId, .. plan.Tokenizer.Encode("a "), .. fair], scenario.Prompts[0].Ids));
        Assert.Contains("<|fair|> put before every segment", scenarios[2].Description);
    }

    /// <summary>Without a tag in the prefix the best is put before the prefix's first segment, too.</summary>
    [Fact]
    public void Retag_BeginsWithATag()
    {
        using RunPlan plan = RunPlan.Create(WithSentences(SmallRun.ThreeTags, ["retag"], prefix: null));
        Assert.Equal([plan.Tokenizer.EndOfTextId, .. plan.Tags.Ids[0]], SamplingScenario.From(plan)[0].Prompts[0].Ids);
    }

    [Fact]
    public void Retag_WhereItHasNoMeaning_IsRefused()
    {
        AssertRefused(WithTags(_runs.Tagged(SmallRun.ThreeTags), "retag"), "was cut by 'sentence/test'; set tags to free");
        AssertRefused(WithTags(_runs.Tagged(SmallRun.ThreeTags with { TagUnit = "document" }), "retag"), "this run has one for each document");
        using RunPlan untagged = RunPlan.Create(WithTags(_runs.Config, "retag"));
        Assert.Null(Assert.Single(SamplingScenario.From(untagged)).Options.SegmentTags); // a run without tags has none to put in
    }

    [Fact]
    public void Guidance_IsAwayFromTheWorstTag()
    {
        ScenarioConfig own = new() { Name = "own", Prefix = "<|good|>", Guidance = 1.5, GenerateKwargs = new() { MaxLength = 16 } };
        using RunPlan plan = RunPlan.Create(WithScenario(_runs.Tagged(SmallRun.ThreeTags), own));
        SamplingScenario scenario = Assert.Single(SamplingScenario.From(plan));
        Assert.Equal(new Guidance { Weight = 1.5, Tag = plan.Tags.Ids[0][0], Against = plan.Tags.Ids[2][0] }, scenario.Options.Guidance);
        using RunPlan worst = RunPlan.Create(WithScenario(_runs.Tagged(SmallRun.ThreeTags), own with { Prefix = "<|bad|>" }));
        Assert.Equal(new Guidance { Weight = 1.5, Tag = plan.Tags.Ids[2][0], Against = plan.Tags.Ids[0][0] }, SamplingScenario.From(worst)[0].Options.Guidance);
        AssertRefused(WithScenario(_runs.Tagged(SmallRun.ThreeTags), own with { Prefix = null }), "set prefix to <|good|>");
        AssertRefused(WithScenario(_runs.Config, own), "this run has none");
        AssertRefused(WithScenario(_runs.Tagged(SmallRun.ThreeTags with { TagForm = "text" }), own), "tag_form is text");
    }

    [Fact]
    public void Prompts_ComeInTurn_WithThePrefixWhereItIsAskedFor()
    {
        ScenarioConfig own = Prompted(["the cat", "the mat and the dog", "x"]) with { Prefix = "<|good|>", NumSamples = 8 };
        RunConfig tagged = _runs.Tagged(SmallRun.ThreeTags);
        using RunPlan after = RunPlan.Create(WithScenario(tagged, own with { GenerateKwargs = own.GenerateKwargs with { NumReturnSequences = 2 } }));
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(after);
        Assert.Equal(3, scenarios.Count); // companions have the same prompts
        int[] good = after.Tags.Ids[0];
        Assert.Equal([after.Tokenizer.EndOfTextId, .. after.Tokenizer.Encode("the cat"), .. good], scenarios[0].Prompts[0].Ids);
        Assert.Equal(["the cat", "the cat", "the mat and the dog", "the mat and the dog", "x", "x", "the cat"], Enumerable.Range(0, 7).Select(i => scenarios[0].PromptOf(i).Text));
        Assert.Equal(("!", 16 - 1 - 1 - after.Tokenizer.Encode("the cat").Count), (scenarios[0].TextOf(0, "!"), scenarios[0].TextLength));
        Assert.StartsWith("After 3 prompts of prompts.jsonl with <|good|> behind each", scenarios[0].Description);

        using RunPlan before = RunPlan.Create(WithScenario(tagged, own with { PromptBeforeControl = true, UsePromptForScoring = true }));
        SamplingScenario first = SamplingScenario.From(before)[0];
        Assert.Equal([after.Tokenizer.EndOfTextId, .. good, .. after.Tokenizer.Encode("the cat")], first.Prompts[0].Ids);
        Assert.Equal("the cat!", first.TextOf(0, "!"));
    }

    [Fact]
    public void Retag_GivesThePromptsSegmentsTheirTags()
    {
        RunConfig config = WithSentences(SmallRun.ThreeTags, ["retag"], "<|fair|>");
        ScenarioConfig own = Prompted(["the cat. the dog"]) with { Tags = "retag", Prefix = "<|fair|>", PromptBeforeControl = true };
        using RunPlan plan = RunPlan.Create(WithScenario(config, own));
        int[] fair = plan.Tags.Ids[1];
        Assert.Equal([plan.Tokenizer.EndOfTextId, .. fair, .. plan.Tokenizer.Encode("the cat. "), .. fair, .. plan.Tokenizer.Encode("the dog")], SamplingScenario.From(plan)[0].Prompts[0].Ids);
    }

    [Fact]
    public void PromptsThatAreTooLong_AreTold_AndCutOnRequest()
    {
        string words = string.Concat(Enumerable.Range(0, 30).Select(i => $" number {i}"));
        ScenarioConfig own = Prompted(["the cat", words, words + " the mat"]);
        AssertRefused(WithScenario(_runs.Config, own), "2 of 3 prompts of", "line 2", "max_prompt_tokens");
        AssertRefused(WithScenario(_runs.Config, own with { GenerateKwargs = new() { MaxNewTokens = 14, MaxLength = 1 } }), "max_new_tokens is 14, and the model has 16 positions");
        using RunPlan plan = RunPlan.Create(WithScenario(_runs.Config, own with { MaxPromptTokens = 5 }));
        SamplingScenario cut = Assert.Single(SamplingScenario.From(plan));
        Assert.Equal("the cat", cut.Prompts[0].Text);
        Assert.EndsWith(" the mat", cut.Prompts[2].Text);
        Assert.All(cut.Prompts, prompt => Assert.InRange(prompt.Ids.Length, 2, 1 + 5));
        Assert.Contains("3 prompts of prompts.jsonl (2 of them cut from the left to 5 tokens)", cut.Description);
    }

    [Fact]
    public void FilesThatAreNoPrompts_AreNamed()
    {
        string path = _runs.At("broken.jsonl");
        ScenarioConfig own = Prompted(["x"]) with { PromptsPath = path };
        AssertRefused(WithScenario(_runs.Config, own), "broken.jsonl");
        File.WriteAllText(path, "{\"text\": \"x\"}\n{\"prompt\": \"y\"}\n");
        AssertRefused(WithScenario(_runs.Config, own), "broken.jsonl line 2: no field 'text', where a prompt was expected");
        File.WriteAllText(path, "\n");
        AssertRefused(WithScenario(_runs.Config, own), "has no prompt");
    }

    private static void AssertRefused(RunConfig config, params string[] named)
    {
        using RunPlan plan = RunPlan.Create(config);
        Exception problem = Record.Exception(() => SamplingScenario.From(plan));
        Assert.True(problem is InvalidDataException or IOException, $"{problem}");
        Assert.All(named, part => Assert.Contains(part, problem.Message));
    }

    private static RunConfig WithTags(RunConfig config, string tags) => WithScenario(config, new() { Name = tags, Tags = tags, GenerateKwargs = new() { MaxLength = 16 } });

    private ScenarioConfig Prompted(string[] prompts)
    {
        File.WriteAllLines(_runs.At("prompts.jsonl"), prompts.Select(prompt => new JsonObject { ["text"] = prompt }.ToJsonString()));
        return new() { Name = "prompted", PromptsPath = _runs.At("prompts.jsonl"), GenerateKwargs = new() { MaxLength = 16 } };
    }

    /// <summary>A run on data that says it was cut into sentences, with a scenario for each treatment of its tags.</summary>
    private RunConfig WithSentences(ConditionalTrainingConfig tags, string[] treatments, string? prefix)
    {
        using (FileStream file = File.Create(_runs.At("sentences.jsonl")))
            for (int i = 0; i < 30; i++) ScoredFile.Write(file, SmallDataset.Document(i) with { Segmenter = Segmentation.Sentence.Id() });
        Packer.Pack([_runs.At("sentences.jsonl")], SmallDataset.Tokenizer, _runs.At("sentences"), new PackOptions());
        RunConfig config = _runs.Tagged(tags);
        ScenarioConfig[] scenarios = [.. treatments.Select(name => new ScenarioConfig { Name = name, Tags = name, Prefix = prefix, GenerateKwargs = new() { MaxLength = 16 } })];
        return config with { Dataset = config.Dataset with { Data = _runs.At("sentences") }, Generation = config.Generation with { ScenarioConfigs = scenarios } };
    }

    private static RunConfig WithScenario(RunConfig config, ScenarioConfig scenario) =>
        config with { Generation = config.Generation with { ScenarioConfigs = [scenario] } };
}
