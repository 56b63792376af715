using Phf.Evaluation;
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

    private static RunConfig WithScenario(RunConfig config, ScenarioConfig scenario) =>
        config with { Generation = config.Generation with { ScenarioConfigs = [scenario] } };
}
