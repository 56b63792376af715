using System.Text.Json;

namespace Phf.Evaluation.Report;

/// <summary>The samples as the page's script wants them: JSON in which '&lt;' is escaped, so that no text can close the script element.</summary>
internal static class SampleData
{
    /// <summary>Samples of one scenario that go into the page; the file in the run's directory has all.</summary>
    public const int MostPerScenario = 250;

    /// <summary>{"groups": [{"run", "scenario", "series", "total", "threshold", "samples": [[index, score, text, [begin, end, type, ...]]]}]}.</summary>
    public static string Write(IReadOnlyList<RunReport> runs)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) // the default encoder escapes <, >, & and the quotes
        {
            json.WriteStartObject();
            json.WriteStartArray("groups");
            for (int i = 0; i < runs.Count; i++)
                foreach (var group in runs[i].Samples.GroupBy(sample => sample.Scenario)) WriteGroup(json, runs[i], i, group.Key, [.. group]);
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
