namespace Phf.Training.Configuration;

/// <summary>A file of <c>phf align</c> and what there is to tell about it.</summary>
public sealed record LoadedAlignment(AlignmentSection Section, IReadOnlyList<string> Notes);

/// <summary>Reads the files of <c>phf align</c>.</summary>
public static class AlignmentFile
{
    private static readonly string[] WithoutPlace = ["num_tokens", "sequence_length", "tokens_already_seen", "skip_outliers", "load_best_model_at_end"];

    private static readonly string[] WithLearnedBaseline = ["dpg", "f-dpg", "cdpg", "reinforce"];

    /// <summary>Merges files and then overrides (<c>training.learning_rate=1e-3</c>), the last one wins.</summary>
    /// <exception cref="InvalidDataException">Every problem, one per line, with its place.</exception>
    public static LoadedAlignment Load(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        var merged = MappingNode.Empty(new Place(files.Count > 0 ? files[0] : "configuration", 0));
        HashSet<string> names = [.. files.Select(file => Path.GetFileNameWithoutExtension(file))];
        foreach (string file in files) merged = ConfigFile.Read(file, names).Aggregate(merged, (under, over) => under.MergedWith(over));
        foreach (string change in overrides) merged = Override.Parse(change).ApplyTo(merged);
        var binder = new ConfigBinder(typeof(AlignmentSection));
        var section = (AlignmentSection)binder.BindSection(typeof(AlignmentSection), merged, path: "");
        IReadOnlyList<string> problems = binder.Problems;
        if (problems.Count == 0) problems = [.. ProblemsIn(section).Select(problem => $"{Where(merged, problem.Path)}{problem.Path} {problem.What}")];
        return problems.Count == 0 ? new LoadedAlignment(section, binder.Notes) : throw new InvalidDataException(string.Join('\n', problems));
    }

    private static string Where(MappingNode written, string path) => ConfigChecks.PlaceOf(written, path) is { } place ? $"{place}: " : "";

    private static IEnumerable<(string Path, string What)> ProblemsIn(AlignmentSection section) =>
        Target(section).Concat(section.Target.Features.SelectMany((feature, i) => Feature(section.Target, feature, i))).Concat(Method(section)).Concat(Training(section));

    private static IEnumerable<(string Path, string What)> Target(AlignmentSection section)
    {
        TargetSection target = section.Target;
        bool isReinforced = section.Method.Name is "reinforce" or "ppo" or "quark";
        bool isOffline = section.Method.IsOffline;
        if (target.Kind == "none" && !isOffline) yield return ("target.kind", $"is none, and {section.Method.Name} needs something to aim at; give pointwise, distributional or reward");
        if (target.Kind != "none" && target.Features.Count == 0) yield return ("target.features", "is empty; name what is measured of a text");
        foreach (var twice in target.Features.GroupBy(feature => feature.Name).Where(group => group.Count() > 1))
            yield return ("target.features", $"has {twice.Count()} features named {twice.Key}; give each its own name");
        if (target.Kind == "reward" && target.Beta is null) yield return ("target.beta", "is missing; a reward needs it, about a tenth to a third of the spread of the reward");
        if (target.Kind != "reward" && target.Beta is not null) yield return ("target.beta", $"is no parameter of a {target.Kind} target; leave it out");
        if (target is { Kind: "reward", Beta: 0 } && !isReinforced) yield return ("target.beta", $"is 0, and {section.Method.Name} needs a penalty above 0; only reinforce, ppo and quark go without");
        PreferenceSection preferences = section.Preferences;
        if (isOffline && preferences.Pairs is null == preferences.Scored is null)
            yield return ("preferences", $"name {(preferences.Pairs is null ? "neither pairs nor scored" : "pairs and scored")}, and {section.Method.Name} learns from one of both; give exactly one");
        if (!isOffline && preferences != new PreferenceSection()) yield return ("preferences", $"have no place beside {section.Method.Name}, which learns from its own samples; leave them out");
        if (isReinforced && target.Kind != "reward") yield return ("method.name", $"is {section.Method.Name}, whose target has kind: reward, not {target.Kind}");
        bool forbids = target.Kind == "pointwise" || (target.Kind == "distributional" && target.Features.Any(feature => feature.Moment == 1));
        if (forbids && section.Method is { Name: "f-dpg", Divergence: "reverse_kl" })
            yield return ("method.divergence", "is reverse_kl, which is infinite for a target that forbids texts; take forward_kl, tv or js, or a distributional target with an expectation below 1");
    }

    private static IEnumerable<(string Path, string What)> Feature(TargetSection target, FeatureSection feature, int index)
    {
        string path = $"target.features.{index}";
        if (!feature.Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') || feature.Name.Length == 0)
            yield return ($"{path}.name", $"is '{feature.Name}'; letters, digits, - and _ make a name");
        int sources = (feature.Scorer is null ? 0 : 1) + (feature.Words is null ? 0 : 1) + (feature.Length is null ? 0 : 1);
        if (sources != 1) yield return (path, $"has {sources} of scorer, words and length; give exactly one");
        if (feature.Words is { Count: 0 }) yield return ($"{path}.words", "is empty; give one word at least");
        bool isBoolean = feature.IsBoolean;
        if (feature is { Above: not null, AtMost: not null } || (feature.Words is not null && (feature.Above is not null || feature.AtMost is not null)))
            yield return (path, "has more than one of above, at_most and words; give one of them");
        if (target.Kind == "pointwise" && !isBoolean) yield return (path, "is a number, and a pointwise target needs yes or no; add above or at_most");
        if (target.Kind == "distributional" && feature.Moment is null) yield return ($"{path}.moment", "is missing; a distributional target wants an expectation for each feature");
        if (target.Kind != "distributional" && feature.Moment is not null) yield return ($"{path}.moment", $"is no parameter of a {target.Kind} target; leave it out");
        if (target.Kind == "distributional" && isBoolean && feature.Moment is <= 0 or > 1)
            yield return ($"{path}.moment", $"is {feature.Moment}, and the feature is 1 or 0, so an expectation above 0 and at most 1 was expected; to forbid it, turn above into at_most and demand 1");
        if (target.Kind == "distributional" && !isBoolean && feature.Moment == 1)
            yield return ($"{path}.moment", "is 1, which demands a feature of yes or no, and this one is a number; add above or at_most, or give another expectation");
        if (target.Kind != "reward" && feature.Weight != 1) yield return ($"{path}.weight", $"is no parameter of a {target.Kind} target; leave it out");
    }

    private static IEnumerable<(string Path, string What)> Method(AlignmentSection section)
    {
        (MethodSection method, MethodSection defaults) = (section.Method, new MethodSection());
        Dictionary<string, string[]> parameters = new()
        {
            ["divergence"] = ["f-dpg"],
            ["proposal_steps"] = ["gdc", "gdc++"],
            ["proposal_samples"] = ["gdc", "gdc++"],
            ["baseline"] = ["reinforce"],
            ["learned_baseline"] = WithLearnedBaseline,
            ["target_kl"] = ["reinforce", "ppo"],
            ["epochs"] = ["ppo"],
            ["minibatches"] = ["ppo"],
            ["clip_range"] = ["ppo"],
            ["value_clip_range"] = ["ppo"],
            ["value_coefficient"] = ["ppo"],
            ["gamma"] = ["ppo"],
            ["lambda_rate"] = ["f-dpg"],
            ["gae_lambda"] = ["ppo", .. WithLearnedBaseline],
            ["whiten"] = ["ppo"],
            ["quantiles"] = ["quark"],
            ["pool"] = ["quark"],
            ["kl_weight"] = ["quark"],
            ["beta"] = ["dpo", "ipo", "kto", "simpo"],
            ["label_smoothing"] = ["dpo"],
            ["by_length"] = ["ipo"],
            ["desirable_weight"] = ["kto"],
            ["undesirable_weight"] = ["kto"],
            ["odds_weight"] = ["orpo"],
            ["margin"] = ["simpo"],
            ["cringe_weight"] = ["cringe"],
            ["alternatives"] = ["cringe"],
            ["bound_quantile"] = ["quasi-rejection"],
            ["candidates"] = ["best-of-n"],
        };
        foreach (ConfigKey key in ConfigKey.Of(typeof(MethodSection)))
            if (parameters.TryGetValue(key.Name, out string[]? methods) && !methods.Contains(method.Name) && !Equals(key.Property.GetValue(method), key.Property.GetValue(defaults)))
                yield return ($"method.{key.Name}", $"is a parameter of {string.Join(" and ", methods)}, not of {method.Name}; leave it out");
        if (!method.LearnedBaseline)
        {
            if (method.BaselineSteps != defaults.BaselineSteps) yield return ("method.baseline_steps", "is a parameter of learned_baseline; set that, or leave it out");
            if (method.BaselineRate != defaults.BaselineRate) yield return ("method.baseline_rate", "is a parameter of learned_baseline; set that, or leave it out");
            if (method.GaeLambda != defaults.GaeLambda && WithLearnedBaseline.Contains(method.Name))
                yield return ("method.gae_lambda", $"is, with {method.Name}, a parameter of learned_baseline; set that, or leave it out");
        }
        else if (method.BaselineSteps >= section.Training.MaxSteps)
            yield return ("method.baseline_steps", $"is {method.BaselineSteps}, and of training.max_steps = {section.Training.MaxSteps} none would be left for the model; raise training.max_steps or lower it");
        if (method is { LambdaRate: > 0, Name: "f-dpg" } && !(method is { LearnedBaseline: true, Divergence: "reverse_kl" } && section.Target.Kind == "distributional"))
            yield return ("method.lambda_rate", "needs method.divergence: reverse_kl, method.learned_baseline: true and a target of kind: distributional; give those, or leave it out");
        if (method.Name == "cdpg" && section.Sampling.Prompts is null) yield return ("sampling.prompts", "is missing; cdpg has a target for each prompt (without prompts, take dpg)");
        if (method.Name == "ppo" && method.Minibatches > section.Training.SequencesPerStep)
            yield return ("method.minibatches", $"is {method.Minibatches}, more than the {section.Training.SequencesPerStep} texts of a step (training.effective_batch_size)");
        if (method.TargetKl is not null && section.Target.Beta == 0) yield return ("method.target_kl", "leads target.beta, which is 0; start from a beta above 0");
    }

    private static IEnumerable<(string Path, string What)> Training(AlignmentSection section)
    {
        (TrainingSection training, TrainingSection defaults) = (section.Training, new TrainingSection());
        if (section.Method.IsSampling) yield break; // of the section only seed, threads and backend count
        if (training.MaxSteps is null or < 1) yield return ("training.max_steps", "is missing; give the number of steps");
        foreach (ConfigKey key in ConfigKey.Of(typeof(TrainingSection)))
            if (WithoutPlace.Contains(key.Name) && !Equals(key.Property.GetValue(training), key.Property.GetValue(defaults)))
                yield return ($"training.{key.Name}", "has no place in phf align; leave it out");
        if (training.SequencesPerStep < 2) yield return ("training.effective_batch_size", "is 1; a step needs 2 texts at least");
        if (section.Sampling.Prompts is not null && training.SequencesPerStep % section.Sampling.SamplesPerPrompt != 0)
            yield return ("training.effective_batch_size", $"is {training.SequencesPerStep}, no multiple of sampling.samples_per_prompt = {section.Sampling.SamplesPerPrompt}");
    }
}
