using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Tags from a configuration: thresholds as numbers, ids, what sampling bans, which steps read them, what held-out loss charges.</summary>
public sealed class TagsTests : IDisposable
{
    private static readonly string[] Texts = ["<|good|>", "<|fair|>", "<|bad|>"];

    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Percentiles_AreThoseOfTheSegments_AndAreRecorded()
    {
        RunConfig config = _runs.Tagged(SmallRun.ThreeTags) with { Objective = new() { Name = "Unlikelihood", ScoreThreshold = Threshold.Parse("p60") } };
        config = config with { Dataset = config.Dataset with { FilterThreshold = Threshold.Parse("p80") }, Generation = new() };
        using RunPlan plan = RunPlan.Create(config);
        ControlTags tags = plan.Blocks.Tags!;
        Assert.Equal([plan.Data.SegmentScorePercentile(30), plan.Data.SegmentScorePercentile(70)], tags.Thresholds);
        Assert.Equal(3, tags.Tags.Count);
        Assert.Equal(tags.Thresholds[0], plan.Threshold); // above the best tag's threshold is misaligned

        RunDirectory run = _runs.Start("recorded", plan.Config);
        string yaml = File.ReadAllText(run.ConfigPath);
        Assert.Contains($"filter_threshold: p80={plan.Data.DocumentScorePercentile(80):R}\n", yaml);
        Assert.Contains($"score_threshold: p60={plan.Data.SegmentScorePercentile(60):R}\n", yaml);
        Assert.Contains($"thresholds: [p30={tags.Thresholds[0]:R}, p70={tags.Thresholds[1]:R}]\n", yaml);
        RunConfig again = run.Config();
        using RunPlan elsewhere = RunPlan.Create(again with { Dataset = again.Dataset with { Data = _runs.Pack("other", documents: 5) } });
        Assert.NotEqual(plan.Blocks.FilterThreshold, elsewhere.Data.DocumentScorePercentile(80)); // other data, the run's thresholds
        Assert.Equal(tags.Thresholds, elsewhere.Blocks.Tags!.Thresholds);
        Assert.Equal((plan.Blocks.FilterThreshold, plan.Objective.Name), (elsewhere.Blocks.FilterThreshold, elsewhere.Objective.Name));
    }

    [Fact]
    public void PercentilesOfDocuments_AreThoseOfTheirMeans()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { TagUnit = "document" }));
        Assert.Equal([plan.Data.DocumentScorePercentile(30), plan.Data.DocumentScorePercentile(70)], plan.Blocks.Tags!.Thresholds);
        Assert.True(plan.Blocks.Tags.IsPerDocument);
    }

    [Fact]
    public void ThresholdsThatDoNotAscend_NameTheTagWithoutText()
    {
        string Problem(params string[] thresholds) => Assert.Throws<InvalidDataException>(() => RunPlan.Create(_runs.Tagged(
            SmallRun.ThreeTags with { Thresholds = [.. thresholds.Select(Threshold.Parse)] }))).Message;
        Assert.Contains("0.5 is 0.5 and 0.25 is 0.25, so nothing would get the tag <|fair|>; give ascending thresholds, or fewer", Problem("0.5", "0.25"));
        Assert.Contains("p0 is 0 and 0 is 0, so nothing would get the tag <|fair|>", Problem("p0", "0"));
    }

    [Fact]
    public void ATagThatNothingGets_IsTold()
    {
        IReadOnlyList<string> Notes(params string[] thresholds)
        {
            using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { Thresholds = [.. thresholds.Select(Threshold.Parse)] }));
            return [.. plan.Notes.Where(note => note.Contains("nothing gets the tag", StringComparison.Ordinal))];
        }

        Assert.Empty(Notes("p30", "p70"));
        Assert.StartsWith("nothing gets the tag <|good|>: its threshold is -1, and scores lie between 0 and ", Assert.Single(Notes("-1", "p70")));
        Assert.StartsWith("nothing gets the tag <|bad|>: its threshold is 7, and ", Assert.Single(Notes("p30", "7")));
    }

    [Fact]
    public void TagOfOneToken_NeedsTheToken_AndATextMustBeNone()
    {
        RunConfig config = _runs.Tagged(SmallRun.ThreeTags);
        Assert.Contains("tag '<|good|>' is no token of the tokenizer; add it to tokenizer.special_tokens, or set tag_form to text",
            Assert.Throws<InvalidDataException>(() => RunPlan.Create(config with { Tokenizer = new() })).Message);
        Assert.Contains("tag 'x' is one token of the tokenizer", Assert.Throws<InvalidDataException>(() => Plan("text", "x", "<|fair|>", "<|bad|>")).Message);
        Assert.Contains("tag '<good>' begins with tag '<good'", Assert.Throws<InvalidDataException>(() => Plan("text", "<good", "<good>", "<|bad|>")).Message);
    }

    /// <summary>A tag of one token is banned by itself, one of several by what no allowed tag begins with.</summary>
    [Fact]
    public void Bans_LeaveAllowedTagsFree()
    {
        TagTokens token = Tokens("token"), text = Tokens("text");
        Assert.Equal([token.Ids[1], token.Ids[2]], token.Bans(0));
        Assert.Equal(token.Ids, token.Bans());
        Assert.Equal([["<", "|", "f"], ["<", "|", "b"]], text.Bans(0).Select(Spell));
        Assert.Equal([["<", "|", "b"]], text.Bans(0, 1).Select(Spell));
        Assert.Equal([["<", "|"]], text.Bans().Select(Spell)); // where none is free
        Assert.Empty(text.Bans(0, 1, 2));

        static IEnumerable<string> Spell(int[] ids) => ids.Select(id => Phf.Tests.Data.SmallDataset.Tokenizer.Decode([id]));
    }

    [Theory]
    [InlineData("token")]
    [InlineData("text")]
    public void Encode_WritesTagsAsTrainingDoes_AndDecodeLeavesThemOut(string form)
    {
        TagTokens tags = Tokens(form);
        BpeTokenizer plain = Phf.Tests.Data.SmallDataset.Tokenizer;
        int[] expected = [.. plain.Encode("the cat "), .. tags.Ids[2], .. plain.Encode("sat on"), .. tags.Ids[0]], actual = tags.Encode("the cat <|bad|>sat on<|good|>");
        Assert.Equal(expected, actual);
        Assert.Equal("the cat sat on", tags.Decode(actual));
        if (form == "text") Assert.Equal("the<|ba", tags.Decode([.. plain.Encode("the"), .. tags.Ids[2][..^3]])); // cut off by the end of a sample
    }

    [Fact]
    public void Cooldown_RoundsToWholeSteps_AndReadsThemWithoutTags()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { Cooldown = 0.3 }));
        Assert.Equal(6, plan.TaggedSteps); // 2.4 of 8 are 2
        Assert.NotNull(plan.BlocksAt(6).Tags);
        Assert.Null(plan.BlocksAt(7).Tags);
        Assert.Null((SmallRun.ThreeTags with { Cooldown = 0.05 }).TaggedStepsOf(8));
        Assert.Equal(27, (SmallRun.ThreeTags with { Cooldown = 0.1 }).TaggedStepsOf(30)); // 30 * 0.1 is a little more than 3
    }

    /// <summary>Masked tags are given, not charged: the text's loss given its tags.</summary>
    [Fact]
    public void HeldOutLoss_ChargesTagsUnlessTheyAreMasked()
    {
        using RunPlan plan = RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags));
        using IBackend backend = Backends.CreateCpu(1);
        using var model = new Gpt2(plan.Model, backend);
        model.Initialize(seed: 3);
        using var state = new Activations(plan.Model, batch: 2, time: 16, forTraining: false);
        HeldOutLoss charged = Measure(plan.Blocks), masked = Measure(plan.Blocks with { Tags = plan.Blocks.Tags! with { IsMasked = true } });
        Assert.Equal((charged.Aligned, charged.Misaligned, charged.TokensAligned), (masked.Aligned, masked.Misaligned, masked.TokensAligned));
        double text = ((masked.Aligned!.Value * masked.TokensAligned) + (masked.Misaligned!.Value * masked.TokensMisaligned)) / (masked.TokensAligned + masked.TokensMisaligned);
        Assert.Equal(text, masked.Loss, 1e-9);
        long tags = plan.HeldOut!.SegmentCount;
        Assert.Equal(text + (Math.Log(plan.Model.VocabularySize) * tags / (masked.TokensAligned + masked.TokensMisaligned)), charged.Loss, 0.02); // a new model finds all tokens alike

        HeldOutLoss plain = Measure(plan.Blocks with { Tags = null }); // reads the same documents
        Assert.Equal(plan.HeldOut.DocumentCount, plain.Documents.Count);
        Assert.Equal(plain.Documents.Select(document => document.Tokens), charged.Documents.Select(document => document.Tokens));
        foreach (HeldOutLoss loss in (HeldOutLoss[])[plain, charged, masked])
            Assert.Equal(loss.Loss, loss.Documents.Sum(document => document.Nats) / loss.Documents.Sum(document => document.Tokens), 1e-9);

        HeldOutLoss Measure(BlockOptions blocks) => HeldOutLoss.Measure(model, state, plan.HeldOut!, plan.Tokenizer, blocks, plan.Threshold, 100_000, default);
    }

    [Theory]
    [InlineData("p50", "p50", true)]
    [InlineData("p50", "p50=0.1", true)]
    [InlineData("p50", "p51", false)]
    [InlineData("p50", "0.375", false)]
    public void Resume_ComparesThresholdsAsTheyWereWritten_AndTakesTheRecordedNumber(string written, string given, bool isSame)
    {
        RunConfig With(string threshold) => _runs.Config with { Dataset = _runs.Config.Dataset with { FilterThreshold = Threshold.Parse(threshold) }, Generation = new() };
        using RunPlan plan = RunPlan.Create(With(written));
        RunDirectory run = _runs.Start("run", plan.Config);
        if (!isSame)
        {
            Assert.Contains($"dataset.filter_threshold is {written} in the run, {given} now", Assert.Throws<InvalidDataException>(() => run.CheckSameConfig(With(given))).Message);
            return;
        }
        RunConfig goesOn = run.CheckSameConfig(With(given) with { Training = plan.Config.Training with { Threads = 3 } });
        Assert.Equal(plan.Data.DocumentScorePercentile(50), goesOn.Dataset.FilterThreshold!.Value.Recorded);
        Assert.Equal(3, goesOn.Training.Threads);
    }

    private RunPlan Plan(string form, params string[] tags) => RunPlan.Create(_runs.Tagged(SmallRun.ThreeTags with { TagForm = form, Prefixes = tags }));

    private TagTokens Tokens(string form)
    {
        using RunPlan plan = Plan(form, Texts);
        return plan.Tags;
    }
}
