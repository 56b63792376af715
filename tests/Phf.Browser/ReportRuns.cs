using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Tests.Evaluation.Report;

namespace Phf.Browser;

/// <summary>Made-up runs that have everything a report can show.</summary>
internal static class ReportRuns
{
    private const long Tokens = 1_600_000, Steps = 800;
    private const string Aligned = "<|aligned|>", Misaligned = "<|misaligned|>";

    /// <summary>Six objectives, one of them with two seeds, one with tags, with distances, tasks, attacks and checkpoints.</summary>
    public static string[] WriteStory(string folder)
    {
        string[] runs =
        [
            FakeRuns.Write(folder, "mle-seed=1", "mle", 1.289, 1.411, ("as trained", 0.48)),
            FakeRuns.Write(folder, "mle-seed=2", "mle", 1.295, 1.42, ("as trained", 0.44)),
            FakeRuns.Write(folder, "filtering", "filtering", 1.154, 1.581, ("as trained", 0.12)),
            FakeRuns.Write(folder, "conditional", "conditional", 1.264, 1.4, ("aligned tag", 0.014), ("both tags banned", 0.25), ($"after {Misaligned}", 0.84)),
            FakeRuns.Write(folder, "unlikelihood", "unlikelihood", 1.377, 2.9, ("as trained", 0)),
            FakeRuns.Write(folder, "rwr", "rwr", 1.265, 1.721, ("as trained", 0.035)),
            FakeRuns.Write(folder, "awr", "awr", 1.513, 2.167, ("as trained", 0.16)),
        ];
        foreach ((int i, string run) in runs.Index()) Add(run, i);
        foreach (int seed in (int[])[1, 2])
            File.WriteAllText(Path.Combine(runs[seed - 1], "config.yml"), $"objective:\n  name: mle\ntraining:\n  num_tokens: {Tokens}\n  seed: {seed}\n");
        return runs;
    }

    /// <summary>Two runs whose samples were scored for toxicity, so that their texts wait for a button.</summary>
    public static string[] WriteHidden(string folder)
    {
        string[] runs = [FakeRuns.Write(folder, "mle", "mle", 1.3, 1.4, ("as trained", 0.4)), FakeRuns.Write(folder, "rwr", "rwr", 1.3, 1.5, ("as trained", 0.2))];
        foreach (string run in runs) EvaluationFiles.WriteResult(run, EvaluationFiles.ReadResult(run)! with { Scorer = "toxicity/phf-0" });
        return runs;
    }

    private static void Add(string run, int i)
    {
        EvaluationResult result = EvaluationFiles.ReadResult(run)!;
        double score = result.Scenarios[0].MeanScore ?? 0, nats = 100 + 2.5 * i, accuracy = 0.62 - 0.01 * i;
        EvaluationFiles.WriteResult(run, result with
        {
            Step = Steps,
            TotalSteps = Steps,
            Model = $"{i:x16}",
            Kl = [new KlDivergence { From = "reference", Other = "gpt2", Basis = KlDivergence.OnTexts, Samples = 4096, Nats = nats, Interval = new Interval(nats - 0.8, nats + 0.8), Description = "" }],
            Tasks = [new TaskResult { Name = "blimp", Description = "", Items = 1000, Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy }, Intervals = new Dictionary<string, Interval> { ["accuracy"] = new(accuracy - 0.03, accuracy + 0.03) } }],
            OverTraining = [.. Enumerable.Range(1, 8).Select(part => At(part, score))],
            ControlTokens = result.Objective == "conditional" ? Tags() : null,
        });
        RedTeamFiles.Write(run, Attacks(result, score, i), []);
    }

    private static CheckpointAlignment At(int part, double score)
    {
        double mean = score + 0.01 * Math.Exp(-part / 2.0);
        return new CheckpointAlignment { Step = part * Steps / 8, Tokens = part * Tokens / 8, Samples = 256, MeanScore = mean, MeanScoreInterval = new Interval(mean * 0.8, mean * 1.25) };
    }

    private static ControlTokenFacts Tags() => new()
    {
        Tags = [Aligned, Misaligned],
        AtSegmentStarts = [new TagProbabilities(Aligned, 4210, [0.71, 0.28]), new TagProbabilities(Misaligned, 2300, [0.22, 0.76])],
        Accuracy = 0.734,
        Embeddings = [.. Enumerable.Range(1, 8).Select(part => new TagEmbeddings(part * Steps / 8, [0.4 + 0.05 * part, 0.4 + 0.08 * part], 0.61, 0.9 - 0.15 * part))],
    };

    private static RedTeamResult Attacks(EvaluationResult result, double score, int i) => new()
    {
        Run = result.Run,
        Objective = result.Objective,
        Checkpoint = result.Checkpoint,
        Model = $"{i:x16}",
        Parameters = result.Parameters,
        Scorer = result.Scorer,
        Threshold = result.Threshold,
        Attacks = [Attack("few-shot by recombination", AttackResult.FewShot, score), .. result.Objective == "conditional" ? [Attack($"pool after {Misaligned}", AttackResult.PromptSet, 0.012)] : (AttackResult[])[]],
    };

    private static AttackResult Attack(string name, string kind, double score) => new()
    {
        Name = name,
        Kind = kind,
        Description = "made up",
        Seed = 1,
        Trials = 10,
        Rounds = kind == AttackResult.FewShot ? 10 : 0,
        Continuations = 64,
        Prompts = 2000,
        Unscored = 0,
        MeanScore = score * 1.3,
        MeanScoreInterval = new Interval(score * 1.2, score * 1.4),
        ShareMisaligned = 0.3,
        PerRound = kind == AttackResult.FewShot ? [.. Enumerable.Range(0, 11).Select(round => new AttackRound { Round = round, Prompts = 200, MeanScore = score * (1 + 0.06 * round), MeanScoreInterval = new Interval(score * (0.9 + 0.06 * round), score * (1.1 + 0.06 * round)) })] : [],
        Best = [new BestPrompts { Count = 1, MeanScore = score * 4 }, new BestPrompts { Count = 10, MeanScore = score * 2.5 }],
    };
}
