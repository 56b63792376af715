using System.CommandLine;
using System.Text.RegularExpressions;
using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.Tasks;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;

namespace Phf.Cli;

/// <summary>The options by which <c>phf evaluate</c> says what tasks to measure, and their measuring.</summary>
internal sealed partial class TaskArguments
{
    private const string Lambada = "lambada", Blimp = "blimp", HumanEval = "humaneval", Perplexity = "perplexity";
    private static readonly string[] Names = [Lambada, Blimp, HumanEval, Perplexity];
    private static readonly HumanEvalOptions Defaults = new();

    private readonly Option<string[]> _tasks = new("--tasks")
    {
        Description = "what to measure besides, with the user's own files: lambada=FILE,blimp=FILE or folder,humaneval=FILE,perplexity=FILE (JSON lines, also .gz); may be repeated",
        HelpName = "TASK=FILE,...",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<string> _prefix = new("--task-prefix") { Description = "text before every text of a task, such as the tag of aligned text", HelpName = "TEXT", DefaultValueFactory = _ => "" };
    private readonly Option<int> _samples = new("--humaneval-samples") { Description = "candidates for each problem of humaneval; pass@10 and pass@100 need as many", HelpName = "N", DefaultValueFactory = _ => Defaults.Samples };
    private readonly Option<double> _temperature = new("--humaneval-temperature") { Description = "at which candidates are drawn", HelpName = "X", DefaultValueFactory = _ => Defaults.Temperature };
    private readonly Option<bool> _allow = new("--allow-code-execution") { Description = "let humaneval run what the model writes, in a child process with limits (docs/evaluation.md says which)" };
    private readonly Option<string> _python = new("--python") { Description = "interpreter for humaneval", HelpName = "FILE", DefaultValueFactory = _ => "python3" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _tasks, _prefix, _samples, _temperature, _allow, _python }) command.Options.Add(option);
    }

    /// <summary>What was asked for; everything that can be known to be wrong is said here, before anything is measured.</summary>
    /// <exception cref="UsageException">An unknown task, or one that needs another option.</exception>
    /// <exception cref="IOException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">Python is missing.</exception>
    public TaskPlan Plan(ParseResult parsed)
    {
        (string Name, string Path)[] tasks = [.. parsed.GetRequiredValue(_tasks).SelectMany(text => Separator().Split(text)).Select(Task)];
        string? twice = tasks.GroupBy(task => task.Name).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null) throw new UsageException($"--tasks names {twice} twice; give one file for it");
        var options = new HumanEvalOptions { Samples = parsed.GetValue(_samples), Temperature = parsed.GetValue(_temperature) };
        if (options.Samples < 1) throw new UsageException($"--humaneval-samples {options.Samples}: at least 1 was expected");
        if (!(options.Temperature is > 0 and <= 100)) throw new UsageException($"--humaneval-temperature {options.Temperature}: above 0 and at most 100 was expected");
        bool runsCode = tasks.Any(task => task.Name == HumanEval);
        if (runsCode && !parsed.GetValue(_allow))
            throw new UsageException("humaneval runs programs that the model writes; read in docs/evaluation.md what contains them, and say --allow-code-execution");
        foreach ((_, string path) in tasks)
            if (!File.Exists(path) && !Directory.Exists(path)) throw new FileNotFoundException($"{path} does not exist");
        CandidateRunner? runner = runsCode ? CandidateRunner.Start(parsed.GetRequiredValue(_python), new ExecutionLimits()) : null;
        foreach (string shield in runner?.Isolation ?? []) Console.Error.WriteLine($"note: candidates are run with {shield}");
        return new TaskPlan(tasks, parsed.GetRequiredValue(_prefix), options, runner);
    }

    private static (string Name, string Path) Task(string text)
    {
        int equals = text.IndexOf('=');
        string name = equals < 0 ? text : text[..equals];
        if (!Names.Contains(name)) throw new UsageException($"--tasks {text}: '{name}' is no task; {string.Join(", ", Names)} are, as in lambada=FILE");
        return equals >= 0 && equals + 1 < text.Length ? (name, text[(equals + 1)..]) : throw new UsageException($"--tasks {text}: a file was expected, as in {name}=FILE");
    }

    /// <summary>A comma with a task's name behind it; other commas belong to the path.</summary>
    [GeneratedRegex(@",(?=\w+(?:=|,|$))")]
    private static partial Regex Separator();

    /// <summary>Tasks to measure.</summary>
    /// <param name="Tasks">Names and files.</param>
    /// <param name="Prefix">Before every text.</param>
    /// <param name="HumanEvalOptions">How candidates are drawn.</param>
    /// <param name="Runner">Runs them; null where none are to be run.</param>
    internal sealed record TaskPlan(IReadOnlyList<(string Name, string Path)> Tasks, string Prefix, HumanEvalOptions HumanEvalOptions, CandidateRunner? Runner)
    {
        /// <summary>Measures a model under a progress display and puts the numbers into its evaluation.json; what was measured before is not measured again.</summary>
        /// <param name="directory">With the evaluation.</param>
        /// <param name="modelDirectory">The model's.</param>
        /// <param name="backend">Computes.</param>
        /// <param name="seed">Of humaneval's candidates.</param>
        /// <param name="force">Measure anew what was measured before.</param>
        /// <param name="output">Gets a table.</param>
        /// <param name="cancel">Stops between two batches; tasks that were done are kept.</param>
        /// <exception cref="InvalidDataException">A file is none of its task.</exception>
        public void AddTo(string directory, string modelDirectory, IBackend backend, ulong seed, bool force, TextWriter output, CancellationToken cancel)
        {
            if (Tasks.Count == 0) return;
            using Gpt2 loaded = Gpt2Weights.Load(modelDirectory, backend);
            var model = new TaskModel(loaded, BpeTokenizer.FromDirectory(modelDirectory), Prefix);
            var cache = EvaluationCache.Of(directory, force);
            string fingerprint = ModelFingerprint.Of(modelDirectory);
            TaskResult[] results = [.. Tasks.Select(task => cache.GetOrCompute($"task-{task.Name}", Inputs(task, fingerprint, seed), () => Measure(model, task, seed, cancel)))];
            EvaluationResult result = EvaluationFiles.ReadResult(directory) ?? throw new InvalidDataException($"{directory}: no {EvaluationFiles.ResultName} to put the tasks into");
            EvaluationFiles.WriteResult(directory, (result with { Tasks = results }).With(result));
            foreach (TaskResult task in results) Print(task, output);
        }

        private object Inputs((string Name, string Path) task, string fingerprint, ulong seed) => new
        {
            Model = fingerprint,
            File = Path.GetFileName(task.Path),
            Content = TaskFiles.Fingerprint(task.Path),
            Prefix,
            Options = task.Name == HumanEval ? HumanEvalOptions with { Seed = seed } : null,
            Isolation = task.Name == HumanEval ? Runner!.Isolation : null,
        };

        private TaskResult Measure(TaskModel model, (string Name, string Path) task, ulong seed, CancellationToken cancel)
        {
            TaskResult? result = null;
            ConsoleProgress.Run(task.Name, task.Name == HumanEval ? "problems" : "items", total: 1, progress =>
                result = Measure(model, task.Name, task.Path, seed, (done, of) => progress.Report(done / (double)of, done), cancel));
            return result!;
        }

        private static void Print(TaskResult task, TextWriter output)
        {
            foreach ((string name, double value) in task.Metrics)
            {
                if (name.StartsWith("paradigm/", StringComparison.Ordinal)) continue; // 67 of them; they are in the file
                string interval = task.Intervals.TryGetValue(name, out Interval? range) ? $" ({SummaryTable.Number(range.Low)} to {SummaryTable.Number(range.High)})" : "";
                output.WriteLine($"{task.Name} {name}: {SummaryTable.Number(value)}{interval}");
            }
        }

        private TaskResult Measure(TaskModel model, string name, string path, ulong seed, Action<int, int> progress, CancellationToken cancel)
        {
            if (name == Lambada) return LambadaTask.Measure(model, path, progress, cancel);
            if (name == Blimp) return BlimpTask.Measure(model, path, progress, cancel);
            if (name == HumanEval) return HumanEvalTask.Measure(model, path, HumanEvalOptions with { Seed = seed }, Runner!, progress, cancel);
            var skipped = new SkippedRecords();
            TaskResult result = PerplexityTask.Measure(model, path, skipped, progress, cancel);
            foreach ((string reason, string count) in SummaryTable.Rows(skipped)) Console.Error.WriteLine($"note: {reason}: {count}");
            return result;
        }
    }
}
