using System.Globalization;
using Phf.Generation;

namespace Phf.Evaluation.Tasks;

/// <summary>How HumanEval's candidates are drawn.</summary>
public sealed record HumanEvalOptions
{
    /// <summary>n, candidates for each problem; pass@k is measured for k up to it.</summary>
    public int Samples { get; init; } = 10;

    public double Temperature { get; init; } = 0.8;

    public double TopP { get; init; } = 0.95;

    /// <summary>Longest candidate, where the model has room.</summary>
    public int MaxNewTokens { get; init; } = 512;

    public ulong Seed { get; init; } = 1;
}

/// <summary>HumanEval (Chen et al. 2021): candidates are sampled, cut at the first line that ends a function, and tried against the problem's test.</summary>
public static class HumanEvalTask
{
    private const string Expected = "HumanEval as published, {\"task_id\", \"prompt\", \"entry_point\", \"test\"} a line";
    private const string NoRoom = "no room";

    /// <summary>What begins where a function is over: the paper's five.</summary>
    private static readonly string[] StopSequences = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"];

    private static readonly int[] ReportedK = [1, 10, 100];

    /// <summary>Measures a file.</summary>
    /// <param name="model">Its prefix stands between the end-of-text token and each prompt.</param>
    /// <param name="path">JSON lines.</param>
    /// <param name="options">How candidates are drawn.</param>
    /// <param name="runner">Runs them.</param>
    /// <param name="progress">Told how many problems are done, of how many.</param>
    /// <param name="cancel">Stops between two tokens or candidates.</param>
    /// <exception cref="InvalidDataException">A line is none of HumanEval.</exception>
    public static TaskResult Measure(TaskModel model, string path, HumanEvalOptions options, CandidateRunner runner, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        Problem[] problems = [.. TaskFiles.Read(path, Expected).Select(item => new Problem(item.Text("prompt"), item.Text("entry_point"), item.Text("test")))];
        var passed = new int[problems.Length];
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int p = 0; p < problems.Length; p++)
        {
            string[]? candidates = Draw(model, problems[p].Prompt, options, options.Seed + ((ulong)p << 32), cancel);
            string[] ended = candidates is null ? [.. Enumerable.Repeat(NoRoom, options.Samples)] : TryAll(problems[p], candidates, runner, model.Model.Backend.Threads, cancel);
            foreach (string outcome in ended) outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            passed[p] = ended.Count(outcome => outcome == "passed");
            progress?.Invoke(p + 1, problems.Length);
        }
        var metrics = new TaskMetrics();
        foreach (int k in ReportedK.Where(k => k <= options.Samples))
            metrics.Add($"pass@{k}", Estimate.OfMean([.. passed.Select(c => PassAtK(options.Samples, c, k))], rate => rate));
        metrics.Add("samples_per_problem", options.Samples);
        foreach ((string outcome, int count) in outcomes) metrics.Add($"outcome/{outcome}", count);
        return metrics.Result("humaneval", string.Create(CultureInfo.InvariantCulture,
            $"Functions of {Path.GetFileName(path)} written behind the end-of-text token{model.PrefixInWords}, temperature {options.Temperature}, top-p {options.TopP}, seed {options.Seed}, at most {options.MaxNewTokens} tokens, and tried. ")
            + $"Intervals: bootstrap over problems. In force while they ran: {string.Join("; ", runner.Isolation)}.", problems.Length);
    }

    /// <summary>The chance that one of k of n candidates passes, of which c do: 1 - C(n - c, k) / C(n, k), without bias (Chen et al. 2021, equation 1).</summary>
    public static double PassAtK(int n, int c, int k)
    {
        if (n - c < k) return 1;
        double none = 1;
        for (int i = n - c + 1; i <= n; i++) none *= 1 - (k / (double)i);
        return 1 - none;
    }

    /// <summary>A continuation up to the first stop sequence.</summary>
    public static string Cut(string continuation)
    {
        int end = continuation.Length;
        foreach (string stop in StopSequences)
        {
            int place = continuation.IndexOf(stop, StringComparison.Ordinal);
            if (place >= 0) end = Math.Min(end, place);
        }
        return continuation[..end];
    }

    /// <summary>The program that decides on a candidate: it passes where this ends without an error.</summary>
    internal static string Program(string prompt, string candidate, string test, string entryPoint) => $"{prompt}{candidate}\n{test}\ncheck({entryPoint})\n";

    /// <summary>Candidates for a problem; null where the prompt leaves no room.</summary>
    private static string[]? Draw(TaskModel model, string prompt, HumanEvalOptions options, ulong seed, CancellationToken cancel)
    {
        int[] ids = model.Document(prompt);
        int most = Math.Min(model.Model.Config.Positions, ids.Length + options.MaxNewTokens);
        if (ids.Length >= most) return null;
        var sampling = new SamplingOptions { MaxLength = most, Temperature = options.Temperature, TopP = options.TopP };
        int[][] written = new Sampler(model.Model, model.Tokenizer.EndOfTextId).Generate([.. Enumerable.Repeat(ids, options.Samples)], sampling, seed, cancel: cancel);
        return [.. written.Select(tokens => Cut(model.Tokenizer.Decode(tokens, skipSpecialTokens: true)))];
    }

    private static string[] TryAll(Problem problem, string[] candidates, CandidateRunner runner, int atOnce, CancellationToken cancel)
    {
        var outcomes = new string[candidates.Length];
        Parallel.For(0, candidates.Length, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel },
            i => outcomes[i] = runner.Run(Program(problem.Prompt, candidates[i], problem.Test, problem.EntryPoint), cancel));
        return outcomes;
    }

    private sealed record Problem(string Prompt, string EntryPoint, string Test);
}
