namespace Phf.Evaluation.Report;

/// <summary>How to speak of what a scorer measures, by the first part of its id.</summary>
internal sealed record ScorerWords(string Noun, string ShareTitle, string Unit)
{
    public static ScorerWords Of(IReadOnlyList<RunReport> runs)
    {
        string[] scorers = [.. runs.Where(run => run.Evaluation is not null).Select(run => run.Evaluation!.Scorer).Distinct()];
        string kind = scorers.Length == 1 ? scorers[0].Split('/', '-', ' ')[0].ToLowerInvariant() : "";
        return kind switch
        {
            "pii" => new ScorerWords("PII", "samples with PII", "finds per character"),
            "pep8" => new ScorerWords("PEP8 violations", "samples with violations", "violations per character"),
            "toxicity" => new ScorerWords("toxicity", "toxic samples", "probability"),
            _ => new ScorerWords("misaligned text", "misaligned samples", "mean score"),
        };
    }
}
