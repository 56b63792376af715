using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.Report;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Quickstart;

/// <summary>The whole story on built-in data: make, score, tokenize, pack, train three models, sample, measure, report.</summary>
internal sealed class QuickstartStory(QuickstartSettings settings, CancellationToken cancel)
{
    private static readonly PiiScorer Scorer = new();

    /// <summary>Tells the story; returns the runs as the report shows them.</summary>
    public IReadOnlyList<RunReport> Tell()
    {
        int threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        MakeCorpus();
        Score(threads);
        Pack(TrainTokenizer(), threads);
        using IBackend backend = CliBackend.Create("cpu", settings.Threads);
        foreach (var (name, config) in settings.Runs()) Train(name, config, backend);
        foreach (var (name, config) in settings.Runs()) Evaluate(name, config, backend);
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([.. settings.Runs().Select(run => settings.RunDirectory(run.Name))]);
        ReportWriter.Write(runs, corpus: null, settings.Report);
        ReportWriter.WriteMainChart(runs, corpus: null, settings.Chart);
        return runs;
    }

    private void MakeCorpus() => ConsoleProgress.Run("writing mails", "documents", settings.Documents, progress =>
        DurableFile.Write(settings.Corpus, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            long done = 0;
            foreach (string text in BuiltInCorpus.Documents(settings.Documents, settings.Seed))
            {
                cancel.ThrowIfCancellationRequested();
                writer.WriteLine(new JsonObject { ["text"] = text }.ToJsonString());
                progress.Report(++done, done);
            }
        }));

    private void Score(int threads) => ConsoleProgress.Run("scoring", "documents", settings.Documents, progress =>
        DurableFile.Write(settings.Scored, stream =>
        {
            var corpus = new CorpusScorer(Scorer, Segmentation.Sentence);
            long done = 0;
            foreach (ScoredDocument document in corpus.Score(TextRecords.Read([settings.Corpus], new TextOptions(), new SkippedRecords()), threads, cancel))
            {
                ScoredFile.Write(stream, document);
                progress.Report(++done, done);
            }
        }));

    private BpeTokenizer TrainTokenizer()
    {
        BpeTokenizer? tokenizer = null;
        ConsoleProgress.Run("training the tokenizer", "merges", settings.VocabularySize - BpeTrainer.SmallestVocabulary, progress =>
        {
            IEnumerable<string> texts = TextRecords.Read([settings.Corpus], new TextOptions(), new SkippedRecords()).Select(record => record.Text);
            tokenizer = BpeTrainer.Train(texts, settings.VocabularySize, progress: (done, wanted) => progress.Report(done, done), cancel: cancel);
        });
        return tokenizer!;
    }

    private void Pack(BpeTokenizer tokenizer, int threads) => ConsoleProgress.Run("packing", "documents", settings.Documents, progress =>
        Packer.Pack([settings.Scored], tokenizer, settings.Data, new PackOptions
        {
            HeldOutFraction = 0.05,
            Seed = settings.Seed,
            Threads = threads,
            Cancellation = cancel,
            Progress = (_, documents) => progress.Report(documents, documents),
        }));

    private void Train(string name, RunConfig config, IBackend backend)
    {
        using RunPlan plan = RunPlan.Create(config);
        RunDirectory run = RunDirectory.Create(settings.RunDirectory(name), plan.Config, force: false);
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint: null);
        ConsoleProgress.Run($"training {name}", "tokens", plan.TotalSteps * plan.TokensPerStep, progress =>
            trainer.Run(new ProgressObserver(progress, before: 0), sample: null, cancel));
    }

    private void Evaluate(string name, RunConfig config, IBackend backend)
    {
        using RunPlan plan = RunPlan.Create(config);
        RunDirectory run = RunDirectory.Open(settings.RunDirectory(name));
        var request = new EvaluationRequest { Scenarios = SamplingScenario.From(plan), Seed = settings.Seed };
        CliEvaluation.Run($"sampling {name}", run, run.ModelCheckpoint(), plan, request, Scorer, backend, cancel);
    }
}
