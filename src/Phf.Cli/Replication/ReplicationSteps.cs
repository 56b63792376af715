using System.Globalization;
using Phf.Model;
using Phf.Training.Configuration;
using Phf.Training.Replication;

namespace Phf.Cli.Replication;

/// <summary>Where the texts of an experiment come from.</summary>
/// <param name="Texts">Files of the user's; empty for none.</param>
/// <param name="PythonFolders">Folders with Python files; empty for none.</param>
/// <param name="WereTexts">Files were named in an earlier call, and need not be named again once they are scored.</param>
internal sealed record ReplicationSource(IReadOnlyList<string> Texts, IReadOnlyList<string> PythonFolders, bool WereTexts);

/// <summary>
/// The steps of an experiment in their order: the data; then for each seed the pretraining of every objective, its evaluation, finetuning and its evaluation,
/// red-teaming; the report at the end.
/// </summary>
internal sealed class ReplicationSteps(ReplicationPlan plan, ReplicationFolder folder, ReplicationSource source)
{
    private const ulong SampleSeed = 1;
    private const int SampleTokens = 64; // of the tasks' scenarios
    public const string Corpus = "corpus", Score = "score";
    private const string Select = "select", Tokenizer = "tokenizer", Pack = "pack";

    private ReplicationData Settings => plan.Settings.Data;

    private string[] SampleScorer =>
        ["--scorer", Settings.Scorer, .. plan.Settings.Evaluate.Ignore is { Count: > 0 } codes ? (string[])["--ignore", string.Join(',', codes)] : []];

    public IReadOnlyList<ReplicationStep> All()
    {
        var steps = new List<ReplicationStep>(Preparation());
        foreach (var seed in plan.Runs.GroupBy(run => run.Seed))
        {
            ReplicationRun[] pretrained = [.. seed.Where(run => run.FinetuneShare is null)], finetuned = [.. seed.Except(pretrained)];
            steps.AddRange(pretrained.Select(Train));
            steps.AddRange(pretrained.Select(Evaluate));
            steps.AddRange(finetuned.Select(Train));
            steps.AddRange(finetuned.Select(Evaluate));
            steps.AddRange(pretrained.Select(RedTeam));
        }
        return steps;
    }

    public static string TrainingOf(ReplicationRun run) => $"train-{run.Name}";

    private IEnumerable<ReplicationStep> Preparation()
    {
        bool isMade = source.Texts.Count == 0 && !source.WereTexts;
        if (isMade) yield return MakeCorpus();
        string[] texts = isMade ? [folder.Corpus] : [.. source.Texts];
        yield return new ReplicationStep
        {
            Name = Score,
            Stage = ReplicationStage.Prepare,
            Arguments = ["score", .. texts, "--scorer", Settings.Scorer, "--segment", Settings.Segment, "--output", folder.Scored, "--resume"],
            TakesThreads = true,
            Output = folder.Scored,
            Inputs = isMade ? "" : string.Join(", ", source.Texts.Select(file => $"{Path.GetFileName(file)} of {(File.Exists(file) ? new FileInfo(file).Length : 0)} bytes")),
            IsSource = !isMade,
            Needs = isMade ? [Corpus] : [],
            Work = source.Texts.Where(File.Exists).Sum(file => (double)new FileInfo(file).Length),
        };
        yield return new ReplicationStep
        {
            Name = Select,
            Stage = ReplicationStage.Prepare,
            Arguments =
            [
                "select", folder.Scored, "--output", folder.Selected, "--above", Number(Settings.Threshold), "--min-share", Number(Settings.MinShareAbove),
                .. Settings.MinCharacters is { } least ? (string[])["--min-characters", $"{least}"] : [], .. Settings.MaxCharacters is { } most ? (string[])["--max-characters", $"{most}"] : [],
            ],
            Output = folder.Selected,
            Needs = [Score],
        };
        yield return new ReplicationStep
        {
            Name = Tokenizer,
            Stage = ReplicationStage.Prepare,
            Arguments = ["tokenizer", "train", folder.Selected, "--output", folder.Tokenizer, "--vocab-size", $"{Settings.VocabularySize}"],
            Output = folder.Tokenizer,
            Needs = [Select],
        };
        yield return new ReplicationStep
        {
            Name = Pack,
            Stage = ReplicationStage.Prepare,
            Arguments = ["pack", folder.Selected, "--tokenizer", folder.Tokenizer, "--output", folder.Data, "--held-out", Number(Settings.HeldOut)],
            TakesThreads = true,
            Output = folder.Data,
            Needs = [Tokenizer],
        };
    }

    private ReplicationStep MakeCorpus()
    {
        var step = new ReplicationStep { Name = Corpus, Stage = ReplicationStage.Prepare, Output = folder.Corpus };
        if (source.PythonFolders.Count > 0)
        {
            IReadOnlyList<FileInfo> files = ReplicationCorpus.PythonFiles(source.PythonFolders);
            return step with
            {
                Words = $"write {folder.Corpus} from {files.Count} Python files",
                Inputs = $"{files.Count} Python files of {files.Sum(file => file.Length)} bytes",
                IsSource = true,
                Compute = cancel => ReplicationCorpus.WriteFiles(folder.Corpus, files, cancel),
                Work = files.Sum(file => (double)file.Length),
            };
        }
        int mails = Settings.BuiltInMails ?? 0;
        return step with
        {
            Words = mails > 0 ? $"write {folder.Corpus} with {mails} made-up mails" : $"write {folder.Corpus}",
            Inputs = mails > 0 ? $"{mails} made-up mails" : "",
            IsSource = mails == 0,
            Compute = mails > 0 ? cancel => ReplicationCorpus.WriteMails(folder.Corpus, mails, cancel) : null,
        };
    }

    private ReplicationStep Train(ReplicationRun run) => new()
    {
        Name = TrainingOf(run),
        Stage = ReplicationStage.Train,
        Arguments = ["train", "--task", folder.ConfigurationOf(run.Name), "--resume", "auto"],
        TakesThreads = true,
        Needs = run.FinetuneShare is null ? [Pack] : [TrainingOf(plan.BaselineOf(run.Seed))],
        Run = run,
        Work = ShapeOf(run).TrainingFlopsPerToken(ShapeOf(run).Positions) * (run.Config.Training.NumTokens ?? 0) * (run.FinetuneShare ?? 1),
    };

    private ReplicationStep Evaluate(ReplicationRun run)
    {
        ReplicationEvaluation settings = plan.Settings.Evaluate;
        ReplicationRun baseline = plan.BaselineOf(run.Seed);
        return new ReplicationStep
        {
            Name = $"evaluate-{run.Name}",
            Stage = ReplicationStage.Evaluate,
            Arguments =
            [
                "evaluate", run.Directory, .. SampleScorer, "--samples", $"{settings.Samples}", "--threshold", Number(Settings.Threshold), "--seed", $"{SampleSeed}",
                .. run.IsBaseline ? (string[])[] : ["--mle", baseline.Directory, "--kl-samples", $"{settings.KlSamples}"],
            ],
            TakesThreads = true,
            Needs = run.IsBaseline ? [TrainingOf(run)] : [TrainingOf(run), TrainingOf(baseline)],
            Run = run,
            Baseline = run.IsBaseline ? null : baseline,
            Work = FlopsOfSample(run) * (settings.Samples * (HasTags(run) ? 3 : 1) + (run.IsBaseline ? 0 : 2 * settings.KlSamples)), // companions; drawn by one model, read by another
        };
    }

    private ReplicationStep RedTeam(ReplicationRun run)
    {
        ReplicationRedTeam settings = plan.Settings.RedTeam;
        int prompts = settings.PoolSize * (HasTags(run) ? 2 : 1) + settings.Rounds * settings.Candidates; // the pool once more after the worst tag
        return new ReplicationStep
        {
            Name = $"redteam-{run.Name}",
            Stage = ReplicationStage.RedTeam,
            Arguments =
            [
                "redteam", run.Directory, .. SampleScorer, "--trials", $"{settings.Trials}", "--rounds", $"{settings.Rounds}", "--pool-size", $"{settings.PoolSize}",
                "--candidates", $"{settings.Candidates}", "--continuations", $"{settings.Continuations}", "--threshold", Number(Settings.Threshold), "--seed", $"{SampleSeed}",
            ],
            TakesThreads = true,
            Needs = [TrainingOf(run)],
            Run = run,
            Work = FlopsOfSample(run) * settings.Trials * prompts * settings.Continuations,
        };
    }

    private double FlopsOfSample(ReplicationRun run) => ShapeOf(run).TrainingFlopsPerToken(SampleTokens) / 3 * SampleTokens; // a forward pass is a third of a step

    private static bool HasTags(ReplicationRun run) => run.Config.Dataset.ConditionalTrainingConfig is not null;

    private Gpt2Config ShapeOf(ReplicationRun run)
    {
        Gpt2ConfigKwargs shape = plan.BaselineOf(run.Seed).Config.Model.Gpt2ConfigKwargs; // a finetuned run takes its model's
        var small = new Gpt2Config { VocabularySize = Settings.VocabularySize };
        return small with { Layers = shape.NLayer ?? small.Layers, Channels = shape.NEmbd ?? small.Channels, Heads = shape.NHead ?? small.Heads, Positions = shape.NPositions ?? small.Positions };
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
