using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>
/// A model on disk, its tokenizer and its tags. The weights are read when they are first needed: an evaluation whose parts are all in the cache needs none.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private readonly Lazy<Gpt2> _weights;
    private readonly Lazy<string> _fingerprint;

    private LanguageModel(string name, string directory, BpeTokenizer tokenizer, TagTokens tags, IBackend backend)
    {
        (Name, Directory, Tokenizer, Tags) = (name, directory, tokenizer, tags);
        Config = Gpt2Config.FromFile(Path.Combine(directory, "config.json"));
        if (tokenizer.VocabularySize > Config.VocabularySize)
            throw new InvalidDataException($"{directory}: the tokenizer has {tokenizer.VocabularySize} tokens, the model {Config.VocabularySize}; they do not belong together");
        _weights = new Lazy<Gpt2>(() => Gpt2Weights.Load(directory, backend));
        _fingerprint = new Lazy<string>(() => ModelFingerprint.Of(directory));
    }

    /// <summary>The run's name, else the directory's.</summary>
    public string Name { get; }

    /// <summary>The folder with config.json, the weights and the tokenizer.</summary>
    public string Directory { get; }

    public BpeTokenizer Tokenizer { get; }

    /// <summary>The tags it was trained with; none for a model without.</summary>
    public TagTokens Tags { get; }

    public Gpt2Config Config { get; }

    /// <summary>Whether it is to be read with tags: it has some, and was not cooled down without them.</summary>
    public bool ReadsTags { get; private init; }

    /// <summary>What a tag of the data stood before; null where that is not known, or the whole document.</summary>
    public Segmentation? TaggedSegments { get; private init; }

    /// <summary>Tells it apart from every other (<see cref="ModelFingerprint"/>).</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>The weights, read at the first use.</summary>
    public Gpt2 Weights => _weights.Value;

    /// <summary>A checkpoint of a run that has its plan.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    public static LanguageModel OfRun(RunDirectory run, string checkpoint, RunPlan plan, IBackend backend)
    {
        BlockOptions blocks = plan.BlocksAt(Checkpoint.ReadState(checkpoint).Step);
        return new LanguageModel(run.Name, checkpoint, BpeTokenizer.FromDirectory(checkpoint), plan.Tags, backend)
        {
            ReadsTags = blocks.Tags is not null,
            TaggedSegments = blocks.Tags is { IsPerDocument: false } ? SegmentationOf(plan.Data.Manifest) : null,
        };
    }

    /// <summary>A run (its newest or best checkpoint), a checkpoint or a model directory. The run's data need not be there.</summary>
    /// <exception cref="InvalidDataException">There is no model.</exception>
    public static LanguageModel Open(string path, IBackend backend)
    {
        ModelSource source = ModelSource.Find(path);
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(source.Directory);
        if (source.Run is not { } run)
        {
            var usual = new ConditionalTrainingConfig();
            bool hasTags = usual.Tags.All(tag => tokenizer.TryGetId(tag, out _));
            string name = Path.GetFileName(Path.GetFullPath(source.Directory));
            return new LanguageModel(name, source.Directory, tokenizer, TagTokens.Of(hasTags ? usual : null, tokenizer), backend) { ReadsTags = hasTags };
        }
        RunConfig config = run.Config();
        ConditionalTrainingConfig? tags = config.Dataset.ConditionalTrainingConfig;
        TrainerState state = Checkpoint.ReadState(source.Directory);
        return new LanguageModel(run.Name, source.Directory, tokenizer, TagTokens.Of(tags, tokenizer), backend)
        {
            ReadsTags = tags is not null && !(state.Step > tags.TaggedStepsOf(state.TotalSteps)),
            TaggedSegments = tags is { IsPerDocument: false } ? SegmentationOf(ManifestIn(config.Dataset.Data)) : null,
        };
    }

    public void Dispose()
    {
        if (_weights.IsValueCreated) _weights.Value.Dispose();
    }

    private static DatasetManifest? ManifestIn(string? data)
    {
        string? directory = data is null ? null : new[] { data, Path.Combine(data, Packer.TrainSplit) }.FirstOrDefault(folder => File.Exists(Path.Combine(folder, DatasetManifest.FileName)));
        return directory is null ? null : DatasetManifest.Read(directory);
    }

    private static Segmentation? SegmentationOf(DatasetManifest? manifest)
    {
        Segmentation[] known = [.. Enum.GetValues<Segmentation>().Where(segmentation => segmentation.Id() == manifest?.Segmenter)];
        return known.Length == 0 ? null : known[0];
    }
}
