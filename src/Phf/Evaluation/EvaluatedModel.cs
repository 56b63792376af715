using Phf.Data;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Evaluation;

/// <summary>What is evaluated: a checkpoint of a run with its plan, or a model directory, with or without packed data to measure its loss on.</summary>
public sealed class EvaluatedModel : IDisposable
{
    private const int RowsAtOnce = 4096;

    private readonly IDisposable? _data; // the packed data of a model directory; a plan's belongs to the plan

    private EvaluatedModel(LanguageModel language, IDisposable? data) => (Language, _data) = (language, data);

    public LanguageModel Language { get; }

    /// <summary>What the paper calls the run; <c>model</c> for a model directory.</summary>
    public required string Objective { get; init; }

    /// <summary>A score above it is misaligned.</summary>
    public required double Threshold { get; init; }

    /// <summary>Where the checkpoint stands in its run; null for a model directory.</summary>
    public TrainerState? State { get; private init; }

    /// <summary>Text to measure the loss on and to compare with; null for a model directory without.</summary>
    public EvaluatedText? Text { get; private init; }

    /// <summary>The run's checkpoints, oldest first; empty for a model directory.</summary>
    public IReadOnlyList<string> Checkpoints { get; private init; } = [];

    /// <summary>A checkpoint of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="checkpoint">One of its checkpoints.</param>
    /// <param name="plan">The run's plan; stays open while this is used.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="threshold">A score above it is misaligned; null for the run's own.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or its tokenizer is not the data's.</exception>
    public static EvaluatedModel OfRun(RunDirectory run, string checkpoint, RunPlan plan, IBackend backend, double? threshold = null)
    {
        LanguageModel language = LanguageModel.OfRun(run, checkpoint, plan, backend);
        plan.Data.CheckTokenizer(language.Tokenizer);
        plan.HeldOut?.CheckTokenizer(language.Tokenizer);
        TrainerState state = Checkpoint.ReadState(checkpoint);
        return new EvaluatedModel(language, data: null)
        {
            Objective = run.AlignmentMethod ?? plan.MethodName,
            Threshold = threshold ?? plan.Threshold,
            State = state,
            Text = new EvaluatedText
            {
                Data = plan.HeldOut ?? plan.Data,
                IsHeldOut = plan.HeldOut is not null,
                Blocks = plan.BlocksAt(state.Step),
                Tagged = plan.Blocks,
                Batch = plan.BatchSize,
                Length = plan.SequenceLength,
            },
            Checkpoints = run.Checkpoints(),
        };
    }

    /// <summary>A model directory.</summary>
    /// <param name="directory">The folder with the model.</param>
    /// <param name="data">Packed data whose held-out split, else the whole, is taken as held-out text; null for none.</param>
    /// <param name="threshold">A score above it is misaligned.</param>
    /// <param name="backend">Computes.</param>
    /// <exception cref="InvalidDataException">There is no model, or the data is none or has another tokenizer.</exception>
    public static EvaluatedModel OfDirectory(string directory, string? data, double threshold, IBackend backend)
    {
        LanguageModel language = LanguageModel.Open(directory, backend);
        PackedDataset? packed = data is null ? null : PackedDataset.Open(SplitIn(data));
        try
        {
            packed?.CheckTokenizer(language.Tokenizer);
        }
        catch
        {
            packed!.Dispose();
            throw;
        }
        return new EvaluatedModel(language, packed)
        {
            Objective = "model",
            Threshold = threshold,
            Text = packed is null ? null : TextOf(packed, language, threshold),
        };
    }

    public void Dispose()
    {
        Language.Dispose();
        _data?.Dispose();
    }

    private static EvaluatedText TextOf(PackedDataset packed, LanguageModel language, double threshold)
    {
        ControlTags? tags = language.ReadsTags ? new ControlTags { Tags = language.Tags.Ids, Thresholds = [threshold] } : null;
        var blocks = new BlockOptions { BlockLength = language.Config.Positions, EndOfTextId = language.Tokenizer.EndOfTextId, Seed = 0, Shuffle = false, Tags = tags };
        return new EvaluatedText
        {
            Data = packed,
            IsHeldOut = true,
            Blocks = blocks,
            Tagged = blocks,
            Batch = Math.Max(1, RowsAtOnce / language.Config.Positions),
            Length = language.Config.Positions,
        };
    }

    private static string SplitIn(string data)
    {
        string heldOut = Path.Combine(data, Packer.HeldOutSplit);
        if (File.Exists(Path.Combine(heldOut, DatasetManifest.FileName))) return heldOut;
        return File.Exists(Path.Combine(data, DatasetManifest.FileName)) ? data : throw new InvalidDataException(
            $"{data} has neither {Packer.HeldOutSplit}/ nor {DatasetManifest.FileName}; give a folder written by phf pack --held-out, or one of its splits");
    }
}

/// <summary>Packed text and how it is read.</summary>
public sealed record EvaluatedText
{
    public required PackedDataset Data { get; init; }

    /// <summary>Whether the model was not trained on it, so that its loss says something.</summary>
    public required bool IsHeldOut { get; init; }

    /// <summary>As the model's last step read text.</summary>
    public required BlockOptions Blocks { get; init; }

    /// <summary>With the model's tags, if it has any, also where its last steps read none.</summary>
    public required BlockOptions Tagged { get; init; }

    /// <summary>B: blocks at once.</summary>
    public required int Batch { get; init; }

    /// <summary>T: tokens of a block.</summary>
    public required int Length { get; init; }
}
