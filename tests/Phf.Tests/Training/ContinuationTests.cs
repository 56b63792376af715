using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Finetuning with feedback: a run that goes on with the model of another, and with the data that the other has not read.</summary>
public sealed class ContinuationTests : IDisposable
{
    private const int StepTokens = 4 * 16;
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    private RunConfig Base => _runs.Config with
    {
        Dataset = new() { Data = _runs.Pack("large", documents: 200) },
        Training = _runs.Config.Training with { EvaluationStrategy = "no", MaxSteps = null, NumTokens = 12 * StepTokens, LrSchedulerType = "constant" },
        Generation = new(),
    };

    /// <summary>Conditional training from the model of a run, for the rest of 24 steps' tokens.</summary>
    private static RunConfig Conditional(RunConfig start, string model) => start with
    {
        Dataset = start.Dataset with { ConditionalTrainingConfig = new() { Threshold = Threshold.At(0.4) }, SkipTokens = TokenCount.Auto },
        Tokenizer = new() { SpecialTokens = ["<|aligned|>", "<|misaligned|>"] },
        Model = new() { PathOrName = model, FromScratch = false },
        Training = start.Training with { NumTokens = 24 * StepTokens, TokensAlreadySeen = TokenCount.Auto },
    };

    [Fact]
    public void ConditionalAfterMle_ReadsWhatWasNotRead_WithNewRowsForTags()
    {
        RunConfig mle = Base;
        RunDirectory first = _runs.Start("first", mle);
        HashSet<long> read = DocumentsRead(mle, first, out byte[] rows);
        RunConfig conditional = Conditional(mle, first.Path);
        RunDirectory second = _runs.Start("second", conditional);
        HashSet<long> readThen = DocumentsRead(conditional, second, out byte[] rowsThen);

        Assert.True(read.Count > 10 && readThen.Count > 10, $"{read.Count}, {readThen.Count}");
        Assert.Empty(read.Intersect(readThen));
        TrainerState state = Checkpoint.ReadState(second.LatestCheckpoint());
        Assert.Equal((12, 12 * StepTokens, 12 * StepTokens), (state.TotalSteps, state.Tokens, state.TokensBefore));
        Assert.Equal(rows.Length + 2 * 16 * sizeof(float), rowsThen.Length);

        // A third run goes on behind both, also from the checkpoint by name.
        RunConfig third = Conditional(mle, second.LatestCheckpoint()) with { Training = conditional.Training with { NumTokens = 36 * StepTokens } };
        HashSet<long> readLast = DocumentsRead(third, _runs.Start("third", third), out _);
        Assert.Empty(readLast.Intersect(read.Union(readThen)));
    }

    [Fact]
    public void OtherNumberOfSequences_BeginsBehindTheFurthest()
    {
        RunConfig mle = Base;
        RunDirectory first = _runs.Start("first", mle);
        HashSet<long> read = DocumentsRead(mle, first, out _);
        RunConfig wider = Conditional(mle, first.Path);
        wider = wider with { Training = wider.Training with { EffectiveBatchSize = 6, NumTokens = 12 * StepTokens + 3 * 6 * 16 } };
        Assert.Empty(read.Intersect(DocumentsRead(wider, _runs.Start("second", wider), out _)));
    }

    [Fact]
    public void ANumber_SkipsThatManyTokens()
    {
        using PackedDataset data = PackedDataset.Open(Path.Combine(Base.Dataset.Data!, "train"));
        var options = new BlockOptions { BlockLength = 16, EndOfTextId = 0, Seed = 42, FilterThreshold = 0.45 };
        foreach (int lanes in (int[])[1, 3])
        {
            IReadOnlyList<DataCursor> cursors = UnreadData.Skip(data, options, 900, lanes);
            for (int lane = 0; lane < lanes; lane++)
            {
                // Count what a reader would have handed out until there: at least the share, and less without the last document.
                BlockOptions single = options with { BlockLength = 1, Lanes = lanes, Lane = lane };
                var reader = new BlockReader(data, single);
                long tokens = 0, begun = 0;
                int[] block = new int[2];
                while (!(reader.Cursor is var at && (at.Epoch, at.Index).CompareTo((cursors[lane].Epoch, cursors[lane].Index)) >= 0))
                {
                    if (reader.Cursor.Offset == 0) begun = tokens;
                    Assert.True(reader.Next(block, new float[2], new TokenKind[2]));
                    tokens++;
                }
                Assert.InRange(900 / lanes, begun, tokens);
            }
        }
        Assert.Equal(new BlockReader(data, options).Cursor, UnreadData.Skip(data, options, 0, 1)[0]);
    }

    [Fact]
    public void Auto_WithoutAnEarlierRunOfTheSameOrder_IsRefused()
    {
        RunConfig mle = Base;
        RunDirectory first = _runs.Start("first", mle);
        SmallRun.Train(mle, first);
        RunConfig next = Conditional(mle, first.Path);
        AssertRefused(next with { Training = next.Training with { Seed = 7 } }, "in another order: its training.seed was 42, here it is 7");
        AssertRefused(next with { Dataset = next.Dataset with { Data = _runs.DataPath } }, "was trained on other data than");
        AssertRefused(next with { Training = next.Training with { NumTokens = 12 * StepTokens } }, "of which the model has seen 768");
        string model = _runs.At("model");
        Directory.CreateDirectory(model);
        foreach (string name in (string[])["config.json", "model.safetensors"]) File.Copy(Path.Combine(first.LatestCheckpoint(), name), Path.Combine(model, name));
        AssertRefused(next with { Model = next.Model with { PathOrName = model } }, "is auto, but");
        var problem = Assert.Throws<InvalidDataException>(() => ConfigLoader.Load([], ["training.max_steps=1", "dataset.skip_tokens=auto", "training.tokens_already_seen=auto"]));
        Assert.Equal(2, problem.Message.Split('\n').Count(line => line.Contains("is auto, and model.from_scratch is true")));
    }

    [Fact]
    public void FromTheStart_OfTheSameData_IsNoted()
    {
        RunConfig mle = Base;
        RunDirectory first = _runs.Start("first", mle);
        SmallRun.Train(mle, first);
        RunConfig again = Conditional(mle, first.Path);
        using RunPlan plan = RunPlan.Create(again with { Dataset = again.Dataset with { SkipTokens = default } });
        Assert.Contains(plan.Notes, note => note.Contains("dataset.skip_tokens: auto goes on behind what it has read"));
        Assert.Null(plan.Start.Cursors);
    }

    private static void AssertRefused(RunConfig config, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => RunPlan.Create(config)).Message);

    /// <summary>Trains a run and returns the documents of its blocks, found from where it began and ended.</summary>
    private static HashSet<long> DocumentsRead(RunConfig config, RunDirectory run, out byte[] tokenRows)
    {
        using RunPlan plan = RunPlan.Create(config);
        SmallRun.Train(config, run);
        using (IBackend backend = Backends.CreateCpu(1))
        using (Gpt2 model = Gpt2Weights.Load(run.LatestCheckpoint(), backend))
            tokenRows = System.Runtime.InteropServices.MemoryMarshal.AsBytes(model.Parameters.TokenTable.Span).ToArray();
        var read = new HashSet<long>();
        for (int lane = 0; lane < plan.Lanes; lane++)
        {
            BlockOptions options = plan.Blocks with { Lanes = plan.Lanes, Lane = lane };
            var reader = new BlockReader(plan.Data, options, plan.Start.Cursors?[lane]);
            for (int step = 0; step < plan.TotalSteps; step++)
            {
                read.UnionWith(BlockReader.DocumentsOfBlock(plan.Data, options, reader.Cursor));
                Assert.True(reader.Next(new int[17], new float[17], new TokenKind[17]));
            }
            Assert.Equal(Checkpoint.ReadState(run.LatestCheckpoint()).Cursors[lane], reader.Cursor);
        }
        return read;
    }
}
