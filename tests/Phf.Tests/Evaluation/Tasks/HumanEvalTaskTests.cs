using System.Text.Json;
using Phf.Evaluation;
using Phf.Evaluation.Tasks;

namespace Phf.Tests.Evaluation.Tasks;

public sealed class HumanEvalTaskTests
{
    /// <summary>1 - C(n - c, k) / C(n, k), counted out.</summary>
    [Theory]
    [InlineData(10, 0, 1, 0)]
    [InlineData(10, 3, 1, 0.3)]
    [InlineData(10, 3, 10, 1)]
    [InlineData(5, 2, 2, 0.7)] // 1 - 3 / 10
    [InlineData(4, 1, 3, 0.75)] // 1 - 1 / 4
    [InlineData(200, 200, 100, 1)]
    public void PassAtK_EqualsTheCount(int n, int c, int k, double expected) => Assert.Equal(expected, HumanEvalTask.PassAtK(n, c, k), 1e-12);

    [Theory]
    [InlineData("    return 1\n\ndef other():\n    pass", "    return 1\n")]
    [InlineData("    return 1\nprint(f())\nclass A", "    return 1")]
    [InlineData("    if x:\n        return 2\n    # no stop here\n    return 3\n# stop", "    if x:\n        return 2\n    # no stop here\n    return 3")]
    [InlineData("    return 1", "    return 1")]
    public void Cut_EndsWhereTheFunctionDoes(string continuation, string expected) => Assert.Equal(expected, HumanEvalTask.Cut(continuation));

    /// <summary>A model that writes nonsense: one problem passes whatever follows, one never, one is longer than the model.</summary>
    [PythonFact]
    public void Measure_CountsWhatPasses()
    {
        using var models = new TaskModels(positions: 48);
        using var folder = new TemporaryFolder();
        string always = "def f():\n    return 1\n# ", never = "def g():\n    return 1\n# ";
        File.WriteAllLines(folder.At("h.jsonl"),
        [
            Problem(always, "f", "def check(f):\n    assert f() == 1\n"), Problem(never, "g", "def check(g):\n    assert g() == 2\n"),
            Problem("def h():\n" + string.Concat(Enumerable.Repeat("    # the cat sat\n", 30)), "h", "def check(h):\n    pass\n"),
        ]);
        CandidateRunner runner = CandidateRunner.Start("python3", new ExecutionLimits());
        var options = new HumanEvalOptions { Samples = 3, MaxNewTokens = 1, Seed = 4 };
        TaskResult result = HumanEvalTask.Measure(models.Model, folder.At("h.jsonl"), options, runner);
        Assert.Equal(3, result.Items);
        double broken = result.Metrics.GetValueOrDefault("outcome/not Python") + result.Metrics.GetValueOrDefault("outcome/error"); // a written line end takes the comment's end away
        Assert.Equal(3, result.Metrics["outcome/no room"]);
        Assert.Equal(6 - broken, result.Metrics.GetValueOrDefault("outcome/passed") + result.Metrics.GetValueOrDefault("outcome/wrong answer"));
        Assert.Equal(result.Metrics.GetValueOrDefault("outcome/passed") / 9, result.Metrics["pass@1"], 1e-12);
        Assert.True(result.Metrics["pass@1"] > 0);
        Assert.DoesNotContain("pass@10", result.Metrics.Keys);
        Assert.Equal(result.Metrics, HumanEvalTask.Measure(models.Model, folder.At("h.jsonl"), options, runner).Metrics);
    }

    private static string Problem(string prompt, string entry, string test) => JsonSerializer.Serialize(new { task_id = entry, prompt, entry_point = entry, test });
}
