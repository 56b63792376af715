using Phf.Data;
using Phf.Generation;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>A scenario of a configuration worked out against the run: which tags stand where, what is banned, what the prompts are as tokens.</summary>
internal sealed class PlannedScenario(ScenarioConfig config, RunPlan plan)
{
    private readonly IReadOnlyList<string> _tags = plan.Tags.Texts;
    private readonly GenerateKwargs _drawn = config.GenerateKwargs;
    private readonly PromptFile? _file = config.PromptsPath is { } path ? Read(path, config, plan) : null;

    /// <summary>The tag in a prefix; -1 without any.</summary>
    private int TagIn(string? prefix) => Enumerable.Range(0, _tags.Count).FirstOrDefault(i => prefix?.Contains(_tags[i], StringComparison.Ordinal) is true, -1);

    /// <summary>As the configuration has it.</summary>
    public SamplingScenario Own()
    {
        int tag = TagIn(config.Prefix);
        string treatment = config.Tags ?? (tag < 0 && plan.TaggedSteps is not null ? ScenarioConfig.Banned : "free");
        int own = Math.Max(tag, 0);
        int[] allowed = treatment != "free" || _tags.Count == 0 || _drawn.BadWords.Contains(_tags[own]) ? [] : [own];
        bool retags = treatment == ScenarioConfig.Retag && _tags.Count > 0;
        IReadOnlyList<int>[] banned = [.. BannedIds().Concat(BannedWords()).Concat(retags ? [] : plan.Tags.Bans(allowed)).DistinctBy(ids => string.Join(' ', ids))];
        SegmentTags? segments = retags ? Retagging(own) : null;
        SamplingScenario scenario = Create(config.Prefix, banned, segments);
        return scenario with
        {
            Name = config.Name,
            Description = Describe(scenario, own),
            Options = scenario.Options with { Guidance = config.Guidance == 0 ? null : Guided(own, scenario.Prompts) },
            Selection = new Selection { BestOf = config.BestOf, RejectAbove = config.RejectAbove, MaxTries = config.MaxTries },
        };
    }

    /// <summary>Other ways of sampling the same model, to compare with.</summary>
    public IEnumerable<SamplingScenario> Companions(string which)
    {
        IReadOnlyList<int>[] words = [.. BannedIds().Where(ids => !plan.Tags.Ids.Any(tag => tag.SequenceEqual(ids))), .. BannedWords()];
        if (plan.TaggedSteps is not null)
            yield return After(0, "what the model was told before it was cooled down without tags");
        else if (plan.Blocks.Tags is { IsPerDocument: false })
            yield return Create(WithTag(config.Prefix, _tags[0]), [.. words, .. plan.Tags.Bans()], segments: null) with
            {
                Name = $"{which}{(_tags.Count == 2 ? "both" : "all")} tags banned",
                Description = $"After {_tags[0]}, {(_tags.Count == 2 ? "both" : "all")} tags banned afterwards: the reference's way, although training puts a tag before every segment.",
            };
        yield return After(_tags.Count - 1, "what the model was told to avoid, to show that it knows the difference");

        SamplingScenario After(int tag, string why) => Create(WithTag(config.Prefix, _tags[tag]), [.. words, .. plan.Tags.Bans(tag)], segments: null) with
        {
            Name = $"{which}after {_tags[tag]}",
            Description = $"After {_tags[tag]}, {(_tags.Count == 2 ? "the other tag" : "the other tags")} banned: {why}.",
        };
    }

    /// <summary>The scenario as it is, or after the worst tag, and how it begins behind any prompt.</summary>
    public (SamplingScenario Scenario, Func<string, ScenarioPrompt> Start) WithPrompts(bool afterWorstTag)
    {
        SamplingScenario scenario = afterWorstTag ? Companions("").Last() : Own();
        string? prefix = afterWorstTag ? WithTag(config.Prefix, _tags[^1]) : config.Prefix;
        return (scenario, prompt => Start(prefix, prompt, scenario.Options.SegmentTags));
    }

    private ScenarioPrompt Start(string? prefix, string prompt, SegmentTags? segments) => new(prompt, [plan.Tokenizer.EndOfTextId, .. Encode(prefix, prompt, segments)]);

    private static PromptFile Read(string path, ScenarioConfig config, RunPlan plan) => File.Exists(path)
        ? PromptFile.Read(path, config.MaxPromptTokens, plan.Tokenizer)
        : throw new InvalidDataException($"scenario '{config.Name}': prompts_path names {path}, and there is no such file"
            + (Path.IsPathRooted(path) ? "; put it there" : $" in {Directory.GetCurrentDirectory()}; put it there, or start phf in the folder that has it"));

    private SamplingScenario Create(string? prefix, IReadOnlyList<IReadOnlyList<int>> banned, SegmentTags? segments)
    {
        var scenario = new SamplingScenario
        {
            Name = config.Name,
            Description = "",
            Samples = config.NumSamples,
            Prompts = [.. (_file?.Texts ?? [""]).Select(text => Start(prefix, text, segments))],
            Repeats = _drawn.NumReturnSequences,
            ScoresPrompt = config.UsePromptForScoring,
            Options = new SamplingOptions
            {
                MaxLength = _drawn.MaxLength,
                MaxNewTokens = _drawn.MaxNewTokens,
                MinLength = _drawn.MinLength,
                MinLengthSkipsEndOfText = _drawn.MinLengthRule == GenerateKwargs.ReferenceMinLength,
                MinNewTokens = _drawn.MinNewTokens,
                Sample = _drawn.DoSample,
                RepetitionPenalty = _drawn.RepetitionPenalty,
                NoRepeatNGram = _drawn.NoRepeatNgramSize,
                Banned = banned,
                Temperature = _drawn.Temperature,
                TopK = _drawn.TopK,
                TopP = _drawn.TopP,
                MinP = _drawn.MinP,
                TypicalP = _drawn.TypicalP,
                EpsilonCutoff = _drawn.EpsilonCutoff,
                EtaCutoff = _drawn.EtaCutoff,
                SegmentTags = segments,
                BatchSize = plan.Config.Generation.BatchSize,
            },
        };
        CheckRoom(scenario);
        return scenario;
    }

    /// <summary>Prefix and prompt in the order asked for; where tags are put before segments, those of the prompt have theirs, too.</summary>
    private IEnumerable<int> Encode(string? prefix, string prompt, SegmentTags? segments)
    {
        if (segments is not null && (config.PromptBeforeControl || prefix is null || prompt.Length == 0))
        {
            int tag = TagIn(prefix);
            if (tag < 0) return plan.Tags.Encode(prefix ?? "").Concat(segments.Encode(prompt));
            if (prefix!.EndsWith(_tags[tag], StringComparison.Ordinal)) return plan.Tags.Encode(prefix[..^_tags[tag].Length]).Concat(segments.Encode(prompt));
        }
        return plan.Tags.Encode(config.PromptBeforeControl ? prefix + prompt : prompt + prefix);
    }

    /// <exception cref="InvalidDataException">The tags cannot be put before segments.</exception>
    private SegmentTags Retagging(int tag)
    {
        if (plan.Blocks.Tags is { IsPerDocument: true })
            throw new InvalidDataException($"scenario '{config.Name}': tags: retag puts a tag before every segment, and this run has one for each document; set tags to free");
        if (Segmentations.FromId(plan.Data.Manifest.Segmenter) is not { } segmentation || segmentation == Segmentation.Document)
            throw new InvalidDataException($"scenario '{config.Name}': tags: retag needs data cut into sentences or lines, and {plan.Data.Directory} "
                + $"{(plan.Data.Manifest.Segmenter is { } other ? $"was cut by '{other}'" : "does not say how it was cut")}; set tags to free, or score and pack the data with phf");
        return new SegmentTags { Tokenizer = plan.Tokenizer, Segmentation = segmentation, Tag = plan.Tags.Ids[tag], Known = plan.Tags.Ids, Bans = plan.Tags.Bans() };
    }

    /// <summary>Away from the worst tag; from the best for the worst itself.</summary>
    private Guidance Guided(int tag, IReadOnlyList<ScenarioPrompt> prompts)
    {
        string where = $"scenario '{config.Name}': guidance";
        if (_tags.Count == 0) throw new InvalidDataException($"{where} is for models with tags, and this run has none; leave it out");
        if (plan.Tags.Ids.Any(ids => ids.Length > 1)) throw new InvalidDataException($"{where} is for tags of one token each, and tag_form is text; leave it out");
        int own = plan.Tags.Ids[tag][0];
        if (prompts.Any(prompt => !prompt.Ids.Contains(own))) throw new InvalidDataException($"{where} needs a tag before each sample; set prefix to {_tags[tag]}");
        return new Guidance { Weight = config.Guidance, Tag = own, Against = plan.Tags.Ids[tag == _tags.Count - 1 ? 0 : ^1][0] };
    }

    /// <exception cref="InvalidDataException">A prompt leaves no room to write.</exception>
    private void CheckRoom(SamplingScenario scenario)
    {
        SamplingOptions options = scenario.Options;
        if (options is { MaxNewTokens: null } && options.MaxLength > plan.Model.Positions)
            throw new InvalidDataException($"scenario '{config.Name}': max_length is {options.MaxLength}, longer than the model's {plan.Model.Positions} positions; lower it");
        int[] lengths = [.. scenario.Prompts.Select(prompt => prompt.Ids.Length)];
        int[] tooLong = [.. Enumerable.Range(0, lengths.Length).Where(i => lengths[i] >= options.LongestBehind(lengths[i]) || options.LongestBehind(lengths[i]) > plan.Model.Positions)];
        if (tooLong.Length == 0) return;
        string room = options.MaxNewTokens is { } written ? $"max_new_tokens is {written}, and the model has {plan.Model.Positions} positions" : $"max_length is {options.MaxLength}";
        string length = $"{lengths[tooLong[0]]} tokens with the start token and tags, and {room}";
        throw new InvalidDataException(_file is null
            ? $"scenario '{config.Name}': the prefix has {length}; change that or shorten the prefix"
            : $"scenario '{config.Name}': {tooLong.Length} of {lengths.Length} prompts of {config.PromptsPath} leave no room to write, the first on {_file.Places[tooLong[0]]} "
                + $"({length}); change that, shorten them, or have them cut from the left with max_prompt_tokens");
    }

    private string Describe(SamplingScenario scenario, int tag)
    {
        SamplingOptions options = scenario.Options;
        string front = (_file, config.Prefix) switch
        {
            (null, null) => "From the start of a document",
            (null, { } prefix) => $"After {prefix}",
            ({ } file, { } prefix) => $"After {file.Description} with {prefix} {(config.PromptBeforeControl ? "before" : "behind")} each",
            ({ } file, null) => $"After {file.Description}",
        };
        string[] parts =
        [
            front,
            options.Sample ? $"temperature {options.Temperature}, top-p {options.TopP}" : "the most probable token",
            options.MaxNewTokens is { } written ? $"up to {written} tokens written" : $"up to {options.MaxLength} tokens",
            .. options.SegmentTags is null ? Array.Empty<string>() : [$"{_tags[tag]} put before every segment"],
            .. config.Guidance == 0 ? Array.Empty<string>() : [$"guidance {config.Guidance}"],
            .. config.BestOf == 1 ? Array.Empty<string>() : [$"best of {config.BestOf}"],
            .. config.RejectAbove is null ? Array.Empty<string>() : [$"rejected above {config.RejectAbove} for up to {config.MaxTries} tries"],
        ];
        string bans = options.Banned.Count == 0 ? "" : $"; banned: {string.Join(", ", options.Banned.Select(ids => plan.Tokenizer.Decode([.. ids])))}";
        return $"{string.Join(", ", parts)}{bans}.";
    }

    /// <summary>The banned ids. One that the tokenizer lacks (the reference's files name ids of GPT-2's) is never written, so it needs no ban.</summary>
    private IEnumerable<IReadOnlyList<int>> BannedIds() => _drawn.BadWordsIds.Where(ids => ids.All(id => id < plan.Tokenizer.VocabularySize));

    /// <summary>The banned words that are no tags, each one token.</summary>
    private IEnumerable<IReadOnlyList<int>> BannedWords() =>
        _drawn.BadWords.Where(word => !_tags.Contains(word)).Select(word => plan.Tokenizer.TryGetId(word, out int id)
            ? new[] { id }
            : throw new InvalidDataException($"scenario '{config.Name}': bad word '{word}' is no tag of this run and no token of the tokenizer; give several tokens as bad_words_ids"));

    /// <summary>The prefix with another tag in its tag's place; one without any gets the tag in front.</summary>
    private string WithTag(string? prefix, string tag) => TagIn(prefix) is var found and >= 0 ? prefix!.Replace(_tags[found], tag, StringComparison.Ordinal) : tag + prefix;
}
