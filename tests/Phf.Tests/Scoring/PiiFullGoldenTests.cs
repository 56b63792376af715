using System.IO.Compression;
using System.Text.Json;
using Phf.Scoring;
using Xunit.Abstractions;

namespace Phf.Tests.Scoring;

/// <summary>The full set against the recorded output of scrubadub 2.0.0 with the paper's detectors: text by text, per detector and merged.</summary>
public class PiiFullGoldenTests(ITestOutputHelper output)
{
    private static readonly string[] Detectors = ["date_of_birth", "skype", "address"];

    /// <summary>All finds are the reference's, but for the Reddit post with a telephone number of a newer area code (see <see cref="PiiGoldenTests"/>).</summary>
    [GoldenTheory]
    [InlineData("nasty", "")]
    [InlineData("presidio_synth_v2", "")]
    [InlineData("presidio_generated_large", "")]
    [InlineData("reddit_0_3000", "1f8zfp")]
    public void EveryDetector_FindsWhatTheReferenceFinds(string set, string newerAreaCode)
    {
        var rows = GoldenPii.Load(set);
        var options = new PiiOptions { Detectors = PiiDetectors.Full, Today = new DateOnly(2026, 11, 21) };
        var scorer = new PiiScorer(options);
        var different = new Dictionary<string, List<string>>();
        foreach (var row in rows)
        {
            var raw = new List<Finding>();
            PiiScorer.Detect(row.Text, raw, options, entities: []);
            foreach (string detector in Detectors)
            {
                List<Finding> own = [.. raw.Where(find => find.Type == detector)];
                Note(detector, row, own.SequenceEqual(row.Raw(detector)));
                Note(detector, row, PiiScorer.Merged(own).Select(find => (find.Begin, find.End)).SequenceEqual(row.Alone(detector)));
            }
            Note("merged", row, scorer.Find(row.Text).SequenceEqual(row.Merged("full")));
            var score = new double[1];
            scorer.Score([row.Text], score);
            Note("score", row, score[0] == row.ScoreOf("full"));
        }
        foreach (string what in (string[])[.. Detectors, "merged", "score"])
            output.WriteLine($"{set} {what}: {rows.Count - different.GetValueOrDefault(what, []).Count} of {rows.Count} texts identical");

        Assert.All(different, entry => Assert.Equal("merged", entry.Key));
        Assert.All(different.Values, names => Assert.Equal([newerAreaCode], names));

        void Note(string what, GoldenPii row, bool same)
        {
            if (same) return;
            if (!different.TryGetValue(what, out var names)) different[what] = names = [];
            names.Add(row.Name);
        }
    }

    /// <summary>The dates of birth on the day of the paper, which four texts tell from those on the day of the other recordings.</summary>
    [GoldenTheory]
    [InlineData("nasty")]
    [InlineData("presidio_synth_v2")]
    [InlineData("presidio_generated_large")]
    public void DatesOfBirth_OnAnotherDay(string set)
    {
        var recorded = new Dictionary<string, JsonElement>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Shared.Golden("pii_dob_clock_2023-02-16.jsonl.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            JsonElement row = JsonElement.Parse(line);
            if (row.GetProperty("set").GetString() == set) recorded.Add(row.GetProperty("id").GetString()!, row);
        }
        Assert.NotEmpty(recorded);
        var options = new PiiOptions { Detectors = PiiDetectors.Full, Today = PiiOptions.PaperToday };
        foreach (var row in GoldenPii.Load(set))
        {
            var raw = new List<Finding>();
            PiiScorer.Detect(row.Text, raw, options, entities: []);
            Finding[] expected = recorded.TryGetValue(row.Name, out JsonElement found) ? row.Finds(found.GetProperty("raw"), "date_of_birth") : [];
            Assert.Equal(expected, raw.Where(find => find.Type == "date_of_birth"));
        }
    }
}
