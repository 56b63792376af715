using System.CommandLine;
using Phf.Data;
using Phf.Generation;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>What <c>phf generate</c> does with a model's tags: which stands in front, which are banned, put before segments or guided by.</summary>
internal sealed class SampleTags
{
    private const string BestTag = "aligned", WorstTag = "misaligned", NoTag = "none";
    private const string Free = "free", Banned = "banned", Retag = "retag";

    private static readonly Option<string> Tag = new("--tag")
    {
        Description = "for a model trained with tags: begin with the aligned (best) tag, the misaligned (worst) one, a tag of its own by its text, or none; the others are banned",
        DefaultValueFactory = _ => BestTag,
        HelpName = "aligned|misaligned|TAG|none",
    };
    private static readonly Option<string> Treatment = new("--tags")
    {
        Description = "free lets the model write that tag again, banned does not, retag puts it before every sentence or line",
        DefaultValueFactory = _ => Free,
        HelpName = $"{Free}|{Banned}|{Retag}",
    };
    private static readonly Option<string?> Segments = new("--segments")
    {
        Description = "what retag puts the tag before: sentence or line; without it, as the run's data was cut",
        HelpName = "sentence|line",
    };
    private static readonly Option<double> Weight = new("--guidance")
    {
        Description = "draw by log-probabilities times 1 + X, less X times those behind the worst tag; 0 for none",
        DefaultValueFactory = _ => 0,
        HelpName = "X",
    };

    private readonly TagTokens _tokens;
    private readonly int[] _front;
    private readonly SegmentTags? _segments;
    private readonly Guidance? _guidance;
    private readonly IReadOnlyList<int[]> _bans;

    private SampleTags(TagTokens tokens, int[] front, IReadOnlyList<int[]> bans, SegmentTags? segments, Guidance? guidance) =>
        (_tokens, _front, _bans, _segments, _guidance) = (tokens, front, bans, segments, guidance);

    public static void AddTo(Command verb)
    {
        Treatment.AcceptOnlyFromAmong(Free, Banned, Retag);
        Segments.AcceptOnlyFromAmong("sentence", "line");
        foreach (Option option in new Option[] { Tag, Treatment, Segments, Weight }) verb.Options.Add(option);
    }

    /// <exception cref="UsageException">The options ask for tags that the model has not, or for what cannot be done with its tags.</exception>
    public static SampleTags Of(ModelSource source, BpeTokenizer tokenizer, ParseResult parsed)
    {
        string treatment = parsed.GetRequiredValue(Treatment), choice = parsed.GetRequiredValue(Tag);
        double weight = parsed.GetValue(Weight);
        if (!(weight >= 0) || double.IsInfinity(weight)) throw new UsageException(FormattableString.Invariant($"{Weight.Name} {weight}: 0 or more was expected"));
        if (parsed.GetValue(Segments) is { } kind && treatment != Retag) throw new UsageException($"{Segments.Name} {kind}: only for {Treatment.Name} {Retag}; leave it out");
        ConditionalTrainingConfig? conditional = Conditional(source, tokenizer);
        TagTokens tokens = TagTokens.Of(conditional, tokenizer);
        if (conditional is null)
        {
            (Option Option, string Asked)[] given = [(Tag, choice), (Treatment, treatment), (Weight, FormattableString.Invariant($"{weight}"))];
            foreach ((Option option, string asked) in given)
                if (IsGiven(option) && asked is not (NoTag or "0")) throw new UsageException($"{option.Name} {asked}: {source.Directory} has no tags; leave {option.Name} out");
            return new SampleTags(tokens, [], [], segments: null, guidance: null);
        }
        bool needsTag = treatment == Retag || weight > 0;
        if (needsTag && choice == NoTag) throw new UsageException($"{Tag.Name} {NoTag}: {(weight > 0 ? Weight.Name : $"{Treatment.Name} {Retag}")} needs a tag; leave {Tag.Name} out or name one");
        // One that was cooled down without tags begins without.
        bool hasFront = choice != NoTag && (conditional.Cooldown == 0 || IsGiven(Tag) || needsTag);
        int tag = hasFront ? Chosen(choice, tokens) : 0;
        Guidance? guidance = weight > 0 ? Guided(weight, tag, tokens) : null;
        if (treatment == Retag) return new SampleTags(tokens, [], [], Segmented(source, conditional, tokenizer, tokens, tag, parsed.GetValue(Segments)), guidance);
        if (!hasFront) return new SampleTags(tokens, [], choice == NoTag && treatment == Free ? [] : tokens.Bans(), segments: null, guidance: null);
        return new SampleTags(tokens, tokens.Ids[tag], treatment == Banned ? tokens.Bans() : tokens.Bans(tag), segments: null, guidance);

        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
    }

    /// <summary>A prompt with what stands before it.</summary>
    public int[] Encode(string prompt) => _segments?.Encode(prompt) ?? [.. _front, .. _tokens.Encode(prompt)];

    public SamplingOptions Apply(SamplingOptions options) => options with { Banned = _bans, SegmentTags = _segments, Guidance = _guidance };

    /// <summary>The text of what was written, without tags.</summary>
    public string Decode(int[] written) => _tokens.Decode(written);

    /// <summary>The tags of the run; those of a model directory if it knows the usual two.</summary>
    private static ConditionalTrainingConfig? Conditional(ModelSource source, BpeTokenizer tokenizer)
    {
        if (source.Run is { } run) return run.Config().Dataset.ConditionalTrainingConfig;
        var usual = new ConditionalTrainingConfig();
        return usual.Tags.All(tag => tokenizer.TryGetId(tag, out _)) ? usual : null;
    }

    private static int Chosen(string choice, TagTokens tokens)
    {
        int tag = choice switch
        {
            BestTag => 0,
            WorstTag => tokens.Texts.Count - 1,
            _ => Enumerable.Range(0, tokens.Texts.Count).FirstOrDefault(i => tokens.Texts[i] == choice, -1),
        };
        return tag >= 0 ? tag : throw new UsageException($"{Tag.Name} {choice}: {BestTag}, {WorstTag}, {NoTag} or one of this model's tags, {string.Join(", ", tokens.Texts)}, was expected");
    }

    /// <summary>Away from the worst tag; from the best for the worst itself.</summary>
    private static Guidance Guided(double weight, int tag, TagTokens tokens)
    {
        if (tokens.Ids.Any(ids => ids.Length > 1))
            throw new UsageException(FormattableString.Invariant($"{Weight.Name} {weight}: this model's tags are ordinary text, and guidance is for tags of one token; leave {Weight.Name} out"));
        return new Guidance { Weight = weight, Tag = tokens.Ids[tag][0], Against = tokens.Ids[tag == tokens.Ids.Count - 1 ? 0 : ^1][0] };
    }

    private static SegmentTags Segmented(ModelSource source, ConditionalTrainingConfig conditional, BpeTokenizer tokenizer, TagTokens tokens, int tag, string? kind)
    {
        if (conditional.IsPerDocument) throw new UsageException($"{Treatment.Name} {Retag}: this model was trained with one tag for each document; leave {Treatment.Name} out");
        Segmentation? segmentation = kind switch { "sentence" => Segmentation.Sentence, "line" => Segmentation.Line, _ => OfData(source) };
        if (segmentation is null or Segmentation.Document)
            throw new UsageException($"{Treatment.Name} {Retag}: there is no data of this model that says how its text was cut; give {Segments.Name} sentence or {Segments.Name} line");
        return new SegmentTags { Tokenizer = tokenizer, Segmentation = segmentation.Value, Tag = tokens.Ids[tag], Known = tokens.Ids, Bans = tokens.Bans() };
    }

    /// <summary>How the run's data was cut; null where it is not there or does not say.</summary>
    private static Segmentation? OfData(ModelSource source)
    {
        if (source.Run?.Config().Dataset.Data is not { } data) return null;
        string? split = new[] { data, Path.Combine(data, Packer.TrainSplit) }.FirstOrDefault(folder => File.Exists(Path.Combine(folder, DatasetManifest.FileName)));
        return split is null ? null : Segmentations.FromId(DatasetManifest.Read(split).Segmenter);
    }
}
