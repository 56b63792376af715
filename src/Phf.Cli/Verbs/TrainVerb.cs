using System.CommandLine;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf train</c>: a run from a configuration, or one resumed.</summary>
internal static class TrainVerb
{
    private static readonly Option<string[]> Task = new("--task") { Description = "configuration of the task, YAML", HelpName = "FILE" };
    private static readonly Option<string[]> Method = new("--method") { Description = "configuration of the method, YAML; goes before the task's", HelpName = "FILE" };
    private static readonly Option<string[]> Override = new("--override")
    {
        Description = "settings that go before both, e.g. training.num_tokens=1e6",
        HelpName = "KEY=VALUE",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> Data = new("--data") { Description = "folder written by phf pack; the same as --override dataset.data=DIR", HelpName = "DIR" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder of the run; the same as --override training.output_dir=DIR", HelpName = "DIR" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on with the run in the folder from its newest checkpoint" };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the run in the folder" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on; the result is the same for any number" };
    private static readonly Option<string?> BackendName = new("--backend") { Description = "cpu, or reference: slow scalar code to compare with" };

    public static Command Create()
    {
        BackendName.AcceptOnlyFromAmong("cpu", "reference");
        var verb = new Command("train", "Train a language model on packed data.") { Task, Method, Override, Data, Output, Resume, Force, Threads, BackendName };
        verb.SetAction((parsed, cancel) => System.Threading.Tasks.Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        bool resume = parsed.GetValue(Resume), force = parsed.GetValue(Force);
        if (resume && force) throw new UsageException("--resume goes on with a run, --force replaces it; give one of them");
        RunConfig config = Configuration(parsed, resume);
        using RunPlan plan = RunPlan.Create(config);
        string path = config.Training.OutputDir ?? throw new UsageException("no folder for the run; give --output DIR or training.output_dir");
        string? checkpoint = null;
        RunDirectory run;
        if (resume && Directory.Exists(path))
        {
            run = RunDirectory.Open(path);
            run.CheckSameConfig(config);
            checkpoint = run.Checkpoints().LastOrDefault();
            output.WriteLine(checkpoint is null ? $"{path} has no complete checkpoint; starting from the first step" : $"resuming from {checkpoint}");
        }
        else run = RunDirectory.Create(path, config, force);

        using IBackend backend = CliBackend.Create(config.Training.Backend, config.Training.Threads);
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint);
        Describe(output, plan, backend, trainer);
        trainer.Run(new TrainingConsole(output, config.Training.LoggingSteps), TrainingSamples.Writer(plan, run), cancel);
        return ExitCode.Done;
    }

    /// <summary>The files and overrides given; a resumed run without files has its own configuration.</summary>
    private static RunConfig Configuration(ParseResult parsed, bool resume)
    {
        string[] files = [.. parsed.GetValue(Task) ?? [], .. parsed.GetValue(Method) ?? []];
        string? output = parsed.GetValue(Output);
        if (files.Length == 0 && resume && output is not null)
        {
            if (!File.Exists(Path.Combine(output, "config.yml"))) throw new InvalidDataException($"{output} is no run: it has no config.yml");
            files = [Path.Combine(output, "config.yml")];
        }
        var overrides = new List<string>();
        Add("dataset.data", parsed.GetValue(Data));
        Add("training.output_dir", output);
        Add("training.threads", parsed.GetValue(Threads)?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add("training.backend", parsed.GetValue(BackendName));
        if (files.Length == 0 && parsed.GetValue(Override) is not { Length: > 0 }) throw new UsageException("no configuration; give --task FILE and --method FILE, e.g. configs/pii/pretrain.yml and configs/pii/conditional.yml");
        LoadedConfig loaded = ConfigLoader.Load(files, [.. overrides, .. parsed.GetValue(Override) ?? []]);
        foreach (string note in loaded.Notes) Console.Error.WriteLine($"note: {note}");
        return loaded.Config;

        void Add(string key, string? value)
        {
            if (value is not null) overrides.Add($"{key}={value}");
        }
    }

    private static void Describe(TextWriter output, RunPlan plan, IBackend backend, Trainer trainer)
    {
        output.WriteLine($"model     {trainer.Model.Parameters.Layout.Count:N0} parameters, {plan.Model.Layers} layers, {plan.Model.Channels} wide, {plan.Model.VocabularySize:N0} tokens, context {plan.SequenceLength}");
        output.WriteLine($"data      {plan.Data.DocumentCount:N0} documents, {plan.Data.TokenCount:N0} tokens, scorer {plan.Data.Manifest.Scorer ?? "not named"}");
        output.WriteLine($"objective {plan.Objective.Name}"
            + (plan.Blocks.Tags is { } tags ? $", a tag before every segment (aligned: score <= {tags.Threshold})" : "")
            + (plan.Blocks.FilterThreshold is { } limit ? $", documents with mean score above {limit:G4} left out" : ""));
        output.WriteLine($"steps     {plan.TotalSteps:N0} of {plan.TokensPerStep:N0} tokens on {backend.Name}, about {plan.MemoryBytes / 1e6:N0} MB");
    }
}
