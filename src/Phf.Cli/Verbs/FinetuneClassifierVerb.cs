using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.Finetuning;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Cli.Verbs;

/// <summary><c>phf finetune-classifier</c>: what a language model can still learn, as GLUE asks it.</summary>
internal static class FinetuneClassifierVerb
{
    private const string ResultName = "result.json";
    private const int MostEpochs = 1000, LargestBatch = 4096;
    private static readonly FinetuningOptions Defaults = new();
    private static readonly ExampleFields DefaultFields = new();
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Argument<string> Source = new("MODEL") { Description = "folder of a run (its newest checkpoint), of a checkpoint or of a model" };
    private static readonly Option<string> Train = new("--train") { Description = "labelled texts to learn from: .tsv, .csv or .jsonl, each also .gz", HelpName = "FILE", Required = true };
    private static readonly Option<string> Dev = new("--dev") { Description = "labelled texts to measure on after each epoch", HelpName = "FILE", Required = true };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create for result.json", HelpName = "DIR", Required = true };
    private static readonly Option<string> TextField = new("--text-field") { Description = "field or column with the text; a number from 1 for a file without a header", HelpName = "NAME", DefaultValueFactory = _ => DefaultFields.Text };
    private static readonly Option<string?> PairField = new("--pair-field") { Description = "field or column with the second text, for pairs", HelpName = "NAME" };
    private static readonly Option<string> LabelField = new("--label-field") { Description = "field or column with the label", HelpName = "NAME", DefaultValueFactory = _ => DefaultFields.Label };
    private static readonly Option<string?> Positive = new("--positive") { Description = "the label that F1 is of; without it, the last of two", HelpName = "LABEL" };
    private static readonly Option<int> Epochs = new("--epochs") { Description = "passes over the training texts", HelpName = "N", DefaultValueFactory = _ => Defaults.Epochs };
    private static readonly Option<int> BatchSize = new("--batch-size") { Description = "texts per step", HelpName = "N", DefaultValueFactory = _ => Defaults.BatchSize };
    private static readonly Option<double> LearningRate = new("--learning-rate") { Description = "peak learning rate of AdamW", HelpName = "X", DefaultValueFactory = _ => Defaults.LearningRate };
    private static readonly Option<double> WeightDecay = new("--weight-decay") { Description = "AdamW's decoupled weight decay", HelpName = "X", DefaultValueFactory = _ => Defaults.WeightDecay };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "decides the head's first weights and the order of the texts", HelpName = "N", DefaultValueFactory = _ => Defaults.Seed };
    private static readonly Option<bool> Force = new("--force") { Description = "write into a folder that is not empty" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("finetune-classifier", "Finetune a whole model with a classification head on labelled texts, and measure accuracy, Matthews correlation and F1.")
        {
            Source, Train, Dev, Output, TextField, PairField, LabelField, Positive, Epochs, BatchSize, LearningRate, WeightDecay, Seed, Force, Threads,
        };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        FinetuningOptions options = Options(parsed);
        string folder = parsed.GetRequiredValue(Output), train = parsed.GetRequiredValue(Train), dev = parsed.GetRequiredValue(Dev);
        OutputFolders.Check(folder, parsed.GetValue(Force));
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        var fields = new ExampleFields { Text = parsed.GetRequiredValue(TextField), Pair = parsed.GetValue(PairField), Label = parsed.GetRequiredValue(LabelField) };
        var skipped = new SkippedRecords();
        IReadOnlyList<LabelledExample> trainTexts = LabelledExamples.Read(train, fields, skipped), devTexts = LabelledExamples.Read(dev, fields, skipped);
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        using var finetuner = ClassifierFinetuner.Create(source.Directory, trainTexts, devTexts, options, backend);
        foreach ((string name, string value) in SummaryTable.Rows(skipped)) Console.Error.WriteLine($"note: {name}: {value}");
        if (finetuner.Cut > 0) Console.Error.WriteLine($"note: {finetuner.Cut} texts are longer than the model's context and lose their end");
        IReadOnlyList<FinetuningEpoch> epochs = [];
        var lines = new List<string>();
        ConsoleProgress.Run("finetuning", "texts", (double)trainTexts.Count * options.Epochs, progress =>
            epochs = finetuner.Run((done, _) => progress.Report(done, done), epoch => lines.Add(Line(epoch)), cancel));
        foreach (string line in lines) parsed.InvocationConfiguration.Output.WriteLine(line);
        var result = new FinetuningResult
        {
            Model = ModelFingerprint.Of(source.Directory),
            Parameters = finetuner.Parameters,
            TrainFile = Path.GetFileName(train),
            DevFile = Path.GetFileName(dev),
            TrainTexts = trainTexts.Count,
            DevTexts = devTexts.Count,
            Skipped = skipped.Total,
            Cut = finetuner.Cut,
            Labels = finetuner.Labels,
            MajorityAccuracy = finetuner.MajorityAccuracy,
            Options = options,
            Epochs = epochs,
        };
        Directory.CreateDirectory(folder);
        DurableFile.WriteText(Path.Combine(folder, ResultName), JsonSerializer.Serialize(result, Json) + "\n");
        parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the most frequent label: accuracy {result.MajorityAccuracy:F4}; wrote {Path.Combine(folder, ResultName)}"));
        return ExitCode.Done;
    }

    private static FinetuningOptions Options(ParseResult parsed)
    {
        var options = new FinetuningOptions
        {
            Epochs = parsed.GetValue(Epochs),
            BatchSize = parsed.GetValue(BatchSize),
            LearningRate = parsed.GetValue(LearningRate),
            WeightDecay = parsed.GetValue(WeightDecay),
            Seed = parsed.GetValue(Seed),
            Positive = parsed.GetValue(Positive),
        };
        if (options.Epochs is < 1 or > MostEpochs) throw new UsageException($"--epochs {options.Epochs}: 1 to {MostEpochs} was expected");
        if (options.BatchSize is < 1 or > LargestBatch) throw new UsageException($"--batch-size {options.BatchSize}: 1 to {LargestBatch} was expected");
        if (!(options.LearningRate is > 0 and <= 1)) throw new UsageException($"--learning-rate {options.LearningRate}: above 0 and at most 1 was expected");
        if (!(options.WeightDecay is >= 0 and <= 1)) throw new UsageException($"--weight-decay {options.WeightDecay}: 0 to 1 was expected");
        return options;
    }

    private static string Line(FinetuningEpoch epoch)
    {
        ClassificationMetrics dev = epoch.Dev;
        string f1 = dev.F1 is { } binary ? string.Create(CultureInfo.InvariantCulture, $" | F1 {binary:F4}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch} | train loss {epoch.TrainLoss:F4} | dev loss {epoch.DevLoss:F4} | accuracy {dev.Accuracy.Value:F4} ({dev.Accuracy.Interval!.Low:F4} to {dev.Accuracy.Interval.High:F4}) | Matthews {dev.Matthews:F4} | macro F1 {dev.MacroF1:F4}") + f1;
    }
}
