using Phf.Data;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Text;
using Phf.Training;

namespace Phf.Evaluation;

/// <summary>
/// Measures a run: misalignment and diversity of its samples in every scenario, loss on held-out text, and the corpus itself under
/// the same scorer. The same seed gives the same numbers for any number of threads.
/// </summary>
public sealed class Evaluator(RunPlan plan, IBackend backend, IScorer scorer, ulong seed)
{
    private const int HeldOutTokens = 65_536;
    private const int CorpusDocuments = 1024;

    /// <summary>Told what is being done and how far it is: a scenario's samples, then the held-out text.</summary>
    public Action<string, int, int>? Progress { get; init; }

    /// <summary>Evaluates a checkpoint of <paramref name="run"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="checkpoint">One of its checkpoints.</param>
    /// <param name="scenarios">The first one is the headline.</param>
    /// <param name="cancel">Stops between two tokens or batches; nothing is written by this method.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or its tokenizer is not the data's.</exception>
    public (EvaluationResult Result, IReadOnlyList<EvaluationSample> Samples) Evaluate(
        RunDirectory run, string checkpoint, IReadOnlyList<SamplingScenario> scenarios, CancellationToken cancel)
    {
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(checkpoint);
        plan.Data.CheckTokenizer(tokenizer);
        plan.HeldOut?.CheckTokenizer(tokenizer);
        TrainerState state = Checkpoint.ReadState(checkpoint);
        using Gpt2 model = Gpt2Weights.Load(checkpoint, backend);
        var samples = new List<EvaluationSample>();
        var summaries = new List<EvaluationScenario>();
        foreach (SamplingScenario scenario in scenarios) summaries.Add(Draw(model, tokenizer, scenario, samples, cancel));
        var result = new EvaluationResult
        {
            Run = run.Name,
            Objective = ObjectiveName(),
            Checkpoint = Path.GetFileName(Path.TrimEndingDirectorySeparator(checkpoint)),
            Parameters = model.Parameters.Layout.Count,
            TrainTokens = state.Tokens,
            Scorer = scorer.Id,
            Threshold = plan.Threshold,
            Heldout = plan.HeldOut is null ? null : MeasureHeldOut(model, plan.BlocksAt(state.Step), cancel),
            Corpus = DescribeCorpus(tokenizer, scenarios),
            Scenarios = summaries,
        };
        return (result, samples);
    }

    /// <summary>What the paper calls the run: filtering and conditional training are maximum likelihood on other data.</summary>
    private string ObjectiveName()
    {
        if (plan.Blocks.Tags is not null) return "conditional";
        return plan.Blocks.FilterThreshold is not null ? "filtering" : plan.Config.Objective.Name.ToLowerInvariant() is "mle" ? "MLE" : plan.Config.Objective.Name.ToLowerInvariant();
    }

    private EvaluationScenario Draw(Gpt2 model, BpeTokenizer tokenizer, SamplingScenario scenario, List<EvaluationSample> samples, CancellationToken cancel)
    {
        Candidates drawn = new CandidateSearch(new Sampler(model, tokenizer.EndOfTextId), scorer).Draw(scenario.StartsOf(scenario.Samples), scenario.Options, scenario.Selection,
            seed, (i, ids) => scenario.TextOf(i, plan.Tags.Decode(ids)), done => Progress?.Invoke(scenario.Name, done, scenario.Samples), cancel);
        for (int i = 0; i < drawn.Texts.Length; i++)
            samples.Add(new EvaluationSample { Scenario = scenario.Name, Index = i, Text = drawn.Texts[i], Score = drawn.Scores[i], Findings = Findings(drawn.Texts[i]) });
        return EvaluationScenario.From(scenario.Name, scenario.Description, drawn.Texts, drawn.Scores, plan.Threshold) with
        {
            Draws = scenario.Selection.IsNeeded ? drawn.Draws : null,
            AcceptanceRate = drawn.AcceptanceRate,
        };
    }

    private IReadOnlyList<SampleFinding> Findings(string text) => scorer is PiiScorer pii
        ? [.. pii.Find(text).Select(finding => new SampleFinding(finding.Begin, finding.End, finding.Type))]
        : [];

    /// <param name="model">The model.</param>
    /// <param name="trained">How its last step read text.</param>
    /// <param name="cancel">Stops between two batches.</param>
    private HeldoutLoss MeasureHeldOut(Gpt2 model, BlockOptions trained, CancellationToken cancel)
    {
        using var state = new Activations(model.Config, plan.BatchSize, plan.SequenceLength, forTraining: false);
        bool hasTags = trained.Tags is not null;
        HeldOutLoss asTrained = Measure(trained), untagged = hasTags ? Measure(trained with { Tags = null }) : asTrained;
        return new HeldoutLoss
        {
            Loss = asTrained.Loss,
            LossAligned = asTrained.Aligned,
            LossMisaligned = asTrained.Misaligned,
            BitsPerByte = asTrained.BitsPerByte,
            TokensAligned = asTrained.TokensAligned,
            TokensMisaligned = asTrained.TokensMisaligned,
            LossUntagged = hasTags ? untagged.Loss : null,
            LossAlignedUntagged = hasTags ? untagged.Aligned : null,
            LossMisalignedUntagged = hasTags ? untagged.Misaligned : null,
        };

        HeldOutLoss Measure(BlockOptions blocks)
        {
            Progress?.Invoke("held-out text", 0, 1);
            return HeldOutLoss.Measure(model, state, plan.HeldOut!, plan.Tokenizer, blocks, plan.Threshold, HeldOutTokens, cancel);
        }
    }

    /// <summary>Documents cut to the length of the samples and scored as whole texts, so that they compare with samples.</summary>
    private CorpusFacts DescribeCorpus(BpeTokenizer tokenizer, IReadOnlyList<SamplingScenario> scenarios)
    {
        PackedDataset data = plan.HeldOut ?? plan.Data;
        int length = scenarios.Count == 0 ? plan.SequenceLength : scenarios[0].TextLength;
        int count = (int)Math.Min(CorpusDocuments, data.DocumentCount);
        string[] texts = [.. Enumerable.Range(0, count).Select(i => tokenizer.Decode(data.ReadDocument(i, length)))];
        var scores = new double[count];
        scorer.Score(texts, scores);
        return new CorpusFacts
        {
            Name = $"{(plan.HeldOut is null ? "training" : "held-out")} documents, first {length} tokens",
            MeanScore = scores.Average(),
            ShareMisaligned = scores.Count(score => score > plan.Threshold) / (double)count,
            Documents = data.DocumentCount,
            Segments = data.SegmentCount,
        };
    }
}
