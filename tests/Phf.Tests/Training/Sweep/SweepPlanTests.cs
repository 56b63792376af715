using Phf.Training.Sweep;

namespace Phf.Tests.Training.Sweep;

public sealed class SweepPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SweepPlanTests()
    {
        Write("task.yml", "training: {max_steps: 4, seed: 7, weight_decay: 0.5}");
        Write("mle.yml", "objective: {name: MLE}");
        Write("rwr.yml", "objective: {name: RWR, beta: 0.1}");
        Write("small.yml", "training: {learning_rate: 0.25}\nwith: {rwr: {objective: {beta: 0.5}}, mle+rwr: {training: {max_steps: 1}}}");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Runs_AreMethodsTimesGridTimesSeeds_TheSeedFastest()
    {
        SweepPlan sweep = Load("""
            seeds: [1, 2]
            grid: {training.learning_rate: [1e-3, 2e-3], training.warmup_steps: [0, 3]}
            overrides: {training.max_steps: 9, training: {weight_decay: 0}}
            """);
        Assert.Equal(2 * 4 * 2, sweep.Runs.Count);
        Assert.Equal(
        [
            "mle-learning_rate=1e-3-warmup_steps=0-seed=1", "mle-learning_rate=1e-3-warmup_steps=0-seed=2", "mle-learning_rate=1e-3-warmup_steps=3-seed=1",
        ], sweep.Runs.Take(3).Select(run => run.Name));
        SweepRun last = sweep.Runs[^1];
        Assert.Equal(("rwr", "RWR", 2L, 2L), (last.Method, last.Config.Objective.Name, last.Seed, last.Config.Training.Seed));
        Assert.Equal((2e-3, 3L, 9L, 0.0), (last.Config.Training.LearningRate, last.Config.Training.WarmupSteps, last.Config.Training.MaxSteps, last.Config.Training.WeightDecay));
        Assert.Equal([new SweepSetting("training.learning_rate", "2e-3"), new SweepSetting("training.warmup_steps", "3")], last.Point);
        Assert.Equal((Path.Combine("out", "runs", last.Name), "packed"), (last.Directory, last.Config.Dataset.Data));
    }

    [Fact]
    public void WithoutGridAndSeeds_MethodsAreRunOnce_WithTheFilesSeed()
    {
        SweepPlan sweep = Load("");
        Assert.Equal(["mle-seed=7", "rwr-seed=7"], sweep.Runs.Select(run => run.Name));
        Assert.All(sweep.Runs, run => Assert.Equal((7L, 0), (run.Config.Training.Seed, run.Point.Count)));
    }

    [Fact]
    public void Size_HoldsForAll_AndItsSectionsForTheirMethods()
    {
        SweepPlan sweep = Load("size: small");
        Assert.All(sweep.Runs, run => Assert.Equal((0.25, 4L), (run.Config.Training.LearningRate, run.Config.Training.MaxSteps)));
        Assert.Equal([null, 0.5], sweep.Runs.Select(run => run.Config.Objective.Beta));
    }

    [Fact]
    public void Values_OfAnyKind_GetFoldersThatAnyFileSystemTakes()
    {
        SweepPlan sweep = Load("""
            grid:
              dataset.filter_threshold: [p50, null]
              generation.force_call_on: [[1, 2], []]
              model.gpt2_config_kwargs: [{n_layer: 1}, {n_layer: 2, n_embd: 64, n_head: 2}]
            """);
        Assert.Equal("mle-filter_threshold=p50-force_call_on=_1_2_-gpt2_config_kwargs=_n_layer_1_-seed=7", sweep.Runs[0].Name);
        Assert.Equal([1, 2], sweep.Runs[0].Config.Generation.ForceCallOn);
        Assert.Equal("{n_layer: 2, n_embd: 64, n_head: 2}", sweep.Runs[1].Point[2].Value);
        Assert.Equal(16, sweep.Runs.Select(run => run.Name).Distinct().Count());
    }

    [Fact]
    public void AllProblems_AreToldTogether_WithTheirPlaces()
    {
        var problem = Assert.Throws<InvalidDataException>(() => Load("""
            seeds: [1, 2, 1]
            sed: 4
            overrides: {training.seed: 5, modle.n: 1}
            grid:
              training.lerning_rate: [1e-3, 2e-3]
              training.weight_decay: []
              training.warmup_ratio: 0.1
              training.adam_beta1: [2]
              training..x: [1]
            evaluate: {samples: 0}
            """, methods: "[mle.yml, nowhere.yml]"));
        Assert.Equal(
        [
            "grid.yml line 5: unknown key sed; the nearest known key is seeds",
            "grid.yml line 13: evaluate.samples is '0'; expected a whole number, at least 1",
            "grid.yml line 6: overrides sets training.seed, which is the sweep's own; give seeds and output instead",
            "grid.yml line 9: grid.training.weight_decay is an empty list; expected a list of values to try",
            "grid.yml line 10: grid.training.warmup_ratio is no list; expected a list of values to try",
            "grid.yml line 12: 'training..x' is no key; expected one such as training.learning_rate",
            "grid.yml: seeds has 1 2 times; keep one",
            "grid.yml line 8: unknown key training.lerning_rate; the nearest known key is training.learning_rate",
            "grid.yml line 11: training.adam_beta1 is '2'; expected a number from 0 to 1",
            "grid.yml line 6: unknown key modle; the nearest known key is model",
            "nowhere.yml does not exist",
        ], Lines(problem));
    }

    [Theory]
    [InlineData("grid: {training.learning_rate: [1e-3, 0.001]}", "mle-learning_rate=1e-3-seed=7 and mle-learning_rate=0.001-seed=7 are the same run")]
    [InlineData("grid: {}", "grid.yml line 4: grid has no keys")]
    [InlineData("seeds: []", "grid.yml: seeds is an empty list; give one at least")]
    [InlineData("seeds: 3", "grid.yml line 4: seeds is '3'; expected a list")]
    [InlineData("grid: 3", "grid.yml line 4: grid is '3'; expected dotted keys and values")]
    [InlineData("size: huge", "no size 'huge'")]
    [InlineData("grid: {training.warmup_steps: ['a b', 'a/b']}", "training.warmup_steps is 'a b'; expected a whole number")]
    [InlineData("grid: {tokenizer.special_tokens: [[a], ['a ']]}", "runs would share the folder mle-special_tokens=_a_-seed=7")]
    public void Problem_IsNamed(string text, string expected) => Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Load(text)).Message);

    [Fact]
    public void MethodsOfOneName_AndTooManyRuns_AreRefused()
    {
        Directory.CreateDirectory(_folder.At("other"));
        Write("other/mle.yml", "objective: {name: MLE}");
        Assert.Contains("methods has 2 files named mle", Assert.Throws<InvalidDataException>(() => Load("", methods: "[mle.yml, other/mle.yml]")).Message);
        Assert.Equal(["grid.yml: methods is an empty list; give one at least"], Lines(Assert.Throws<InvalidDataException>(() => Load("", methods: "[]"))));
        string many = string.Join(", ", Enumerable.Range(1, 101));
        Assert.Contains("20,402 runs; a sweep has at most 10,000",
            Assert.Throws<InvalidDataException>(() => Load($"grid: {{training.warmup_steps: [{many}], training.logging_steps: [{many}]}}")).Message);
    }

    private SweepPlan Load(string more, string methods = "[mle.yml, rwr.yml]")
    {
        methods = methods.Replace("mle.yml", _folder.At("mle.yml")).Replace("rwr.yml", _folder.At("rwr.yml")).Replace($"other/{_folder.FullName}", _folder.At("other"));
        Write("grid.yml", $"task: {_folder.At("task.yml")}\nmethods: {methods}\noutput: out\n{more}\ndata: packed\n");
        return SweepPlan.Load(_folder.At("grid.yml"));
    }

    private string[] Lines(InvalidDataException problem) => [.. problem.Message.Replace($"{_folder.FullName}{Path.DirectorySeparatorChar}", "").Split('\n')];

    private void Write(string name, string text) => File.WriteAllText(_folder.At(name), text);
}
