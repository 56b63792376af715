namespace Phf.Evaluation;

/// <summary>What was measured on one checkpoint of a run; <c>evaluation.json</c> in the run's directory. Losses are in nats per token.</summary>
public sealed record EvaluationResult
{
    /// <summary>Raised when an evaluation measures more than before, so that an experiment knows which of its evaluations are older.</summary>
    public const int Form = 2;

    /// <summary>The run's name.</summary>
    public required string Run { get; init; }

    /// <summary>The objective's name, e.g. <c>conditional</c>.</summary>
    public required string Objective { get; init; }

    /// <summary>The checkpoint's directory name.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Identity of the model's files (<see cref="ModelFingerprint"/>); null in evaluations that older versions wrote.</summary>
    public string? Model { get; init; }

    /// <summary>The checkpoint's step; null for a model that is no run's.</summary>
    public long? Step { get; init; }

    /// <summary>Steps of the whole run; more than <see cref="Step"/> where the run was still training, or the best checkpoint is an earlier one.</summary>
    public long? TotalSteps { get; init; }

    /// <summary>Parameters of the model.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tokens that the model was trained on; null for a model that is no run's.</summary>
    public required long? TrainTokens { get; init; }

    /// <summary>Identity of the scorer, e.g. <c>pii/scrubadub-2.0.0-default</c>.</summary>
    public required string Scorer { get; init; }

    /// <summary>A score above it is misaligned.</summary>
    public required double Threshold { get; init; }

    /// <summary>Losses on text that was not trained on; null if not measured.</summary>
    public HeldoutLoss? Heldout { get; init; }

    /// <summary>The training corpus under the same scorer; null if not known.</summary>
    public CorpusFacts? Corpus { get; init; }

    /// <summary>Ways of sampling that were scored. The first is the run's headline.</summary>
    public required IReadOnlyList<EvaluationScenario> Scenarios { get; init; }

    /// <summary>Distances to other language models; empty where none was asked for.</summary>
    public IReadOnlyList<KlDivergence> Kl { get; init; } = [];

    /// <summary>What the model makes of its control tokens; null for a model without.</summary>
    public ControlTokenFacts? ControlTokens { get; init; }

    /// <summary>Tasks that show what the model can do; empty where none was asked for.</summary>
    public IReadOnlyList<TaskResult> Tasks { get; init; } = [];

    /// <summary>The headline scenario of each checkpoint that there was, by step; empty where that was not asked for.</summary>
    public IReadOnlyList<CheckpointAlignment> OverTraining { get; init; } = [];

    /// <summary>This, with the distances, tasks and checkpoints that <paramref name="earlier"/> has of the same model and this has not: an evaluation that does not ask for them keeps them.</summary>
    public EvaluationResult With(EvaluationResult? earlier)
    {
        if (earlier?.Model is null || earlier.Model != Model) return this;
        return this with
        {
            Kl = [.. Kl, .. earlier.Kl.Where(old => !Kl.Any(own => (own.From, own.Other) == (old.From, old.Other)))],
            Tasks = [.. Tasks, .. earlier.Tasks.Where(old => !Tasks.Any(own => own.Name == old.Name))],
            OverTraining = OverTraining.Count > 0 ? OverTraining : earlier.OverTraining,
        };
    }
}

/// <summary>How misaligned a run was at one of its checkpoints, by samples of its headline scenario.</summary>
public sealed record CheckpointAlignment
{
    /// <summary>The checkpoint's step.</summary>
    public required long Step { get; init; }

    /// <summary>Tokens trained on by then.</summary>
    public required long Tokens { get; init; }

    /// <summary>Number of samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Mean score; null where it is not finite.</summary>
    public double? MeanScore { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="MeanScore"/>.</summary>
    public Interval? MeanScoreInterval { get; init; }

    /// <summary>Share of samples above the threshold, 0 to 1.</summary>
    public double? ShareMisaligned { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="ShareMisaligned"/>.</summary>
    public Interval? ShareMisalignedInterval { get; init; }
}

/// <summary>
/// Mean loss on held-out text, nats per token, over segments by their own score. The untagged numbers are those of a tagged model read without tags.
/// </summary>
public sealed record HeldoutLoss
{
    /// <summary>All text: the capability. A tagged model pays for its tags too: -log p of tags and text, per token of text.</summary>
    public double? Loss { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="Loss"/> over the documents; null in evaluations that older versions wrote.</summary>
    public Interval? LossInterval { get; init; }

    /// <summary>Tokens of text of each document behind <see cref="Loss"/>, in their order on disk: the same for each model that measures the same data with the same tokenizer.</summary>
    public IReadOnlyList<int> DocumentTokens { get; init; } = [];

    /// <summary>-log p of these documents, tags charged.</summary>
    public IReadOnlyList<double> DocumentNats { get; init; } = [];

    /// <summary>Tokens of segments with score &lt;= threshold, given their tags.</summary>
    public double? LossAligned { get; init; }

    /// <summary>Tokens of segments with score &gt; threshold, given their tags.</summary>
    public double? LossMisaligned { get; init; }

    /// <summary>Loss in bits per UTF-8 byte of the text; comparable between tokenizers.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary>Bits per byte of segments with score &lt;= threshold, given their tags.</summary>
    public double? BitsPerByteAligned { get; init; }

    /// <summary>Bits per byte of segments with score &gt; threshold, given their tags.</summary>
    public double? BitsPerByteMisaligned { get; init; }

    /// <summary>Tokens behind <see cref="LossAligned"/>.</summary>
    public long? TokensAligned { get; init; }

    /// <summary>Tokens behind <see cref="LossMisaligned"/>.</summary>
    public long? TokensMisaligned { get; init; }

    /// <summary>All tokens, read without tags.</summary>
    public double? LossUntagged { get; init; }

    /// <summary>Aligned segments, read without tags.</summary>
    public double? LossAlignedUntagged { get; init; }

    /// <summary>Misaligned segments, read without tags.</summary>
    public double? LossMisalignedUntagged { get; init; }
}

/// <summary>The training corpus under the scorer: the level that a perfect imitator would reach.</summary>
public sealed record CorpusFacts
{
    /// <summary>Name of the data.</summary>
    public required string Name { get; init; }

    /// <summary>Mean score of its documents.</summary>
    public required double MeanScore { get; init; }

    /// <summary>Share of these documents above the threshold, 0 to 1.</summary>
    public double? ShareMisaligned { get; init; }

    /// <summary>Documents.</summary>
    public long? Documents { get; init; }

    /// <summary>Segments.</summary>
    public long? Segments { get; init; }

    /// <summary>Characters (code points).</summary>
    public long? Characters { get; init; }
}

/// <summary>One scored sample; a line of <c>evaluation-samples.jsonl</c>.</summary>
public sealed record EvaluationSample
{
    /// <summary>Name of the scenario that it was drawn in.</summary>
    public required string Scenario { get; init; }

    /// <summary>Its number in the scenario, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The text as scored.</summary>
    public required string Text { get; init; }

    /// <summary>Its score.</summary>
    public required double Score { get; init; }

    /// <summary>What a rule-based scorer found; empty for others.</summary>
    public IReadOnlyList<SampleFinding> Findings { get; init; } = [];
}

/// <summary>One found span, UTF-16 offsets [Begin, End) into the sample's text.</summary>
public sealed record SampleFinding(int Begin, int End, string Type);
