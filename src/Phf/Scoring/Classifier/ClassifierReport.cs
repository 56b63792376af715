using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Scoring.Classifier;

/// <summary>Writes a trained classifier and its report: <c>report.json</c> for programs, <c>report.md</c> to read.</summary>
public static class ClassifierReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the classifier last, into the existing <paramref name="folder"/>.</summary>
    public static void Write(string folder, TrainedClassifier trained, ClassifierOptions options)
    {
        DurableFile.Write(Path.Combine(folder, "report.json"), stream => JsonSerializer.Serialize(stream, new
        {
            Scorer = trained.Classifier.Id,
            trained.TrainingTexts,
            trained.CalibrationTexts,
            trained.HeldOut,
            trained.AucOfFloats,
            Options = options,
        }, Json));
        DurableFile.WriteText(Path.Combine(folder, "report.md"), Markdown(trained));
        ClassifierFile.Write(Path.Combine(folder, ClassifierFile.Name), trained.Classifier);
    }

    private static string Markdown(TrainedClassifier trained)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        Line($"# {trained.Classifier.Id}");
        Line($"");
        Line($"Trained on {trained.TrainingTexts} texts, calibrated on {trained.CalibrationTexts} others.");
        if (trained.HeldOut is not { } heldOut) return text.ToString();
        Line($"");
        Line($"| on held-out texts | |");
        Line($"|---|---|");
        Line($"| texts | {heldOut.Texts}, {heldOut.Positives} positive |");
        Line($"| area under the ROC curve | {heldOut.Auc:F4} ({trained.AucOfFloats:F4} before the weights were rounded to 8 bits) |");
        Line($"| average precision | {heldOut.AveragePrecision:F4} |");
        Line($"| Brier score | {heldOut.Brier:F4} |");
        Line($"");
        Line($"| scores | texts | mean score | share positive |");
        Line($"|---|---|---|---|");
        foreach (CalibrationBin bin in heldOut.Calibration) Line($"| {bin.From:F1} to {bin.From + 0.1:F1} | {bin.Texts} | {bin.MeanScore:F3} | {bin.Share:F3} |");
        return text.ToString();
    }
}
