using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

public sealed class AlignmentFileTests : IDisposable
{
    private const string Good = """
        target:
          kind: pointwise
          features:
            - {name: clean, scorer: pii, at_most: 0}
        training: {max_steps: 10}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Shipped =>
        [.. Directory.GetFiles(Path.Combine(Shared.RepositoryRoot, "configs", "align"), "*.yml").Select(path => Path.GetFileName(path)!).Where(name => name != "laptop.yml")]; // the others stand on it

    [Theory]
    [MemberData(nameof(Shipped))]
    public void EveryShippedFile_IsRead_AndReadsBackTheSame(string name)
    {
        LoadedAlignment loaded = AlignmentFile.Load([Path.Combine(Shared.RepositoryRoot, "configs", "align", name)], []);
        Assert.Empty(loaded.Notes);
        Assert.Equal(64, loaded.Section.Sampling.MaxLength); // from the file it stands on
        string yaml = loaded.Section.ToYaml();
        Assert.Equal(yaml, AlignmentFile.Load([Write(yaml)], []).Section.ToYaml());
    }

    [Theory]
    [InlineData("target.kindd=reward", "unknown key target.kindd; the nearest known key is target.kind")]
    [InlineData("target.features.0.words=[river]", "target.features.0 has 2 of scorer, words and length; give exactly one")]
    [InlineData("target.features.0.above=1", "has more than one of above, at_most and words")]
    [InlineData("target.features.0.at_most=null", "is a number, and a pointwise target needs yes or no; add above or at_most")]
    [InlineData("target.features.0.moment=0.5", "moment is no parameter of a pointwise target")]
    [InlineData("target.features.0.name=a b", "is 'a b'; letters, digits, - and _ make a name")]
    [InlineData("target.features=[]", "target.features is empty")]
    [InlineData("target.kind=distributional", "moment is missing; a distributional target wants an expectation for each feature")]
    [InlineData("target={kind: distributional, features: [{name: clean, scorer: pii, at_most: 0, moment: 0}]}", "an expectation above 0 and at most 1 was expected")]
    [InlineData("target={kind: distributional, features: [{name: long, length: words, moment: 1}]}", "this one is a number; add above or at_most")]
    [InlineData("target.kind=reward", "target.beta is missing; a reward needs it")]
    [InlineData("target={kind: reward, beta: 0, features: [{name: long, length: words}]}", "only reinforce, ppo and quark go without")]
    [InlineData("target.beta=1", "target.beta is no parameter of a pointwise target")]
    [InlineData("target.features.0.weight=2", "weight is no parameter of a pointwise target")]
    [InlineData("target.kind=none", "target.kind is none, and gdc needs something to aim at")]
    [InlineData("method={name: f-dpg, divergence: reverse_kl}", "infinite for a target that forbids texts")]
    [InlineData("method.name=ppo", "method.name is ppo, whose target has kind: reward, not pointwise")]
    [InlineData("method.name=dpo", "preferences name neither pairs nor scored, and dpo learns from one of both")]
    [InlineData("preferences.pairs=x.jsonl", "preferences have no place beside gdc")]
    [InlineData("method.clip_range=0.1", "method.clip_range is a parameter of ppo, not of gdc; leave it out")]
    [InlineData("method.learned_baseline=true", "method.learned_baseline is a parameter of dpg and f-dpg and cdpg and reinforce, not of gdc; leave it out")]
    [InlineData("method={name: f-dpg, baseline_rate: 1}", "method.baseline_rate is a parameter of learned_baseline; set that, or leave it out")]
    [InlineData("method={name: dpg, baseline_steps: 3}", "method.baseline_steps is a parameter of learned_baseline; set that, or leave it out")]
    [InlineData("method={name: dpg, gae_lambda: 0.5}", "method.gae_lambda is, with dpg, a parameter of learned_baseline; set that, or leave it out")]
    [InlineData("method={name: f-dpg, learned_baseline: true, baseline_steps: 100000}", "none would be left for the model; raise training.max_steps or lower it")]
    [InlineData("method={name: f-dpg, learned_baseline: true, lambda_rate: 0.1}", "method.lambda_rate needs method.divergence: reverse_kl")]
    [InlineData("method.lambda_rate=0.1", "method.lambda_rate is a parameter of f-dpg, not of gdc")]
    [InlineData("method.name=cdpg", "sampling.prompts is missing; cdpg has a target for each prompt")]
    [InlineData("training.num_tokens=100", "training.num_tokens has no place in phf align; leave it out")]
    [InlineData("training.max_steps=null", "training.max_steps is missing; give the number of steps")]
    [InlineData("training.per_device_train_batch_size=1", "a step needs 2 texts at least")]
    [InlineData("sampling={prompts: x.jsonl, samples_per_prompt: 3}", "is 8, no multiple of sampling.samples_per_prompt = 3")]
    public void WhatIsWrong_IsSaid(string change, string told) =>
        Assert.Contains(told, Assert.Throws<InvalidDataException>(() => AlignmentFile.Load([Write(Good)], [change])).Message);

    [Fact]
    public void AllProblems_AreToldAtOnce_WithTheirLines()
    {
        string path = Write(Good.Replace("at_most: 0", "weight: 2").Replace("max_steps: 10", "max_steps: 10, num_tokens: 5"));
        string[] lines = Assert.Throws<InvalidDataException>(() => AlignmentFile.Load([path], [])).Message.Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.StartsWith($"{path} line 4: target.features.0 is a number", lines[0]);
        Assert.StartsWith($"{path} line 4: target.features.0.weight", lines[1]);
        Assert.StartsWith($"{path} line 5: training.num_tokens", lines[2]);
    }

    private string Write(string text)
    {
        string path = _folder.At("target.yml");
        File.WriteAllText(path, text);
        return path;
    }
}
