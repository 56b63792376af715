using System.CommandLine;
using System.Globalization;
using Phf.Alignment;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf align</c>: moves a finished model towards a target, or goes on with that.</summary>
internal static class AlignVerb
{
    private static readonly Argument<string?> Prior = new("MODEL")
    {
        Description = "what to align: folder of a run (its newest checkpoint), of a checkpoint or of a model; with --resume only where it was moved",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Method = new("--method") { Description = "dpg, gdc, gdc++, f-dpg, cdpg, reinforce, ppo, quark, dpo, ipo, kto, orpo, simpo or cringe; rejection, quasi-rejection or best-of-n, which sample and train nothing; sets method.name", HelpName = "NAME" };
    private static readonly Option<string[]> Target = new("--target") { Description = "what the model is to write, and how it gets there (YAML); of several files the last wins", HelpName = "FILE" };
    private static readonly Option<string[]> Override = new("--override")
    {
        Description = "single settings that win over all files, e.g. training.max_steps=100; phf config align lists the keys",
        HelpName = "KEY=VALUE",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder of the run; of a method that samples, the file of texts (.jsonl)", HelpName = "PATH" };
    private static readonly Option<int> Samples = new("--samples") { Description = "texts to keep, for rejection, quasi-rejection and best-of-n", DefaultValueFactory = _ => 100, HelpName = "N" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on with the run in the folder from its newest checkpoint, with its own settings" };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the run in the folder" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads to compute on, 0 for all; the result is the same for any number", HelpName = "N" };
    private static readonly Option<string?> BackendName = new("--backend") { Description = "cpu, or reference: slow scalar code to compare with" };

    public static Command Create()
    {
        BackendName.AcceptOnlyFromAmong("cpu", "reference");
        var verb = new Command("align", "Align a finished model: by distribution matching or reinforcement learning, to what scorers measure of its texts.")
        {
            Prior, Method, Target, Override, Output, Samples, Resume, Force, Threads, BackendName,
        };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        bool resumes = parsed.GetValue(Resume);
        CheckUsage(parsed, resumes);
        string path = parsed.GetRequiredValue(Output)!;
        AlignmentSection section = Section(parsed, path, resumes);
        if (section.Method.IsSampling)
        {
            TargetSampling.Run(section, parsed.GetValue(Samples), path, output, cancel);
            return ExitCode.Done;
        }
        RunDirectory run = resumes ? RunDirectory.Open(path) : RunDirectory.Reserve(path, parsed.GetValue(Force));
        string? checkpoint = resumes ? run.Checkpoints().LastOrDefault() : null;
        if (checkpoint is not null && Checkpoint.ReadState(checkpoint) is { } state && state.Step == state.TotalSteps)
        {
            output.WriteLine($"{checkpoint}: the run is finished, step {state.Step} of {state.TotalSteps}; nothing to do");
            return ExitCode.Done;
        }
        if (resumes) output.WriteLine(checkpoint is null ? $"{run.Path} has no complete checkpoint; starting from the first step" : $"resuming from {checkpoint}");
        using AlignmentPlan plan = AlignmentPlan.Create(section);
        using IBackend backend = CliBackend.Create(section.Training.Backend, section.Training.Threads);
        if (checkpoint is null && section.Target.Kind != "none") output.WriteLine($"measuring the target on {section.Sampling.PriorSamples} samples of {plan.PriorDirectory}");
        using Trainer trainer = Aligner.Create(plan, run, backend, checkpoint, report => output.WriteLine(Line(report)), problem => Console.Error.WriteLine($"warning: {problem}"));
        if (!resumes) Aligner.Start(plan, run); // from here on nothing that was given can be wrong
        output.WriteLine($"{section.Method.Name}: {plan.TotalSteps} steps of {plan.TextsPerStep} texts of at most {plan.MaxLength} tokens, {plan.MemoryBytes / 1e9:F2} GB");
        Train(trainer, plan, run, output, cancel);
        return ExitCode.Done;
    }

    private static void CheckUsage(ParseResult parsed, bool resumes)
    {
        if (string.IsNullOrEmpty(parsed.GetValue(Output))) throw new UsageException("no folder for the run; give --output DIR");
        if (resumes && (parsed.GetResult(Method) is not null || parsed.GetResult(Target) is not null || parsed.GetResult(Override) is not null))
            throw new UsageException("--resume goes on with the run's own settings; leave --method, --target and --override out");
        if (parsed.GetValue(Samples) < 1) throw new UsageException($"--samples {parsed.GetValue(Samples)}: at least 1 was expected");
        if (resumes && parsed.GetValue(Force)) throw new UsageException("--resume goes on with a run, --force replaces it; give one of them");
        if (!resumes && parsed.GetValue(Prior) is null) throw new UsageException("no model to align; name a run, a checkpoint or a model directory");
        if (!resumes && parsed.GetResult(Target) is null) throw new UsageException("no target; give --target FILE, e.g. configs/align/no-pii.yml");
    }

    private static AlignmentSection Section(ParseResult parsed, string path, bool resumes)
    {
        string[] overrides = [.. parsed.GetValue(Method) is { } method ? (string[])[$"method.name={method}"] : [], .. parsed.GetValue(Override) ?? []];
        string[] own = resumes ? [RunDirectory.Open(path).AlignmentPath] : [];
        if (resumes && !File.Exists(own[0])) throw new InvalidDataException($"{path} is a run of phf train (it has no align.yml); phf train --resume goes on with it");
        LoadedAlignment loaded = AlignmentFile.Load(resumes ? own : parsed.GetRequiredValue(Target), overrides);
        foreach (string note in loaded.Notes) Console.Error.WriteLine($"note: {note}");
        AlignmentSection section = loaded.Section;
        return section with
        {
            Prior = parsed.GetValue(Prior) ?? section.Prior,
            Training = section.Training with
            {
                OutputDir = section.Method.IsSampling ? null : path,
                Threads = parsed.GetValue(Threads) ?? section.Training.Threads,
                Backend = parsed.GetValue(BackendName) ?? section.Training.Backend,
            },
        };
    }

    private static void Train(Trainer trainer, AlignmentPlan plan, RunDirectory run, TextWriter output, CancellationToken cancel)
    {
        using CancellationTokenRegistration told = cancel.Register(() =>
            Console.Error.WriteLine("stopping after this step, with a checkpoint; Ctrl-C again stops at once, without"));
        try
        {
            trainer.Run(new TrainingConsole(output, plan.Section.Training.LoggingSteps), cancel: cancel);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"stopped after step {trainer.Step} of {plan.TotalSteps}; phf align --resume --output {run.Path} goes on");
            throw;
        }
    }

    private static string Line(AlignmentReport report)
    {
        var text = new List<string> { $"step {report.Step}" };
        text.AddRange(report.Features.Select(feature => Number(feature.Name, feature.Mean)));
        if (report.Reward is { } reward) text.Add(Number("reward", reward));
        text.Add(string.Create(CultureInfo.InvariantCulture, $"KL(model || prior) {report.KlFromPrior:F2} +- {report.KlFromPriorError:F2}"));
        if (report.Target is { } target)
            text.Add(string.Create(CultureInfo.InvariantCulture, $"KL(target || model) {target.Kl:F3} | TV {target.TotalVariation:F3} | Z {target.Z:G4} +- {target.ZError:G2}"));
        text.Add(Number("distinct-2", report.Distinct[1]));
        text.Add(Number("entropy", report.Entropy));
        return string.Join(" | ", text);

        static string Number(string name, double value) => string.Create(CultureInfo.InvariantCulture, $"{name} {value:G4}");
    }
}
