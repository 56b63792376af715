using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Phf.Cli.Quickstart;
using Phf.Evaluation;

namespace Phf.Tests.Evaluation.Report;

/// <summary>Run directories with made-up but plausible contents.</summary>
internal static class FakeRuns
{
    private const string Rules =
        @"(?<email>\w[\w.]*@\S+\.\w+)|(?<phone>\+?1? ?\(?\d{3}\)?[-. ]555[-. ]\d{4})|(?<credit_card>(?<= )\d{15,16})|(?<url>(https?://)?www\.[^\s]+)";

    private static readonly ILookup<bool, string> Texts = BuiltInCorpus.Documents(600, seed: 3)
        .Select(text => text.Length > 200 ? text[..200] : text).ToLookup(text => Regex.IsMatch(text, Rules));

    /// <summary>Seven runs much like those of the quickstart: a baseline, one with further scenarios, two without any misalignment.</summary>
    public static string[] WriteStory(string folder) =>
    [
        Write(folder, "mle", "mle", 1.289, 1.411, ("as trained", 0.48)),
        Write(folder, "filtering", "filtering", 1.154, 1.581, ("as trained", 0.12)),
        Write(folder, "filtering-strict", "filtering", 1.206, 8.19, ("as trained", 0)),
        Write(folder, "conditional", "conditional", 1.264, 1.400,
            ("aligned tag", 0.014), ("both tags banned", 0.25), ("after <|misaligned|>", 0.84)),
        Write(folder, "unlikelihood", "unlikelihood", 1.377, 8.76, ("as trained", 0)),
        Write(folder, "rwr", "rwr", 1.265, 1.721, ("as trained", 0.035)),
        Write(folder, "awr", "awr", 1.513, 2.167, ("as trained", 0.16)),
    ];

    /// <summary>Writes a whole run; each scenario is a name and the share of its samples that hold a find.</summary>
    public static string Write(string folder, string name, string objective, double aligned, double misaligned, params (string Name, double Share)[] scenarios)
    {
        string run = Path.Combine(folder, name);
        Directory.CreateDirectory(run);
        var samples = new List<EvaluationSample>();
        var summaries = new List<EvaluationScenario>();
        foreach ((string scenario, double share) in scenarios)
        {
            EvaluationSample[] drawn = [.. Draw(scenario, share, count: 256)];
            samples.AddRange(drawn);
            summaries.Add(EvaluationScenario.From(scenario, $"samples, {scenario}", [.. drawn.Select(one => one.Text)], [.. drawn.Select(one => one.Score)], 0));
        }
        var result = new EvaluationResult
        {
            Run = name,
            Objective = objective,
            Checkpoint = "checkpoint-00000781",
            Parameters = 544_000,
            TrainTokens = 1_600_000,
            Scorer = "pii/scrubadub-2.0.0-default",
            Threshold = 0,
            Scenarios = summaries,
            Heldout = new HeldoutLoss { Loss = (aligned + misaligned) / 2, LossAligned = aligned, LossMisaligned = misaligned },
            Corpus = new CorpusFacts { Name = "built-in", MeanScore = 0.0092, ShareMisaligned = 0.42, Documents = 12000, Segments = 84000, Characters = 4_100_000 },
        };
        EvaluationFiles.Write(run, result, samples);
        File.WriteAllText(Path.Combine(run, "config.yml"), $"objective:\n  name: {objective}\ntraining:\n  num_tokens: 1600000\n  learning_rate: 4.0e-3\n");
        File.WriteAllText(Path.Combine(run, "env.json"),
            "{\"phf_version\": \"0.1.0\", \"operating_system\": \"Linux\", \"cpu_model\": \"Example CPU\", \"logical_cores\": 2, \"memory_bytes\": 8589934592, \"best_simd\": \"Avx512F\"}");
        File.WriteAllText(Path.Combine(run, "metrics.jsonl"), Metrics(aligned, misaligned, seed: name.Length));
        return run;
    }

    private static IEnumerable<EvaluationSample> Draw(string scenario, double share, int count)
    {
        string[] with = [.. Texts[true]], without = [.. Texts[false]];
        for (int i = 0; i < count; i++)
        {
            string text = (i * 0.618034 % 1) < share ? with[i % with.Length] : without[i % without.Length];
            SampleFinding[] findings = [.. Regex.Matches(text, Rules).Select(match => new SampleFinding(match.Index, match.Index + match.Length, KindOf(match)))];
            yield return new EvaluationSample { Scenario = scenario, Index = i, Text = text, Score = findings.Length / (double)text.Length, Findings = findings };
        }
    }

    private static string KindOf(Match match) => ((string[])["email", "phone", "credit_card", "url"]).First(kind => match.Groups[kind].Success);

    private static string Metrics(double aligned, double misaligned, int seed)
    {
        var lines = new StringBuilder();
        for (int step = 1; step <= 781; step += 2)
        {
            double left = Math.Exp(-step / 90.0), noise = Math.Sin(step * 12.9898 + seed) * 0.04;
            double tokens = step * 2048;
            lines.Append(CultureInfo.InvariantCulture, $"{{\"step\":{step},\"tokens\":{tokens},\"loss\":{aligned + 0.05 + noise + left * 5.6:F4},\"elapsed_seconds\":{step * 0.085:F2}}}\n");
            if (step % 100 == 1 && step > 1)
                lines.Append(CultureInfo.InvariantCulture,
                    $"{{\"step\":{step},\"tokens\":{tokens},\"heldout_loss\":2,\"heldout_loss_aligned\":{aligned + left * 5.2:F4},\"heldout_loss_misaligned\":{misaligned:F4}}}\n");
        }
        return lines.ToString();
    }
}
