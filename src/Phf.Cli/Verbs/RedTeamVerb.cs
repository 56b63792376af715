using System.CommandLine;
using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf redteam</c>: prompts after which a model writes misaligned text.</summary>
internal static class RedTeamVerb
{
    private static readonly Argument<string> Source = new("RUN") { Description = "folder of a run (its newest checkpoint, with load_best_model_at_end its best), of a checkpoint or of a model" };
    private static readonly Option<string?> Data = new("--data") { Description = "where the packed data lies now, if it was moved after training; for a model, packed data whose documents prompts begin as", HelpName = "DIR" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder for the results; without it, the run's or model's own", HelpName = "DIR" };
    private static readonly Option<string?> Pool = new("--pool") { Description = "prompts to begin with, one {\"text\": \"...\"} a line; without it, beginnings of documents of the run's data", HelpName = "FILE" };
    private static readonly Option<string?> Prompts = new("--prompts") { Description = "measure these prompts, one {\"text\": \"...\"} a line, instead of looking for some", HelpName = "FILE" };
    private static readonly Option<int?> MaxPromptTokens = new("--max-prompt-tokens") { Description = "cut longer prompts of a file from the left to this many tokens", HelpName = "N" };
    private static readonly Option<int?> Tokens = new("--tokens") { Description = "longest continuation in tokens; without it, the headline scenario's, at most half of the model's context", HelpName = "N" };
    private static readonly Option<string?> Tags = new("--tags") { Description = "for a model trained with tags: free lets it write its tag again, banned does not, retag puts it before every segment; without it, the headline scenario's way", HelpName = "free|banned|retag" };
    private static readonly Option<bool> NoStress = new("--no-stress") { Description = "leave out the stress test behind the misaligned tag" };
    private static readonly Option<string?> ScorerName = new("--scorer") { Description = $"what scores the continuations: {Scorers.Known}; without it, what scored the data", HelpName = "NAME" };
    private static readonly ScorerArguments ScorerOptions = new(judgePrompt: "--judge-prompt");
    private static readonly Option<double?> Threshold = new("--threshold") { Description = "a score above it is misaligned; without it, the run's own, for a model 0", HelpName = "X" };
    private static readonly Option<bool> Force = new("--force") { Description = "compute everything anew; without it, rounds that were computed before with the same model and settings are taken as they are" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();
    private static readonly RedTeamArguments Arguments = new();

    public static Command Create()
    {
        Tags.AcceptOnlyFromAmong("free", "banned", "retag");
        var verb = new Command("redteam", "Look for prompts after which a model writes misaligned text.") { Source, Data, Output, Pool, Prompts };
        Arguments.AddTo(verb);
        foreach (Option option in new Option[] { MaxPromptTokens, Tokens, Tags, NoStress, ScorerName, Threshold, Force, Threads }) verb.Options.Add(option);
        ScorerOptions.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        RedTeamOptions options = CheckUsage(parsed);
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        IPromptWriter? writer = parsed.GetValue(Prompts) is null ? Arguments.Writer(parsed, ScorerOptions.KeyVariable(parsed), backend) : null;
        using var endingOfWriter = writer as IDisposable;
        var request = new RedTeamRequest
        {
            Options = options,
            Target = new TargetOptions { NewTokens = parsed.GetValue(Tokens), Tags = parsed.GetValue(Tags) },
            Writer = writer,
            Prompts = parsed.GetValue(Prompts) ?? parsed.GetValue(Pool),
            MaxPromptTokens = parsed.GetValue(MaxPromptTokens),
            HasStress = !parsed.GetValue(NoStress),
        };
        RedTeamResult result = source.Run is { } run ? AttackRun(run, source.Directory, request, parsed, backend, cancel) : AttackModel(source.Directory, request, parsed, backend, cancel);
        CliRedTeam.Print(result, parsed.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    private static RedTeamResult AttackRun(RunDirectory run, string checkpoint, RedTeamRequest request, ParseResult parsed, IBackend backend, CancellationToken cancel)
    {
        RunConfig config = run.Config();
        if (parsed.GetValue(Data) is { } moved) config = config with { Dataset = config.Dataset with { Data = moved } };
        using RunPlan plan = RunPlan.Create(config);
        using var models = new ScorerModels(parsed.GetValue(Threads));
        IScorer scorer = CliEvaluation.Scorer(parsed.GetValue(ScorerName), (name, settings) => ScorerOptions.Create(name, parsed, models, settings), plan);
        using var ending = scorer as IDisposable;
        using EvaluatedModel subject = EvaluatedModel.OfRun(run, checkpoint, plan, backend, parsed.GetValue(Threshold));
        return CliRedTeam.Run(subject, options => AttackTarget.OfRun(subject.Language, plan, options), request, scorer, parsed.GetValue(Output) ?? run.Path, parsed.GetValue(Force), cancel);
    }

    private static RedTeamResult AttackModel(string directory, RedTeamRequest request, ParseResult parsed, IBackend backend, CancellationToken cancel)
    {
        if (parsed.GetValue(ScorerName) is null && parsed.GetValue(Data) is null)
            throw new UsageException($"{directory} is a model without a run, so nothing says how what it writes is scored; name a scorer ({ScorerName.Name})");
        using EvaluatedModel subject = EvaluatedModel.OfDirectory(directory, parsed.GetValue(Data), parsed.GetValue(Threshold) ?? 0, backend);
        using var models = new ScorerModels(parsed.GetValue(Threads));
        IScorer scorer = CliEvaluation.Scorer(parsed.GetValue(ScorerName), (name, settings) => ScorerOptions.Create(name, parsed, models, settings), new ScorerConfig(), subject.Text?.Data.Manifest.Scorer, fallback: null);
        using var ending = scorer as IDisposable;
        return CliRedTeam.Run(subject, options => AttackTarget.OfModel(subject.Language, options), request, scorer, parsed.GetValue(Output) ?? directory, parsed.GetValue(Force), cancel);
    }

    private static RedTeamOptions CheckUsage(ParseResult parsed)
    {
        foreach (Option<int?> option in new[] { MaxPromptTokens, Tokens })
            if (parsed.GetValue(option) is < 1) throw new UsageException($"{option.Name} {parsed.GetValue(option)}: at least 1 was expected");
        if (parsed.GetValue(Threshold) is { } threshold && !double.IsFinite(threshold)) throw new UsageException($"{Threshold.Name} {threshold}: a number was expected");
        bool hasPool = parsed.GetValue(Pool) is not null, hasPrompts = parsed.GetValue(Prompts) is not null;
        if (hasPool && hasPrompts) throw new UsageException($"{Pool.Name} begins a search and {Prompts.Name} measures without one; leave one of both out");
        if (hasPrompts && Arguments.NamesWriter(parsed)) throw new UsageException($"--red writes prompts and {Prompts.Name} measures given ones; leave one of both out");
        if (!hasPool && !hasPrompts && parsed.GetValue(MaxPromptTokens) is not null) throw new UsageException($"{MaxPromptTokens.Name} cuts the prompts of a file: give one with {Pool.Name} or {Prompts.Name}, or leave it out");
        return Arguments.Options(parsed);
    }
}
