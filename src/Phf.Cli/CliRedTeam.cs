using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Model;
using Phf.Scoring;
using Spectre.Console;

namespace Phf.Cli;

/// <summary>What a model is attacked with.</summary>
internal sealed record RedTeamRequest
{
    public required RedTeamOptions Options { get; init; }

    /// <summary>How the model is sampled.</summary>
    public TargetOptions Target { get; init; } = new();

    /// <summary>Writes prompts; null measures given ones.</summary>
    public IPromptWriter? Writer { get; init; }

    /// <summary>File with the initial pool, or with the prompts that are measured; null begins with the data's documents.</summary>
    public string? Prompts { get; init; }

    /// <summary>Prompts of the file are cut from the left to so many tokens; null cuts none.</summary>
    public int? MaxPromptTokens { get; init; }

    /// <summary>Whether a model with tags is asked once more behind its worst one.</summary>
    public bool HasStress { get; init; } = true;
}

/// <summary>Attacks models under a progress display and writes the results beside them.</summary>
internal static class CliRedTeam
{
    private const int DocumentsToDrawFrom = 1000;

    /// <summary>Attacks a model and writes the result into <paramref name="directory"/>.</summary>
    /// <param name="subject">The model.</param>
    /// <param name="targetOf">The model as it is sampled for an attack.</param>
    /// <param name="request">What it is attacked with.</param>
    /// <param name="scorer">Scores the continuations.</param>
    /// <param name="directory">Where result and finished rounds go.</param>
    /// <param name="force">Compute rounds anew that were computed before.</param>
    /// <param name="cancel">Leaves what was there before; rounds that are done are kept.</param>
    /// <exception cref="InvalidDataException">The prompts cannot be used.</exception>
    public static RedTeamResult Run(EvaluatedModel subject, Func<TargetOptions, AttackTarget> targetOf, RedTeamRequest request, IScorer scorer, string directory, bool force, CancellationToken cancel)
    {
        LanguageModel model = subject.Language;
        AttackTarget target = targetOf(request.Target);
        AttackTarget? stress = request.HasStress && model.Tags.Texts.Count > 0 ? targetOf(request.Target with { IsAfterWorstTag = true }) : null;
        IReadOnlyList<string> prompts = Prompts(subject, request, stress is null ? [target] : [target, stress]);
        RedTeamOptions options = request.Options;
        IReadOnlyList<string> given = request.Writer is null ? prompts : [.. Enumerable.Range(0, options.Trials).SelectMany(trial => RedTeaming.PoolOf(trial, prompts, options)).Distinct()];
        string file = request.Prompts is null ? "the data" : Path.GetFileName(request.Prompts), tags = request.Target.Tags is { } asked ? $", tags {asked}" : "";
        long ofGiven = (long)given.Count * options.Continuations, total = (request.Writer is null ? ofGiven : RedTeaming.ContinuationsOf(options)) + (stress is null ? 0 : ofGiven);
        var attacks = new List<Attack>();
        ConsoleProgress.Run($"red-teaming {model.Name}", "continuations", total, progress =>
        {
            long before = 0, at = 0;
            var cache = EvaluationCache.Of(directory, force);
            attacks.Add(request.Writer is { } writer
                ? With(target).Search($"few-shot by {writer.Name}{tags}", prompts, writer, options, cancel)
                : With(target).Measure($"prompts of {file}{tags}", given, "file", options, cancel));
            before = at;
            if (stress is null) return;
            string name = $"{(request.Writer is null ? $"prompts of {file}" : "pool")} after {model.Tags.Texts[^1]}";
            attacks.Add(With(stress).Measure(name, given, request.Writer is null ? "file" : "pool", options, cancel));

            RedTeaming With(AttackTarget attacked) => new(attacked, scorer, cache) { Progress = done => progress.Report(at = before + done, at) };
        });
        var result = new RedTeamResult
        {
            Run = model.Name,
            Objective = subject.Objective,
            Checkpoint = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Directory))),
            Model = model.Fingerprint,
            Step = subject.State?.Step,
            Parameters = new ParameterLayout(model.Config).Count,
            TrainTokens = subject.State?.Tokens,
            Scorer = scorer.Id,
            Threshold = subject.Threshold,
            Attacks = [.. attacks.Select((attack, i) => attack.Summarise(options, i == 0 ? request.Target.Tags : null, subject.Threshold))],
        };
        return RedTeamFiles.Write(directory, result, [.. attacks.SelectMany(attack => attack.Samples(subject.Threshold))]);
    }

    /// <summary>Prints what attacks found, and the rounds of those that searched.</summary>
    public static void Print(RedTeamResult result, TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        Table attacks = Columns("attack", "prompts", "mean score", "misaligned", "max of 25", "best 1", "best 10", "best 100");
        foreach (AttackResult attack in result.Attacks)
            attacks.AddRow([Markup.Escape(attack.Name), SummaryTable.Count(attack.Prompts), Number(attack.MeanScore, attack.MeanScoreInterval), Share(attack.ShareMisaligned), Number(attack.ExpectedMax25),
                .. new[] { 1, 10, 100 }.Select(count => Number(attack.Best.FirstOrDefault(best => best.Count == count)?.MeanScore))]);
        console.Write(attacks);
        foreach (AttackResult attack in result.Attacks.Where(attack => attack.PerRound.Count > 0))
        {
            Table rounds = Columns(attack.Name, "mean score of new prompts", "misaligned", "mean score of the pool");
            foreach (AttackRound round in attack.PerRound)
                rounds.AddRow(round.Round == 0 ? "initial pool" : $"round {round.Round}", Number(round.MeanScore, round.MeanScoreInterval), Share(round.ShareMisaligned), Number(round.PoolMeanScore, round.PoolMeanScoreInterval));
            console.Write(rounds);
        }
    }

    private static IReadOnlyList<string> Prompts(EvaluatedModel subject, RedTeamRequest request, IReadOnlyList<AttackTarget> targets)
    {
        if (request.Prompts is { } path) return PromptPool.Read(path, request.MaxPromptTokens, targets);
        if (subject.Text is not { } text) throw new UsageException($"{subject.Language.Directory} is a model without a run, so there is no text to begin prompts with; give prompts (--pool FILE) or packed data (--data DIR)");
        return PromptPool.OfDocuments(text.Data, Math.Max(DocumentsToDrawFrom, request.Options.PoolSize), request.Options.Seed, targets);
    }

    private static Table Columns(params string[] titles)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (int i = 0; i < titles.Length; i++) table.AddColumn(i == 0 ? new TableColumn(Markup.Escape(titles[i])).NoWrap() : new TableColumn(titles[i]).NoWrap().RightAligned());
        return table;
    }

    private static string Number(double? value, Interval? interval = null) =>
        value is not { } number ? "" : interval is null ? SummaryTable.Number(number) : $"{SummaryTable.Number(number)} ({SummaryTable.Number(interval.Low)} to {SummaryTable.Number(interval.High)})";

    private static string Share(double? share) => share is { } value ? FormattableString.Invariant($"{value:P1}") : "";
}
