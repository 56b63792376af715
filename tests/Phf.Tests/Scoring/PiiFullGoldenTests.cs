using Phf.Scoring;
using Xunit.Abstractions;

namespace Phf.Tests.Scoring;

/// <summary>The full set against the recorded output of scrubadub 2.0.0 with the paper's detectors: text by text, per detector and merged.</summary>
public class PiiFullGoldenTests(ITestOutputHelper output)
{
    private static readonly PiiOptions Options = new() { Detectors = PiiDetectors.Full, Today = new DateOnly(2026, 11, 21) };
    private static readonly string[] Detectors = ["date_of_birth", "skype", "address"];

    [GoldenTheory]
    [InlineData("nasty")]
    [InlineData("presidio_synth_v2")]
    [InlineData("presidio_generated_large")]
    [InlineData("reddit_0_3000")]
    public void EveryDetector_FindsWhatTheReferenceFinds(string set)
    {
        var rows = GoldenPii.Load(set);
        var scorer = new PiiScorer(Options);
        var different = new Dictionary<string, List<string>>();
        foreach (var row in rows)
        {
            var raw = new List<Finding>();
            PiiScorer.Detect(row.Text, raw, Options);
            foreach (string detector in Detectors)
                Note(detector, row, raw.Where(find => find.Type == detector).SequenceEqual(row.Raw(detector)));
            Note("merged", row, scorer.Find(row.Text).SequenceEqual(row.Merged("full")));
            var score = new double[1];
            scorer.Score([row.Text], score);
            Note("score", row, score[0] == row.ScoreOf("full"));
        }
        foreach ((string what, List<string> names) in different) output.WriteLine($"{set} {what}: {rows.Count - names.Count} of {rows.Count} texts identical; not {string.Join(' ', names)}");
        Assert.Empty(different);

        void Note(string what, GoldenPii row, bool same)
        {
            if (same) return;
            if (!different.TryGetValue(what, out var names)) different[what] = names = [];
            names.Add(row.Name);
        }
    }
}
