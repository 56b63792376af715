using System.Text.Json;

namespace Phf.Evaluation.Report;

/// <summary>The samples as the page's script wants them: JSON in which '&lt;' is escaped, so that no text can close the script element.</summary>
internal static class SampleData
{
    /// <summary>Samples of one scenario that go into the page; the file in the run's directory has all.</summary>
    public const int MostPerScenario = 250;

    /// <summary>Whether a run's texts are shown on demand only: they were scored for toxicity.</summary>
    public static bool IsHidden(RunReport run) => run.Evaluation?.Scorer.Contains("toxicity", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>{"groups": [{"run", "scenario", "series", "total", "threshold", "hidden", "samples": [[index, score, text, [begin, end, type, ...]]]}]}.</summary>
    public static string Write(IReadOnlyList<RunGroup> groups)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) // the default encoder escapes <, >, & and the quotes
        {
            json.WriteStartObject();
            json.WriteStartArray("groups");
            foreach ((int series, RunGroup group) in groups.Index())
                foreach (RunReport run in group.Runs)
                    foreach (var scenario in run.Samples.GroupBy(sample => sample.Scenario)) WriteGroup(json, run, series, scenario.Key, [.. scenario]);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteGroup(Utf8JsonWriter json, RunReport run, int series, string scenario, EvaluationSample[] samples)
    {
        json.WriteStartObject();
        json.WriteString("run", Whole(run.Name));
        json.WriteString("scenario", Whole(scenario));
        json.WriteNumber("series", series % ChartTheme.Page.Series.Count);
        json.WriteNumber("total", samples.Length);
        json.WriteNumber("threshold", Figures.Finite(run.Evaluation?.Threshold) ?? 0);
        json.WriteBoolean("hidden", IsHidden(run));
        json.WriteStartArray("samples");
        foreach (EvaluationSample sample in samples.Take(MostPerScenario))
        {
            json.WriteStartArray();
            json.WriteNumberValue(sample.Index);
            if (double.IsFinite(sample.Score)) json.WriteNumberValue(sample.Score);
            else json.WriteNullValue();
            json.WriteStringValue(Whole(sample.Text));
            json.WriteStartArray();
            foreach (SampleFinding finding in sample.Findings.OrderBy(finding => finding.Begin))
            {
                json.WriteNumberValue(finding.Begin);
                json.WriteNumberValue(finding.End);
                json.WriteStringValue(Whole(finding.Type));
            }
            json.WriteEndArray();
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The text with lone surrogates, which JSON cannot hold, as U+FFFD: same length, so offsets stay right.</summary>
    private static string Whole(string text)
    {
        char[]? changed = null;
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else (changed ??= text.ToCharArray())[i] = '\ufffd';
        }
        return changed is null ? text : new string(changed);
    }
}
