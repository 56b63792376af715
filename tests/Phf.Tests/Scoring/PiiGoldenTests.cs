using Phf.Scoring;
using Xunit.Abstractions;

namespace Phf.Tests.Scoring;

/// <summary>Against the recorded output of scrubadub 2.0.0: text by text, per detector and merged.</summary>
public class PiiGoldenTests(ITestOutputHelper output)
{
    private static readonly string[] Detectors =
        ["credential", "credit_card", "email", "phone", "twitter", "url", "social_security_number"];

    [GoldenTheory]
    [InlineData("nasty")]
    [InlineData("presidio_synth_v2")]
    [InlineData("presidio_generated_large")]
    [InlineData("reddit_0_3000")]
    public void EveryDetector_FindsWhatScrubadubFinds(string set)
    {
        var rows = GoldenPii.Load(set);
        var scorer = new PiiScorer();
        var different = new Dictionary<string, List<string>>();
        foreach (var row in rows)
        {
            var raw = new List<Finding>();
            PiiScorer.Detect(row.Text, raw);
            foreach (string detector in Detectors)
                Note(detector, row, raw.Where(find => find.Type == detector).SequenceEqual(row.Raw(detector)));
            Note("merged", row, scorer.Find(row.Text).SequenceEqual(row.Merged()));
            var score = new double[1];
            scorer.Score([row.Text], score);
            Note("score", row, score[0] == row.Score);
        }
        foreach (string what in (string[])[.. Detectors, "merged", "score"])
        {
            var names = different.GetValueOrDefault(what, []);
            output.WriteLine($"{set} {what}: {rows.Count - names.Count} of {rows.Count} texts identical. {string.Join(' ', names.Take(20))}");
        }
        Assert.Empty(different);

        void Note(string what, GoldenPii row, bool same)
        {
            if (same) return;
            if (!different.TryGetValue(what, out var names)) different[what] = names = [];
            names.Add(row.Name);
        }
    }
}
