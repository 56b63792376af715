using Phf.Data;
using Phf.Evaluation.Kl;
using Phf.Generation;
using Phf.Model;
using Phf.Scoring;
using Phf.Training;

namespace Phf.Evaluation;

/// <summary>
/// Measures a model: misalignment and diversity of its samples in every scenario, loss on held-out text, what it makes of its tags, its distance to other models,
/// and the corpus itself under the same scorer. The same seed gives the same numbers for any number of threads. Every part that is done goes into the
/// cache at once, so an evaluation that was stopped goes on behind the last one.
/// </summary>
public sealed class Evaluator(IScorer scorer, EvaluationCache cache)
{
    private const int HeldOutTokens = 65_536;
    private const int CorpusDocuments = 1024;
    private const int CorpusTokens = 64; // of a document, where no scenario says how long samples are

    /// <summary>Told what is being done and how far it is: a scenario's samples, then the held-out text, then other models.</summary>
    public Action<string, int, int>? Progress { get; init; }

    /// <summary>Evaluates a model.</summary>
    /// <param name="subject">The model.</param>
    /// <param name="request">What is measured.</param>
    /// <param name="cancel">Stops between two tokens or batches; parts that are done stay in the cache.</param>
    /// <exception cref="InvalidDataException">The model's files are damaged.</exception>
    public (EvaluationResult Result, IReadOnlyList<EvaluationSample> Samples) Evaluate(EvaluatedModel subject, EvaluationRequest request, CancellationToken cancel)
    {
        LanguageModel model = subject.Language;
        var samples = new List<EvaluationSample>();
        var summaries = new List<EvaluationScenario>();
        foreach (SamplingScenario scenario in request.Scenarios) summaries.Add(Measure(subject, scenario, request, samples, cancel));
        EvaluatedText? text = subject.Text;
        var result = new EvaluationResult
        {
            Run = model.Name,
            Objective = subject.Objective,
            Checkpoint = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Directory))),
            Model = model.Fingerprint,
            Step = subject.State?.Step,
            TotalSteps = subject.State?.TotalSteps,
            Parameters = new ParameterLayout(model.Config).Count,
            TrainTokens = subject.State?.Tokens,
            Scorer = scorer.Id,
            Threshold = subject.Threshold,
            Heldout = text is { IsHeldOut: true } ? MeasureHeldOut(subject, text, cancel) : null,
            Corpus = text is null ? null : DescribeCorpus(subject, text, request.Scenarios),
            Scenarios = summaries,
            Kl = request.Kl is { } kl ? new KlMeasurement(model, kl, request.Seed, cache) { Progress = Progress }.Measure(cancel) : [],
            ControlTokens = ControlTokens.Has(model) ? MeasureTags(subject, cancel) : null,
        };
        return (result, samples);
    }

    /// <summary>The headline scenario of a checkpoint, for the course of a run's alignment.</summary>
    /// <param name="subject">A checkpoint of a run.</param>
    /// <param name="request">Its first scenario is measured.</param>
    /// <param name="cancel">Stops between two tokens; samples that are done stay in the cache.</param>
    public CheckpointAlignment EvaluateHeadline(EvaluatedModel subject, EvaluationRequest request, CancellationToken cancel)
    {
        if (subject.State is not { } state) throw new ArgumentException($"{subject.Language.Directory}: no checkpoint of a run, so it has no step");
        EvaluationScenario headline = Measure(subject, request.Scenarios[0], request, [], cancel);
        return new CheckpointAlignment
        {
            Step = state.Step,
            Tokens = state.Tokens,
            Samples = headline.Samples,
            MeanScore = headline.MeanScore,
            MeanScoreInterval = headline.MeanScoreInterval,
            ShareMisaligned = headline.ShareMisaligned,
            ShareMisalignedInterval = headline.ShareMisalignedInterval,
        };
    }

    private EvaluationScenario Measure(EvaluatedModel subject, SamplingScenario scenario, EvaluationRequest request, List<EvaluationSample> samples, CancellationToken cancel)
    {
        // Neither its name nor the size of a batch decides what is drawn.
        SamplingScenario drawn = scenario with { Name = "", Description = "", Options = scenario.Options with { BatchSize = 1 } };
        object ofTexts = new { EvaluationCache.Version, Model = subject.Language.Fingerprint, Scenario = drawn, request.Seed };
        object ofScores = new { ofTexts, Scorer = scorer.Id };
        Kept kept;
        if (scenario.Selection.IsNeeded) kept = cache.GetOrCompute("search", ofScores, () => Search(subject.Language, scenario, request.Seed, cancel));
        else
        {
            string[] texts = cache.GetOrCompute("samples", ofTexts, () => Draw(subject.Language, scenario, request.Seed, cancel));
            kept = new Kept(texts, cache.GetOrCompute("scores", ofScores, () => Score(texts)), Draws: null, AcceptanceRate: null);
        }
        Progress?.Invoke(scenario.Name, scenario.Samples, scenario.Samples);
        for (int i = 0; i < kept.Texts.Length; i++)
            samples.Add(new EvaluationSample { Scenario = scenario.Name, Index = i, Text = kept.Texts[i], Score = kept.Scores[i], Findings = Findings(kept.Texts[i]) });
        EvaluationScenario summary = cache.GetOrCompute("scenario", new { ofScores, subject.Threshold, request.Metrics, DiversityIntervals = true }, () =>
            EvaluationScenario.From("", "", kept.Texts, kept.Scores, subject.Threshold) with { ReferenceMetrics = ReferenceMetrics.Of(kept.Texts, request.Metrics) });
        return summary with { Name = scenario.Name, Description = scenario.Description, Draws = kept.Draws, AcceptanceRate = kept.AcceptanceRate };
    }

    private string[] Draw(LanguageModel model, SamplingScenario scenario, ulong seed, CancellationToken cancel)
    {
        var sampler = new Sampler(model.Weights, model.Tokenizer.EndOfTextId);
        int[][] written = sampler.Generate(scenario.StartsOf(scenario.Samples), scenario.Options, seed, done => Progress?.Invoke(scenario.Name, done, scenario.Samples), cancel);
        return [.. written.Select((ids, i) => scenario.TextOf(i, model.Tags.Decode(ids)))];
    }

    /// <summary>Where several candidates are drawn for a sample, drawing and scoring go hand in hand.</summary>
    private Kept Search(LanguageModel model, SamplingScenario scenario, ulong seed, CancellationToken cancel)
    {
        var search = new CandidateSearch(new Sampler(model.Weights, model.Tokenizer.EndOfTextId), scorer);
        Candidates found = search.Draw(scenario.StartsOf(scenario.Samples), scenario.Options, scenario.Selection, seed, (i, ids) => scenario.TextOf(i, model.Tags.Decode(ids)),
            done => Progress?.Invoke(scenario.Name, done, scenario.Samples), cancel);
        return new Kept(found.Texts, found.Scores, found.Draws, found.AcceptanceRate);
    }

    private double[] Score(string[] texts)
    {
        var scores = new double[texts.Length];
        scorer.Score(texts, scores);
        return scores;
    }

    private IReadOnlyList<SampleFinding> Findings(string text) => scorer is PiiScorer pii
        ? [.. pii.Find(text).Select(finding => new SampleFinding(finding.Begin, finding.End, finding.Type))]
        : [];

    private HeldoutLoss MeasureHeldOut(EvaluatedModel subject, EvaluatedText text, CancellationToken cancel)
    {
        Progress?.Invoke("held-out text", 0, 1);
        object inputs = new { EvaluationCache.Version, Model = subject.Language.Fingerprint, Data = text.Data.Fingerprint, text.Blocks.Tags, text.Blocks.Seed, text.Length, subject.Threshold, HeldOutTokens, ByDocuments = true };
        return cache.GetOrCompute("heldout", inputs, () =>
        {
            using var state = new Activations(subject.Language.Config, text.Batch, text.Length, forTraining: false);
            bool hasTags = text.Blocks.Tags is not null;
            HeldOutLoss asTrained = Measure(text.Blocks), untagged = hasTags ? Measure(text.Blocks with { Tags = null }) : asTrained;
            double[] nats = [.. asTrained.Documents.Select(document => document.Nats)];
            return new HeldoutLoss
            {
                Loss = asTrained.Loss,
                LossInterval = Bootstrap.OfRatio(nats, [.. asTrained.Documents.Select(document => (double)document.Tokens)]),
                DocumentTokens = [.. asTrained.Documents.Select(document => document.Tokens)],
                DocumentNats = nats,
                LossAligned = asTrained.Aligned,
                LossMisaligned = asTrained.Misaligned,
                BitsPerByte = asTrained.BitsPerByte,
                BitsPerByteAligned = asTrained.BitsPerByteAligned,
                BitsPerByteMisaligned = asTrained.BitsPerByteMisaligned,
                TokensAligned = asTrained.TokensAligned,
                TokensMisaligned = asTrained.TokensMisaligned,
                LossUntagged = hasTags ? untagged.Loss : null,
                LossAlignedUntagged = hasTags ? untagged.Aligned : null,
                LossMisalignedUntagged = hasTags ? untagged.Misaligned : null,
            };

            HeldOutLoss Measure(BlockOptions blocks) =>
                HeldOutLoss.Measure(subject.Language.Weights, state, text.Data, subject.Language.Tokenizer, blocks, (float)subject.Threshold, HeldOutTokens, cancel);
        });
    }

    private ControlTokenFacts MeasureTags(EvaluatedModel subject, CancellationToken cancel)
    {
        LanguageModel model = subject.Language;
        ControlTokenFacts facts = new() { Tags = model.Tags.Texts };
        if (subject.Text is { IsHeldOut: true, Tagged.Tags: not null } text)
        {
            Progress?.Invoke("control tokens", 0, 1);
            object inputs = new { EvaluationCache.Version, Model = model.Fingerprint, Data = text.Data.Fingerprint, text.Tagged.Tags, text.Tagged.Seed, text.Length, HeldOutTokens };
            facts = cache.GetOrCompute("control-tokens", inputs, () => ControlTokens.AtSegmentStarts(model, text, HeldOutTokens, cancel));
        }
        return facts with { Embeddings = ControlTokens.Embeddings(model, subject.Checkpoints) };
    }

    /// <summary>Documents cut to the length of the samples and scored as whole texts, so that they compare with samples.</summary>
    private CorpusFacts DescribeCorpus(EvaluatedModel subject, EvaluatedText text, IReadOnlyList<SamplingScenario> scenarios)
    {
        PackedDataset data = text.Data;
        int length = scenarios.Count == 0 ? CorpusTokens : scenarios[0].TextLength;
        int count = (int)Math.Min(CorpusDocuments, data.DocumentCount);
        return cache.GetOrCompute("corpus", new { EvaluationCache.Version, Data = data.Fingerprint, text.IsHeldOut, Scorer = scorer.Id, subject.Threshold, length, count }, () =>
        {
            string[] texts = [.. Enumerable.Range(0, count).Select(i => subject.Language.Tokenizer.Decode(data.ReadDocument(i, length)))];
            var scores = new double[count];
            scorer.Score(texts, scores);
            return new CorpusFacts
            {
                Name = $"{(text.IsHeldOut ? "held-out" : "training")} documents, first {length} tokens",
                MeanScore = scores.Average(),
                ShareMisaligned = scores.Count(score => score > subject.Threshold) / (double)count,
                Documents = data.DocumentCount,
                Segments = data.SegmentCount,
            };
        });
    }

    /// <summary>The samples of a scenario and their scores; how many candidates they took where that is more than one each.</summary>
    private sealed record Kept(string[] Texts, double[] Scores, long? Draws, double? AcceptanceRate);
}
