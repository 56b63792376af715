using System.CommandLine;
using Phf.Data;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf train</c>: a run from a configuration, or one resumed.</summary>
internal static class TrainVerb
{
    private static readonly Option<string[]> Task = new("--task") { Description = "configuration of the task: model, steps, samples (YAML)", HelpName = "FILE" };
    private static readonly Option<string[]> Method = new("--method") { Description = "configuration of the method: objective, tags, filter (YAML); wins over the task's", HelpName = "FILE" };
    private static readonly Option<string[]> Override = new("--override")
    {
        Description = "single settings that win over both, e.g. training.num_tokens=1e6",
        HelpName = "KEY=VALUE",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> Data = new("--data") { Description = "folder written by phf pack; sets dataset.data", HelpName = "DIR" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder of the run; sets training.output_dir", HelpName = "DIR" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on with the run in the folder from its newest checkpoint; needs no configuration" };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the run in the folder" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };
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
        string path = config.Training.OutputDir ?? throw new UsageException("no folder for the run; give --output DIR or training.output_dir");
        bool goesOn = resume && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any();
        RunDirectory run = goesOn ? RunDirectory.Open(path) : RunDirectory.Reserve(path, force);
        string? checkpoint = null;
        if (goesOn)
        {
            config = run.CheckSameConfig(config);
            checkpoint = run.Checkpoints().LastOrDefault();
            if (checkpoint is not null && IsFinished(checkpoint, output)) return ExitCode.Done;
        }
        if (resume) output.WriteLine(checkpoint is null ? $"{path} has no complete checkpoint; starting from the first step" : $"resuming from {checkpoint}");
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = CliBackend.Create(config.Training.Backend, config.Training.Threads);
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint);
        foreach (string note in plan.Notes) Console.Error.WriteLine($"note: {note}");
        if (!goesOn) run.Start(plan.Config); // from here on nothing that was given can be wrong, so no run is left that never began
        Describe(output, plan, backend, trainer);
        Train(trainer, plan, run, output, cancel);
        return ExitCode.Done;
    }

    private static void Train(Trainer trainer, RunPlan plan, RunDirectory run, TextWriter output, CancellationToken cancel)
    {
        using CancellationTokenRegistration told = cancel.Register(() =>
            Console.Error.WriteLine("stopping after this step, with a checkpoint; Ctrl-C again stops at once, without"));
        try
        {
            trainer.Run(new TrainingConsole(output, plan.Config.Training.LoggingSteps), TrainingSamples.Writer(plan, run), cancel);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"stopped after step {trainer.Step} of {plan.TotalSteps}; phf train --resume --output {run.Path} goes on");
            throw;
        }
    }

    private static bool IsFinished(string checkpoint, TextWriter output)
    {
        TrainerState state = Checkpoint.ReadState(checkpoint);
        if (state.Step < state.TotalSteps) return false;
        output.WriteLine($"{checkpoint}: the run is finished, step {state.Step} of {state.TotalSteps}; nothing to do");
        return true;
    }

    /// <summary>The files and overrides given; a resumed run without files has its own configuration.</summary>
    private static RunConfig Configuration(ParseResult parsed, bool resume)
    {
        string[] files = [.. parsed.GetValue(Task) ?? [], .. parsed.GetValue(Method) ?? []];
        string? output = parsed.GetValue(Output), data = parsed.GetValue(Data), backend = parsed.GetValue(BackendName);
        string[] overrides = parsed.GetValue(Override) ?? [];
        if (output is "") throw new UsageException("--output is empty; give a folder");
        if (parsed.GetValue(Threads) is { } number) CliBackend.CheckThreads(number);
        if (files.Length == 0 && resume && output is not null) files = [RunDirectory.Open(output).ConfigPath];
        if (files.Length == 0 && overrides.Length == 0)
            throw new UsageException("no configuration; give --task FILE and --method FILE, e.g. configs/pii/pretrain.yml and configs/pii/conditional.yml");
        LoadedConfig loaded = ConfigLoader.Load(files, overrides);
        foreach (string note in loaded.Notes) Console.Error.WriteLine($"note: {note}");
        RunConfig config = loaded.Config;
        TrainingSection training = config.Training;
        return config with
        {
            Dataset = config.Dataset with { Data = data ?? config.Dataset.Data },
            Training = training with
            {
                OutputDir = output ?? training.OutputDir,
                Threads = parsed.GetValue(Threads) ?? training.Threads,
                Backend = backend ?? training.Backend,
            },
        };
    }

    private static void Describe(TextWriter output, RunPlan plan, IBackend backend, Trainer trainer)
    {
        output.WriteLine($"model     {trainer.Model.Parameters.Layout.Count:N0} parameters: layers {plan.Model.Layers}, heads {plan.Model.Heads}, "
            + $"width {plan.Model.Channels}, vocabulary {plan.Model.VocabularySize:N0}, sequences of {plan.SequenceLength}");
        output.WriteLine($"data      {plan.Data.DocumentCount:N0} documents, {plan.Data.TokenCount:N0} tokens, scorer {plan.Data.Manifest.Scorer ?? "not named"}, "
            + (plan.HeldOut is { } heldOut ? $"{heldOut.DocumentCount:N0} documents held out" : "none held out"));
        output.WriteLine($"objective {plan.Objective.Name}"
            + (plan.Blocks.FilterThreshold is { } limit ? $", documents with mean score above {limit:G4}{Percentile(plan.Config.Dataset.FilterThreshold)} left out" : "")
            + (plan.Config.Objective.ScoreThreshold is { IsPercentile: true } own ? $", score_threshold is the segments' {own.Unrecorded}" : ""));
        if (plan.Blocks.Tags is { } tags) output.WriteLine($"tags      {DescribeTags(plan, tags)}");
        foreach (string reading in DescribeReading(plan.Blocks)) output.WriteLine($"reading   {reading}");
        output.WriteLine($"steps     {plan.TotalSteps:N0} of {plan.TokensPerStep:N0} tokens on {backend.Name}, about {plan.MemoryBytes / 1e6:N0} MB");
    }

    private static IEnumerable<string> DescribeReading(BlockOptions blocks)
    {
        if (blocks.Upsample is { } upsample)
            yield return $"documents {string.Join(", ", upsample.Weights.Select(weight => $"{weight:G4}"))} times an epoch, by mean score below, between and above "
                + string.Join(", ", upsample.Thresholds.Select(threshold => $"{threshold:G4}"));
        if (blocks.Spans == SpanUse.Score) yield return "tokens have the scores of their spans, others 0";
        if (blocks.Spans == SpanUse.Mask) yield return $"tokens of spans with a score above {blocks.SpanThreshold:G4} are left out of the loss";
        if (blocks.Reference is { } order) yield return $"in the reference's order, shuffled among {order.ShuffleBuffer:N0} sequences";
    }

    private static string DescribeTags(RunPlan plan, ControlTags tags)
    {
        IReadOnlyList<Threshold> bounds = plan.Config.Dataset.ConditionalTrainingConfig!.Bounds;
        IEnumerable<string> upTo = tags.Thresholds.Select((threshold, i) => $"{plan.Tags.Texts[i]} up to {threshold:G4}{Percentile(bounds[i])}");
        return $"{string.Join(", ", upTo)}, {plan.Tags.Texts[^1]} above, "
            + (tags.IsPerDocument ? "one for each document by its mean score" : "before each segment by its score")
            + (plan.TaggedSteps is { } last ? $"; none after step {last:N0}" : "");
    }

    /// <summary>" (p50)" behind a number that was given so.</summary>
    private static string Percentile(Threshold? threshold) => threshold is { IsPercentile: true } given ? $" ({given.Unrecorded})" : "";
}
