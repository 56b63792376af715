using System.CommandLine;
using Phf.Cli.Bench;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf train</c>: a run from a configuration, or one resumed.</summary>
internal static class TrainVerb
{
    private static readonly ConfigOptions Config = new();
    private static readonly Option<string?> Data = new("--data") { Description = "folder written by phf pack; sets dataset.data", HelpName = "DIR" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder of the run; sets training.output_dir", HelpName = "DIR" };
    private static readonly Option<string?> Resume = new("--resume")
    {
        Description = "auto (or nothing): go on with the run in the folder from its newest checkpoint, or start one; never (without the option): refuse a folder "
            + "with a run; a checkpoint's folder: go on from that one. Needs no configuration to go on",
        HelpName = "auto|never|DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the run in the folder" };
    private static readonly Option<bool> DryRunOption = new("--dry-run") { Description = "check everything, train two steps, tell memory and time; writes nothing" };
    private static readonly Option<bool> Profile = new("--profile") { Description = "at the end, where the time went, operation by operation" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };
    private static readonly Option<string?> RecomputeName = new("--recompute") { Description = "none, mlp or layer: what is computed again in the backward pass, for less memory; the result is the same", HelpName = "WHAT" };
    private static readonly Option<string?> BackendName = new("--backend") { Description = "cpu, or reference: slow scalar code to compare with" };

    public static Command Create()
    {
        BackendName.AcceptOnlyFromAmong("cpu", "reference");
        RecomputeName.AcceptOnlyFromAmong("none", "mlp", "layer");
        var verb = new Command("train", "Train a language model on packed data. Everything is set by keys of a configuration; phf config lists them.")
        {
            Config.Task, Config.Method, Config.Size, Config.Override, Data, Output, Resume, Force, DryRunOption, Profile, Threads, RecomputeName, BackendName,
        };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        Resumption resume = Resumption.Of(parsed.GetResult(Resume) is null ? Resumption.Never : parsed.GetValue(Resume) ?? Resumption.Auto, parsed.GetValue(Output));
        bool force = parsed.GetValue(Force);
        if (resume.MayGoOn && force) throw new UsageException("--resume goes on with a run, --force replaces it; give one of them");
        RunConfig config = TrainingData.Located(Configuration(parsed, resume), cancel);
        if (parsed.GetValue(DryRunOption)) return DryRun.Run(config, output, cancel);
        string path = config.Training.OutputDir ?? throw new UsageException("no folder for the run; give --output DIR or training.output_dir");
        bool goesOn = resume.MayGoOn && !RunDirectory.IsFree(path);
        RunDirectory run = goesOn ? RunDirectory.Open(path) : RunDirectory.Reserve(path, force);
        string? checkpoint = null;
        if (goesOn)
        {
            if (run.AlignmentMethod is not null) throw new InvalidDataException($"{path} is a run of phf align; phf align --resume --output {path} goes on with it");
            config = run.CheckSameConfig(config);
            checkpoint = resume.Checkpoint ?? run.Checkpoints().LastOrDefault();
            if (checkpoint is not null && IsFinished(checkpoint, output)) return ExitCode.Done;
        }
        if (resume.MayGoOn) output.WriteLine(checkpoint is null ? $"{path} has no complete checkpoint; starting from the first step" : $"resuming from {checkpoint}");
        using RunPlan plan = RunPlan.Create(config);
        using IBackend computing = CliBackend.Create(config.Training.Backend, config.Training.Threads);
        using TimedBackend? timed = parsed.GetValue(Profile) ? new TimedBackend(computing) : null;
        IBackend backend = timed ?? computing;
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint);
        foreach (string note in plan.Notes) Console.Error.WriteLine($"note: {note}");
        if (!goesOn) run.Start(plan.Config); // from here on nothing that was given can be wrong, so no run is left that never began
        PlanDescription.Write(output, plan, backend);
        Train(trainer, plan, run, output, cancel);
        if (timed is not null) OperationTable.Write(output, timed, BenchMachine.Measure(backend));
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
    private static RunConfig Configuration(ParseResult parsed, Resumption resume)
    {
        IReadOnlyList<string> files = Config.Files(parsed);
        string? output = parsed.GetValue(Output) ?? resume.Output, data = parsed.GetValue(Data), backend = parsed.GetValue(BackendName);
        IReadOnlyList<string> overrides = Config.Overrides(parsed);
        if (output is "") throw new UsageException("--output is empty; give a folder");
        if (parsed.GetValue(Threads) is { } number) CliBackend.CheckThreads(number);
        if (files.Count == 0 && resume.MayGoOn && output is not null) files = [RunDirectory.Open(output).ConfigPath];
        if (files.Count == 0 && resume.MayGoOn && overrides.Count == 0)
            throw new UsageException("--resume does not say what to go on with; give the run's folder with --output DIR, or a checkpoint with --resume DIR");
        if (files.Count == 0 && overrides.Count == 0)
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
                Recompute = parsed.GetValue(RecomputeName) ?? training.Recompute,
                Backend = backend ?? training.Backend,
            },
        };
    }
}
