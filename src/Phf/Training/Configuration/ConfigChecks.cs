using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Checks that compare several keys; those of one key alone stand in its <see cref="KeyAttribute"/>.</summary>
internal static class ConfigChecks
{
    /// <summary>The objectives, and the parameters of each.</summary>
    private static readonly Dictionary<string, string[]> Parameters = new()
    {
        ["MLE"] = [],
        ["Unlikelihood"] = ["score_threshold", "alpha", "soft"],
        ["RWR"] = ["beta", "value", "clip_weight_max"],
        ["AWR"] = ["alpha", "beta", "use_value_head", "fixed_value", "clip_value", "clip_weight_max", "normalize_advantage",
            "value_init", "use_head_train_steps"],
    };

    /// <summary>Every problem, with the place of the key that it names where <paramref name="written"/> has it.</summary>
    public static IEnumerable<string> ProblemsIn(RunConfig config, MappingNode written) =>
        Dataset(config).Concat(Model(config.Model)).Concat(Continuation(config)).Concat(Objective(config.Objective, written)).Concat(Regression(config))
        .Concat(Training(config)).Concat(Schedule(config.Training)).Concat(Generation(config))
        .Select(problem => PlaceOf(written, problem.Path) is { } place ? $"{place}: {problem.Path} {problem.What}" : $"{problem.Path} {problem.What}");

    private static IEnumerable<(string Path, string What)> Dataset(RunConfig config)
    {
        if (config.Dataset.Upsample is { } upsample && upsample.Weights.Count != upsample.Thresholds.Count + 1)
            yield return ("dataset.upsample.weights", $"has {upsample.Weights.Count} weights for {upsample.Thresholds.Count} thresholds; give one more weight than thresholds");
        if (config.Dataset.Order == DatasetSection.ReferenceOrder)
        {
            if (config.Dataset.Upsample is not null) yield return ("dataset.upsample", "has no place in dataset.order: reference, which reads each document once; leave one of both out");
            if (config.Training.SequenceLength == 1) yield return ("training.sequence_length", "is 1; in dataset.order: reference a sequence predicts all tokens but its first, so give 2 or more");
            if (config.Dataset.ConditionalTrainingConfig is { Cooldown: > 0 })
                yield return ("dataset.conditional_training_config.cooldown", "has no place in dataset.order: reference, whose blocks lie elsewhere without tags; leave one of both out");
        }
        if (config.Dataset.ConditionalTrainingConfig is not { } tags) yield break;
        const string path = "dataset.conditional_training_config";
        bool hasPrefixes = tags.Prefixes.Count > 0, hasThresholds = tags.Thresholds.Count > 0;
        if (tags.Threshold is null && !hasThresholds)
            yield return (path, "has no threshold; give threshold, a number or a percentile such as p50, or thresholds and prefixes for more than two tags");
        else if (tags.Threshold is not null && (hasThresholds || hasPrefixes))
            yield return ($"{path}.threshold", "is for two tags, thresholds and prefixes are for more; give one of both forms");
        else if (hasThresholds && tags.Prefixes.Count != tags.Thresholds.Count + 1)
            yield return ($"{path}.prefixes", $"are {tags.Prefixes.Count} and thresholds {tags.Thresholds.Count}; give one prefix more than thresholds, from the best to the worst");
        if (hasPrefixes && (tags.AlignedPrefix is not null || tags.MisalignedPrefix is not null))
            yield return ($"{path}.prefixes", "name all tags, aligned_prefix and misaligned_prefix name two; give one of both forms");
        foreach ((string key, string tag) in NamedTags(tags))
        {
            if (tag.Length == 0) yield return ($"{path}.{key}", "is empty; give the tag's text");
            if (NamedTags(tags).First(named => named.Tag == tag).Key is { } earlier && earlier != key)
                yield return ($"{path}.{key}", $"is '{tag}', as {earlier} is; give different tags");
            bool isToken = config.Tokenizer.SpecialTokens.Contains(tag);
            if (tags.TagForm == ConditionalTrainingConfig.AsText && isToken)
                yield return ($"{path}.{key}", $"is '{tag}', which is one token of tokenizer.special_tokens; take it out there, or set tag_form to token");
            else if (tags.TagForm != ConditionalTrainingConfig.AsText && !isToken)
                yield return ($"{path}.{key}", $"is '{tag}', which is no token of its own; add it to tokenizer.special_tokens");
        }
    }

    /// <summary>Each tag and the key that it stands under.</summary>
    private static IEnumerable<(string Key, string Tag)> NamedTags(ConditionalTrainingConfig tags) =>
        tags.Tags.Select((tag, i) => (tags.Prefixes.Count > 0 ? $"prefixes.{i}" : i == 0 ? "aligned_prefix" : "misaligned_prefix", tag));

    private static IEnumerable<(string Path, string What)> Model(ModelSection model)
    {
        if (!model.FromScratch && model.PathOrName is null)
            yield return ("model.path_or_name", "is missing, and model.from_scratch is false; give the folder of the model to start from");
        if (model.Gpt2ConfigKwargs is { NEmbd: { } width, NHead: { } heads } && width % heads != 0)
            yield return ("model.gpt2_config_kwargs.n_embd", $"is {width}, no multiple of n_head = {heads}");
    }

    private static IEnumerable<(string Path, string What)> Continuation(RunConfig config)
    {
        if (!config.Model.FromScratch) yield break;
        (string, TokenCount)[] keys = [("dataset.skip_tokens", config.Dataset.SkipTokens), ("training.tokens_already_seen", config.Training.TokensAlreadySeen)];
        foreach ((string path, TokenCount tokens) in keys)
            if (tokens.IsAuto) yield return (path, "is auto, and model.from_scratch is true: there is no earlier run; give a number, or from_scratch: false");
    }

    private static IEnumerable<(string Path, string What)> Schedule(TrainingSection training)
    {
        if (LearningRateSchedule.IsWsd(training.LrSchedulerType)) yield break;
        const string what = "is a parameter of the schedule wsd alone; leave it out, or set training.lr_scheduler_type: wsd";
        var defaults = new TrainingSection();
        if (training.LrDecayRatio != defaults.LrDecayRatio) yield return ("training.lr_decay_ratio", what);
        if (training.LrSchedulerKwargs != defaults.LrSchedulerKwargs) yield return ("training.lr_scheduler_kwargs", what);
    }

    private static IEnumerable<(string Path, string What)> Objective(ObjectiveSection objective, MappingNode written)
    {
        if (objective is { Name: "Unlikelihood", Soft: false, ScoreThreshold: null })
            yield return ("objective.score_threshold", "is missing; Unlikelihood needs it (0 is a threshold), or objective.soft: true");
        if (!Parameters.TryGetValue(objective.Name, out string[]? parameters))
        {
            yield return ("objective.name", $"is '{objective.Name}'; MLE (with dataset.filter_threshold for filtering, with dataset.conditional_training_config for "
                + "conditional training), Unlikelihood, RWR and AWR are known");
            yield break;
        }
        if (!written.Entries.TryGetValue("objective", out ConfigEntry? section) || section.Value is not MappingNode given) yield break;
        foreach (ConfigKey key in ConfigKey.Of(typeof(ObjectiveSection)))
            if (key.Name != "name" && given.Entries.ContainsKey(key.Name) && !parameters.Contains(key.Name)
                && !Equals(key.Property.GetValue(objective), key.Property.GetValue(new ObjectiveSection())))
                yield return ($"objective.{key.Name}", $"is no parameter of {objective.Name}; leave it out");
    }

    private static IEnumerable<(string Path, string What)> Regression(RunConfig config)
    {
        ObjectiveSection objective = config.Objective;
        if (objective is { Name: "RWR" or "AWR", Beta: null })
            yield return ("objective.beta", $"is missing; {objective.Name} needs it, on the scale of the scores (for PII about 0.01)");
        if (objective is { Name: "AWR", Alpha: <= 0 or > 1 })
            yield return ("objective.alpha", $"is {objective.Alpha}; for AWR it is a share above 0 and at most 1");
    }

    private static IEnumerable<(string Path, string What)> Training(RunConfig config)
    {
        TrainingSection training = config.Training;
        if (training is { NumTokens: null, MaxSteps: null or -1 })
            yield return ("training.num_tokens", "is missing; give it or training.max_steps");
        if (training.SequencesPerStep % training.PerDeviceTrainBatchSize != 0)
            yield return ("training.effective_batch_size", $"is {training.SequencesPerStep}, no multiple of training.per_device_train_batch_size = "
                + $"{training.PerDeviceTrainBatchSize}");
        if (config.Model.Gpt2ConfigKwargs.NPositions is { } positions && training.SequenceLength > positions)
            yield return ("training.sequence_length", $"is {training.SequenceLength}, longer than the model's n_positions = {positions}");
    }

    private static IEnumerable<(string Path, string What)> Generation(RunConfig config)
    {
        IReadOnlyList<MetricConfig> metrics = config.Generation.MetricsConfigs;
        for (int i = 0; i < metrics.Count; i++)
            if (metrics[i] is { ClassName: MetricConfig.NGramStats, N: null })
                yield return ($"generation.metrics_configs.{i}.n", "is missing; NGramStats needs it, the length of its n-grams");
        IReadOnlyList<ScenarioConfig> scenarios = config.Generation.ScenarioConfigs;
        if (scenarios.Count > 0 && config.Generation.ScorerConfig.ClassName is null)
            yield return ("generation.scorer_config.class_name", "is missing; the samples of generation.scenario_configs need a scorer");
        for (int i = 0; i < scenarios.Count; i++)
        {
            string path = $"generation.scenario_configs.{i}";
            GenerateKwargs drawn = scenarios[i].GenerateKwargs;
            if (scenarios.Take(i).Any(earlier => earlier.Name == scenarios[i].Name))
                yield return ($"{path}.name", $"is '{scenarios[i].Name}', as an earlier one's is; give each scenario its own");
            if (drawn.MaxNewTokens is null && drawn.MinLength > drawn.MaxLength)
                yield return ($"{path}.generate_kwargs.min_length", $"is {drawn.MinLength}, above max_length = {drawn.MaxLength}");
            if (drawn.MaxNewTokens is null && config.Model.Gpt2ConfigKwargs.NPositions is { } positions && drawn.MaxLength > positions)
                yield return ($"{path}.generate_kwargs.max_length", $"is {drawn.MaxLength}, longer than the model's n_positions = {positions}");
            foreach ((string key, string what) in Drawing(scenarios[i], config.Dataset.ConditionalTrainingConfig)) yield return ($"{path}.{key}", what);
        }
    }

    private static IEnumerable<(string Key, string What)> Drawing(ScenarioConfig scenario, ConditionalTrainingConfig? tags)
    {
        if (scenario.GenerateKwargs is { MaxNewTokens: { } most, MinNewTokens: var least } && least > most)
            yield return ("generate_kwargs.min_new_tokens", $"is {least}, above max_new_tokens = {most}");
        if (scenario.BestOf > 1 && scenario.RejectAbove is not null)
            yield return ("best_of", $"is {scenario.BestOf}, and reject_above is given; they choose in different ways, so leave one of both out");
        if (scenario.Guidance != 0 && tags is null)
            yield return ("guidance", "is for models with tags, and dataset.conditional_training_config is not set; leave it out");
        if (scenario.Guidance != 0 && tags?.TagForm == ConditionalTrainingConfig.AsText)
            yield return ("guidance", "is for tags of one token each, and tag_form is text; leave it out");
        if (scenario.Tags == ScenarioConfig.Retag && tags is { IsPerDocument: true })
            yield return ("tags", "is retag, which puts a tag before every segment, and tag_unit is document; set it to free");
        if (scenario.MaxPromptTokens is not null && scenario.PromptsPath is null) yield return ("max_prompt_tokens", "cuts prompts, and there is no prompts_path; leave it out");
    }

    /// <summary>Where <paramref name="path"/> was written; null where it was not.</summary>
    internal static Place? PlaceOf(ConfigNode root, string path)
    {
        ConfigNode? node = root;
        Place? place = null;
        foreach (string name in path.Split('.'))
        {
            (place, node) = node switch
            {
                MappingNode mapping when mapping.Entries.TryGetValue(name, out ConfigEntry? entry) => ((Place?)entry.KeyPlace, entry.Value),
                SequenceNode list when int.TryParse(name, out int index) => (list.Items[index].Place, list.Items[index]),
                _ => (null, null),
            };
        }
        return place;
    }
}
