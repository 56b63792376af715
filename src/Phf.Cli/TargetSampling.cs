using System.Globalization;
using Phf.Alignment;
using Phf.Alignment.Estimates;
using Phf.Numerics.Backend;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>The methods of phf align that sample from the target instead of training: JSON lines with the texts, and what they cost.</summary>
internal static class TargetSampling
{
    /// <param name="section">Of a method that samples.</param>
    /// <param name="texts">How many to keep.</param>
    /// <param name="path">The file to write; it is there when it is whole.</param>
    /// <param name="output">Where the numbers go.</param>
    /// <param name="cancel">Leaves no file.</param>
    public static void Run(AlignmentSection section, int texts, string path, TextWriter output, CancellationToken cancel)
    {
        using AlignmentPlan plan = AlignmentPlan.Create(section);
        using IBackend backend = CliBackend.Create(section.Training.Backend, section.Training.Threads);
        TargetSamples? samples = null;
        ConsoleProgress.Run(section.Method.Name, "texts", texts, progress => samples = new TargetSampler(plan, backend).Draw(texts, done => progress.Report(done, done), cancel));
        Write(section, samples!, path);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{samples!.Texts.Count} texts of {samples.Drawn:N0} drawn, in {path}"));
        for (int k = 0; k < section.Target.Features.Count; k++)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{section.Target.Features[k].Name} {samples.Texts.Average(text => text.Features[k]):G4} on average"));
        if (samples.Kept is not { } kept)
        {
            int n = section.Method.Candidates;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"KL(kept || prior) is at most log {n} - {n - 1}/{n} = {Math.Log(n) - (n - 1.0) / n:F2} nats per text"));
            return;
        }
        output.WriteLine("log bound | kept | TV to the target | KL(target || kept)");
        foreach (QuasiRejection bound in samples.TradeOff) output.WriteLine(Line(bound));
        output.WriteLine($"{Line(kept)}  <- {section.Method.Name}");
    }

    private static string Line(QuasiRejection bound) =>
        string.Create(CultureInfo.InvariantCulture, $"{bound.LogBound,9:F3} | {100 * bound.Acceptance,5:F1} % | {bound.TotalVariation:F4} | {bound.Kl:F4}");

    private static void Write(AlignmentSection section, TargetSamples samples, string path)
    {
        using JsonLineOutput lines = JsonLineOutput.Create(path);
        foreach (TargetSample sample in samples.Texts)
            lines.Write(json =>
            {
                if (section.Sampling.Prompts is not null) json.WriteString("prompt", sample.Prompt);
                json.WriteString("text", sample.Text);
                json.WriteStartObject("features");
                for (int k = 0; k < sample.Features.Count; k++) json.WriteNumber(section.Target.Features[k].Name, sample.Features[k]);
                json.WriteEndObject();
                if (double.IsFinite(sample.LogEvidence)) json.WriteNumber("log_evidence", sample.LogEvidence);
            });
        lines.Commit();
    }
}
