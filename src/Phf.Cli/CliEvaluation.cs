using Phf.Evaluation;
using Phf.Generation;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>Evaluates models under a progress display and writes the results beside them.</summary>
internal static class CliEvaluation
{
    private const int LongestSample = 64;

    /// <summary>Evaluates a checkpoint of a run and writes the result into the run.</summary>
    /// <param name="title">What the display says.</param>
    /// <param name="run">Where the result goes.</param>
    /// <param name="checkpoint">One of the run's.</param>
    /// <param name="plan">The run's plan.</param>
    /// <param name="request">What is measured.</param>
    /// <param name="scorer">Scores the samples.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cancel">Leaves what was there before; parts that are done are kept.</param>
    public static void Run(string title, RunDirectory run, string checkpoint, RunPlan plan, EvaluationRequest request, IScorer scorer, IBackend backend, CancellationToken cancel)
    {
        using EvaluatedModel subject = EvaluatedModel.OfRun(run, checkpoint, plan, backend);
        Run(title, subject, run.Path, request with { Metrics = plan.Config.Generation.MetricsConfigs }, scorer, force: false, cancel);
    }

    /// <summary>Evaluates a model and writes the result into <paramref name="directory"/>.</summary>
    /// <param name="title">What the display says.</param>
    /// <param name="subject">The model.</param>
    /// <param name="directory">Where the result and the parts go.</param>
    /// <param name="request">What is measured.</param>
    /// <param name="scorer">Scores the samples.</param>
    /// <param name="force">Compute parts anew that were computed before.</param>
    /// <param name="cancel">Leaves what was there before; parts that are done are kept.</param>
    public static void Run(string title, EvaluatedModel subject, string directory, EvaluationRequest request, IScorer scorer, bool force, CancellationToken cancel) =>
        ConsoleProgress.Run(title, "samples", request.Scenarios.Sum(scenario => scenario.Samples), progress =>
        {
            int finished = 0;
            HashSet<string> scenarios = [.. request.Scenarios.Select(scenario => scenario.Name)];
            var evaluator = new Evaluator(scorer, EvaluationCache.Of(directory, force))
            {
                Progress = (part, done, of) =>
                {
                    if (!scenarios.Contains(part)) return; // what comes after the samples has no place on their bar
                    progress.Report(finished + done, finished + done);
                    if (done == of && scenarios.Remove(part)) finished += done;
                },
            };
            var (result, samples) = evaluator.Evaluate(subject, request, cancel);
            EvaluationFiles.Write(directory, result.With(EvaluationFiles.ReadResultOrNull(directory)), samples);
        });

    /// <summary>Samples the headline scenario of every checkpoint of a run, oldest first, and puts what came of it into the evaluation that is in <paramref name="directory"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="open">Opens a checkpoint.</param>
    /// <param name="directory">Where the evaluation and its parts are.</param>
    /// <param name="request">Its first scenario is measured.</param>
    /// <param name="scorer">Scores the samples.</param>
    /// <param name="force">Compute parts anew that were computed before.</param>
    /// <param name="cancel">Leaves what was there before; parts that are done are kept.</param>
    public static void RunCheckpoints(RunDirectory run, Func<string, EvaluatedModel> open, string directory, EvaluationRequest request, IScorer scorer, bool force, CancellationToken cancel)
    {
        IReadOnlyList<string> checkpoints = run.Checkpoints();
        int samples = request.Scenarios[0].Samples;
        ConsoleProgress.Run($"checkpoints of {run.Name}", "samples", checkpoints.Count * samples, progress =>
        {
            var points = new List<CheckpointAlignment>();
            foreach (string checkpoint in checkpoints)
            {
                int before = points.Count * samples;
                var evaluator = new Evaluator(scorer, EvaluationCache.Of(directory, force)) { Progress = (_, done, _) => progress.Report(before + done, before + done) };
                using EvaluatedModel subject = open(checkpoint);
                points.Add(evaluator.EvaluateHeadline(subject, request, cancel));
            }
            EvaluationFiles.WriteResult(directory, EvaluationFiles.ReadResult(directory)! with { OverTraining = points });
        });
    }

    /// <summary>The scenarios of a run's configuration, else the default one; with another number of samples where one is asked for.</summary>
    public static IReadOnlyList<SamplingScenario> Scenarios(RunPlan plan, int? samples)
    {
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.From(plan);
        if (scenarios.Count == 0) scenarios = SamplingScenario.Default(plan);
        return samples is { } count ? [.. scenarios.Select(scenario => scenario with { Samples = count })] : scenarios;
    }

    /// <summary>What is sampled from a model that no configuration tells about: the start of a document, after the best tag where the model has tags.</summary>
    public static SamplingScenario Unconditional(LanguageModel model, int? samples)
    {
        int[] tag = model.ReadsTags ? model.Tags.Ids[0] : [];
        var options = new SamplingOptions { MaxLength = Math.Min(LongestSample, model.Config.Positions), Temperature = 0.7, TopP = 0.9, Banned = model.Tags.Bans(model.ReadsTags ? [0] : []) };
        return new SamplingScenario
        {
            Name = "unconditional",
            Description = $"{(model.ReadsTags ? $"After {model.Tags.Texts[0]}" : "From the start of a document")}, temperature 0.7, top-p 0.9, up to {options.MaxLength} tokens.",
            Samples = samples ?? SamplingScenario.DefaultSamples,
            Prompts = [new ScenarioPrompt("", [model.Tokenizer.EndOfTextId, .. tag])],
            Options = options,
        };
    }

    /// <summary>The scorer asked for, or the one that scored the data, or the one of the configuration.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or it needs what was not given.</exception>
    public static IScorer Scorer(string? asked, ScorerFactory create, RunPlan plan, ScorerSettings? settings = null)
    {
        ScorerConfig config = plan.Config.Generation.ScorerConfig;
        return Scorer(asked, create, settings ?? config, plan.Data.Manifest.Scorer, ScorerOfConfig(config));
    }

    /// <param name="asked">The scorer's name; null for what scored the data.</param>
    /// <param name="create">Makes it.</param>
    /// <param name="settings">Its options.</param>
    /// <param name="known">The id of what scored the data; null where that is not known.</param>
    /// <param name="fallback">The name of another, where neither says.</param>
    /// <exception cref="ArgumentException">There is none of that name, or it needs what was not given.</exception>
    /// <exception cref="InvalidDataException">The scorer of the data cannot be made again.</exception>
    public static IScorer Scorer(string? asked, ScorerFactory create, ScorerSettings settings, string? known, string? fallback)
    {
        if (asked is null && known is not null) return ScorerOfData(known, create, settings);
        IScorer scorer = create(asked ?? fallback ?? throw new UsageException("the data does not say what scored it; name a scorer (--scorer)"), settings);
        if (known is not null && known != scorer.Id)
            Console.Error.WriteLine($"note: the data was scored by {known}, the samples are scored by {scorer.Id}");
        return scorer;
    }

    /// <summary>The scorer of an id, itself or none: numbers of another one would pass for the data's.</summary>
    private static IScorer ScorerOfData(string id, ScorerFactory create, ScorerSettings settings)
    {
        ScorerRecipe recipe = ScorerRecipe.Of(id);
        IScorer scorer;
        try
        {
            scorer = create(recipe.Name, ScorerArguments.Complete(settings, recipe));
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidDataException or IOException)
        {
            throw new InvalidDataException($"the data was scored by {id}: {problem.Message}; or choose another with --scorer", problem);
        }
        if (scorer.Id == id) return scorer;
        (scorer as IDisposable)?.Dispose();
        string[] options = ScorerArguments.OptionsOf(recipe);
        string remedy = options.Length > 0 ? $"give the {string.Join(", ", options)} that it was scored with, or choose a scorer with --scorer" : "choose a scorer with --scorer";
        throw new InvalidDataException($"the data was scored by {id}, and with the options here it would be {scorer.Id}; {remedy}");
    }

    /// <summary>The reference's PIIScorer has the full set of detectors; its DetoxifyToxicityScorer is a model that Phf has not, so one must be named.</summary>
    private static string? ScorerOfConfig(ScorerConfig config) => config.ClassName switch
    {
        "PIIScorer" => "pii-full",
        "PEP8Scorer" => "pep8",
        "DetoxifyToxicityScorer" => config.Model is null ? null : "toxicity",
        var name => name,
    };
}
