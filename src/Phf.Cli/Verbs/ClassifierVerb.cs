using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Phf.Data;
using Phf.Scoring;
using Phf.Scoring.Classifier;

namespace Phf.Cli.Verbs;

/// <summary><c>phf classifier</c>: trains a text classifier that then scores texts, and measures any toxicity model.</summary>
internal static class ClassifierVerb
{
    private static readonly ClassifierOptions Defaults = new();

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "labelled texts: .jsonl or .csv, each also .gz",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> TextField = new("--text-field") { Description = "JSON field or CSV column with the text", HelpName = "NAME", DefaultValueFactory = _ => new LabelOptions().TextField };
    private static readonly Option<string> LabelField = new("--label-field") { Description = "JSON field or CSV column with the label", HelpName = "NAME", DefaultValueFactory = _ => new LabelOptions().LabelField };
    private static readonly Option<double> Threshold = new("--threshold") { Description = "numeric labels at or above it are positive", HelpName = "X", DefaultValueFactory = _ => new LabelOptions().Threshold };
    private static readonly Option<string[]> Positive = new("--positive") { Description = "a label that is positive, where labels are words; may be repeated", HelpName = "LABEL", DefaultValueFactory = _ => [] };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create for the classifier and its report", Required = true, HelpName = "DIR" };
    private static readonly Option<double> HeldOut = new("--held-out") { Description = "share of the texts that is only measured on; 0 for none", HelpName = "SHARE", DefaultValueFactory = _ => Defaults.HeldOutFraction };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "decides the parts and the order of the texts", HelpName = "N", DefaultValueFactory = _ => Defaults.Seed };
    private static readonly Option<int> Epochs = new("--epochs") { Description = "passes over the texts", HelpName = "N", DefaultValueFactory = _ => Defaults.Epochs };
    private static readonly Option<double> LearningRate = new("--learning-rate") { Description = "size of the steps", HelpName = "X", DefaultValueFactory = _ => Defaults.LearningRate };
    private static readonly Option<double> Decay = new("--l2") { Description = "pull of the weights towards 0", HelpName = "X", DefaultValueFactory = _ => Defaults.L2 };
    private static readonly Option<int> Bits = new("--bits") { Description = "the file has 2^N bytes of weights", HelpName = "N", DefaultValueFactory = _ => Defaults.Features.Bits };
    private static readonly Option<bool> Balanced = new("--balanced") { Description = "both classes weigh the same, however often they occur" };
    private static readonly Option<bool> Force = new("--force") { Description = "write into a folder that is not empty" };
    private static readonly Option<string?> Model = new("--model") { Description = "what to measure: a folder or file as for phf score --scorer toxicity; the built-in model unless given", HelpName = "PATH" };

    public static Command Create()
    {
        var train = new Command("train", "Learn to tell positive texts from others, for phf score --scorer classifier.")
        {
            Files, Output, TextField, LabelField, Threshold, Positive, HeldOut, Seed, Epochs, LearningRate, Decay, Bits, Balanced, Force,
        };
        train.SetAction((parsed, cancellation) => Task.FromResult(Train(parsed, cancellation)));
        var evaluate = new Command("evaluate", "Measure a toxicity model or classifier on labelled texts.") { Files, Model, TextField, LabelField, Threshold, Positive };
        evaluate.SetAction(parsed => Evaluate(parsed));
        return new Command("classifier", "Make text classifiers and measure them.") { train, evaluate };
    }

    private static int Train(ParseResult parsed, CancellationToken cancellation)
    {
        string output = parsed.GetRequiredValue(Output);
        if (File.Exists(output)) throw new IOException($"{output} is a file; name a directory");
        if (!parsed.GetValue(Force) && Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
            throw new IOException($"{output} exists and is not empty; name another directory or say --force");
        var options = new ClassifierOptions
        {
            Features = Defaults.Features with { Bits = parsed.GetValue(Bits) },
            HeldOutFraction = parsed.GetValue(HeldOut),
            Seed = parsed.GetValue(Seed),
            Epochs = parsed.GetValue(Epochs),
            LearningRate = parsed.GetValue(LearningRate),
            L2 = parsed.GetValue(Decay),
            Balanced = parsed.GetValue(Balanced),
        };
        List<LabelledText> texts = Read(parsed, out SkippedRecords skipped);
        TrainedClassifier? trained = null;
        var clock = Stopwatch.StartNew();
        ConsoleProgress.Run("training", "texts", total: 1, progress => trained = ClassifierTrainer.Train(
            texts, options, (done, total) => progress.Report((double)done / total, done), cancellation));
        Directory.CreateDirectory(output);
        ClassifierReport.Write(output, trained!, options);
        SummaryTable.Write(output,
        [
            ("scorer", trained!.Classifier.Id),
            ("texts", $"{SummaryTable.Count(trained.TrainingTexts)} trained on, {SummaryTable.Count(trained.CalibrationTexts)} calibrated on"),
            ("time", string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:F1} s")),
            .. trained.HeldOut is { } heldOut ? Rows("held-out ", heldOut) : [],
            .. trained.AucOfFloats is { } floats ? [("AUC before rounding to 8 bits", floats.ToString("F4", CultureInfo.InvariantCulture))] : Array.Empty<(string, string)>(),
            .. SummaryTable.Rows(skipped),
        ]);
        return ExitCode.Done;
    }

    private static int Evaluate(ParseResult parsed)
    {
        using var models = new ScorerModels(threads: 0);
        IScorer scorer = Scorers.Create("toxicity", new ScorerOptions { Model = parsed.GetValue(Model), OpenModel = models.Open });
        List<LabelledText> texts = Read(parsed, out SkippedRecords skipped);
        SummaryTable.Write(scorer.Id, [.. Rows("", ClassifierTrainer.Measure(scorer, texts)), .. SummaryTable.Rows(skipped)]);
        return ExitCode.Done;
    }

    private static List<LabelledText> Read(ParseResult parsed, out SkippedRecords skipped)
    {
        if (!double.IsFinite(parsed.GetValue(Threshold))) throw new UsageException($"--threshold {parsed.GetValue(Threshold)}: a number was expected");
        var options = new LabelOptions
        {
            TextField = parsed.GetRequiredValue(TextField),
            LabelField = parsed.GetRequiredValue(LabelField),
            Threshold = parsed.GetValue(Threshold),
            Positive = parsed.GetRequiredValue(Positive),
        };
        skipped = new SkippedRecords();
        string[] files = parsed.GetRequiredValue(Files);
        List<LabelledText> texts = [.. LabelledTexts.Read(files, options, skipped)];
        if (texts.Count > 0) return texts;
        string reasons = skipped.Total == 0 ? "only blank lines" : string.Join("; ", skipped.Reasons.Select(reason => $"{reason.Key} at {reason.Value.First}"));
        throw new InvalidDataException($"{string.Join(", ", files)}: no labelled text ({reasons}); texts are JSON lines, or CSV in a file named .csv; see --text-field and --label-field");
    }

    private static IEnumerable<(string Name, string Value)> Rows(string prefix, ClassifierMetrics metrics)
    {
        yield return ($"{prefix}texts", $"{SummaryTable.Count(metrics.Texts)}, {SummaryTable.Count(metrics.Positives)} positive");
        yield return ($"{prefix}AUC", Four(metrics.Auc));
        yield return ($"{prefix}average precision", Four(metrics.AveragePrecision));
        yield return ($"{prefix}Brier score", Four(metrics.Brier));
        foreach (CalibrationBin bin in metrics.Calibration)
            yield return (string.Create(CultureInfo.InvariantCulture, $"{prefix}scores from {bin.From:F1}"),
                string.Create(CultureInfo.InvariantCulture, $"{bin.Texts:N0} texts, mean score {bin.MeanScore:F3}, share positive {bin.Share:F3}"));

        static string Four(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
    }
}
