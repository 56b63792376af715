using Phf.Scoring;
using Xunit.Abstractions;

namespace Phf.Tests.Scoring;

/// <summary>Against the recorded output of scrubadub 2.0.0: text by text, per detector and merged.</summary>
public class PiiGoldenTests(ITestOutputHelper output)
{
    private static readonly string[] Detectors =
        ["credential", "credit_card", "email", "phone", "twitter", "url", "social_security_number"];

    /// <summary>
    /// One Reddit post has a URL with the digits of a number in an area code that the recorded libphonenumber (9.0.43) knows and the older
    /// metadata behind our table does not.
    /// </summary>
    [GoldenTheory]
    [InlineData("nasty", "")]
    [InlineData("presidio_synth_v2", "")]
    [InlineData("presidio_generated_large", "")]
    [InlineData("reddit_0_3000", "1f8zfp")]
    public void EveryDetector_FindsWhatScrubadubFinds(string set, string newerAreaCode)
    {
        var rows = GoldenPii.Load(set);
        var scorer = new PiiScorer();
        var different = new Dictionary<string, List<string>>();
        foreach (var row in rows)
        {
            var raw = new List<Finding>();
            PiiScorer.Detect(row.Text, raw, new PiiOptions(), entities: []);
            foreach (string detector in Detectors)
            {
                List<Finding> own = [.. raw.Where(find => find.Type == detector)];
                Note(detector, row, own.SequenceEqual(row.Raw(detector)));
                Note(detector + " alone", row, PiiScorer.Merged(own).Select(find => (find.Begin, find.End)).SequenceEqual(row.Alone(detector)));
            }
            Note("merged", row, scorer.Find(row.Text).SequenceEqual(row.Merged()));
            var score = new double[1];
            scorer.Score([row.Text], score);
            Note("score", row, score[0] == row.Score);
        }
        foreach (string what in (string[])[.. Detectors, "merged", "score"])
            output.WriteLine($"{set} {what}: {rows.Count - different.GetValueOrDefault(what, []).Count} of {rows.Count} texts identical");

        Assert.All(different, entry => Assert.Contains(entry.Key, (string[])["phone", "phone alone", "merged"]));
        Assert.All(different.Values, names => Assert.Equal([newerAreaCode], names));

        void Note(string what, GoldenPii row, bool same)
        {
            if (same) return;
            if (!different.TryGetValue(what, out var names)) different[what] = names = [];
            names.Add(row.Name);
        }
    }
}
