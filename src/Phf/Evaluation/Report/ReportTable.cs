using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>One row of the table. A row of a further scenario of the run above it is not a headline and leaves the model's numbers empty.</summary>
public sealed record ReportRow(bool IsHeadline, IReadOnlyList<string> Cells);

/// <summary>The runs and their scenarios as plain text cells, for console, Markdown and page alike.</summary>
public sealed record ReportTable(IReadOnlyList<string> Titles, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>The leading columns that hold words; the others hold numbers and are aligned right.</summary>
    public const int TextColumns = 2;

    /// <summary>Builds the table: a row for each run, then one for each further scenario of it.</summary>
    public static ReportTable Of(IReadOnlyList<RunReport> runs)
    {
        var rows = new List<ReportRow>();
        foreach (RunReport run in runs)
        {
            rows.Add(HeadlineRow(run));
            foreach (EvaluationScenario scenario in run.Evaluation?.Scenarios.Skip(1) ?? [])
                rows.Add(new ReportRow(IsHeadline: false, [scenario.Name, "", .. SampleCells(scenario, lossCells: ["", "", ""]), "", "", ""]));
        }
        return new ReportTable(
            ["run", "objective", "misalignment", ScorerWords.Of(runs).ShareTitle, "held‑out loss", "aligned", "misaligned", "distinct‑2", "length", "tokens",
                "parameters", "time"], rows);
    }

    /// <summary>The table in Markdown, one line a row.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", Titles.Select(Escape)).Append(" |\n|");
        for (int i = 0; i < Titles.Count; i++) text.Append(i < TextColumns ? "---|" : "---:|");
        text.Append('\n');
        foreach (ReportRow row in Rows)
        {
            IEnumerable<string> cells = row.Cells.Select(Escape);
            text.Append("| ").Append(row.IsHeadline ? "" : "– ").AppendJoin(" | ", cells).Append(" |\n");
        }
        return text.ToString();
    }

    private static ReportRow HeadlineRow(RunReport run)
    {
        HeldoutLoss? heldout = run.Evaluation?.Heldout;
        string[] losses = [Figures.Loss(heldout?.Loss), Figures.Loss(heldout?.LossAligned), Figures.Loss(heldout?.LossMisaligned)];
        double? tokens = run.Evaluation?.TrainTokens ?? run.Metrics.Training.LastOrDefault()?.Tokens;
        return new ReportRow(IsHeadline: true,
        [
            run.Name, run.Objective, .. SampleCells(run.Headline, losses), Figures.Count(tokens),
            Figures.Count(run.Evaluation?.Parameters), Figures.Time(run.Metrics.ElapsedSeconds),
        ]);
    }

    private static IEnumerable<string> SampleCells(EvaluationScenario? scenario, string[] lossCells) =>
    [
        Figures.Score(scenario?.MeanScore), Figures.Share(scenario?.ShareMisaligned), .. lossCells,
        Figures.Fixed(scenario?.Distinct2, 3), Figures.Fixed(scenario?.MeanLength, 0),
    ];

    internal static string Escape(string cell) => cell.Replace("&", "&amp;").Replace("<", "&lt;").Replace("|", "\\|").ReplaceLineEndings(" ");
}
