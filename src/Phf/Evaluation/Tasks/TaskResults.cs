using System.Text.Json.Serialization;

namespace Phf.Evaluation.Tasks;

/// <summary>What a model can do besides being aligned: one member for each task that was measured.</summary>
public sealed record TaskResults
{
    public LambadaResult? Lambada { get; init; }

    public BlimpResult? Blimp { get; init; }

    [JsonPropertyName("humaneval")]
    public HumanEvalResult? HumanEval { get; init; }

    public PerplexityResult? Perplexity { get; init; }

    /// <summary>These, and what <paramref name="earlier"/> has besides.</summary>
    public TaskResults Over(TaskResults? earlier) => new()
    {
        Lambada = Lambada ?? earlier?.Lambada,
        Blimp = Blimp ?? earlier?.Blimp,
        HumanEval = HumanEval ?? earlier?.HumanEval,
        Perplexity = Perplexity ?? earlier?.Perplexity,
    };
}

/// <summary>LAMBADA (Paperno et al. 2016) as lm_eval's lambada_openai measures it.</summary>
public sealed record LambadaResult
{
    /// <summary>Name of the file.</summary>
    public required string File { get; init; }

    /// <summary>Text before each item's own; empty is the definition's way.</summary>
    public required string Prefix { get; init; }

    /// <summary>Items measured.</summary>
    public required int Items { get; init; }

    /// <summary>Items whose context was cut from the left to fit the model.</summary>
    public required int Cut { get; init; }

    /// <summary>Items whose last word has no token of its own, or more than the model can read: left out.</summary>
    public required int Skipped { get; init; }

    /// <summary>Share of items of which every token of the last word is the most probable one; Wilson interval.</summary>
    public required Estimate Accuracy { get; init; }

    /// <summary>exp of minus the mean over items of the last word's log-probability; bootstrap interval over items.</summary>
    public required Estimate Perplexity { get; init; }
}

/// <summary>BLiMP (Warstadt et al. 2020): pairs of sentences of which one is good English.</summary>
public sealed record BlimpResult
{
    /// <summary>Name of the file or folder.</summary>
    public required string File { get; init; }

    /// <summary>Text between the end-of-text token and each sentence.</summary>
    public required string Prefix { get; init; }

    /// <summary>Pairs measured.</summary>
    public required int Pairs { get; init; }

    /// <summary>Share of pairs whose good sentence has the higher total log-probability; Wilson interval.</summary>
    public required Estimate Accuracy { get; init; }

    /// <summary>The mean over the paradigms (UID) of their shares: what is published, where all are of one size.</summary>
    public required double MeanOfParadigms { get; init; }

    /// <summary>By <c>field</c>, e.g. syntax; empty where the file does not say.</summary>
    public required IReadOnlyList<BlimpGroup> Fields { get; init; }

    /// <summary>By <c>linguistics_term</c>, the phenomenon; empty where the file does not say.</summary>
    public required IReadOnlyList<BlimpGroup> Phenomena { get; init; }

    /// <summary>By <c>UID</c>, the paradigm; empty where the file does not say.</summary>
    public required IReadOnlyList<BlimpGroup> Paradigms { get; init; }
}

/// <summary>Some pairs of BLiMP.</summary>
public sealed record BlimpGroup(string Name, int Pairs, Estimate Accuracy);

/// <summary>How well a text that the model has not seen is predicted.</summary>
public sealed record PerplexityResult
{
    /// <summary>Name of the file.</summary>
    public required string File { get; init; }

    /// <summary>Text between the end-of-text token and each document.</summary>
    public required string Prefix { get; init; }

    public required int Documents { get; init; }

    /// <summary>Pieces between white space.</summary>
    public required long Words { get; init; }

    /// <summary>UTF-8 bytes.</summary>
    public required long Bytes { get; init; }

    public required long Tokens { get; init; }

    /// <summary>exp(-sum of log p / words); bootstrap interval over documents.</summary>
    public required Estimate PerWord { get; init; }

    /// <summary>exp(-sum of log p / bytes); bootstrap interval over documents.</summary>
    public required Estimate PerByte { get; init; }

    /// <summary>exp(-sum of log p / tokens), which compares within one tokenizer only; bootstrap interval over documents.</summary>
    public required Estimate PerToken { get; init; }

    /// <summary>-sum of log2 p / bytes; bootstrap interval over documents.</summary>
    public required Estimate BitsPerByte { get; init; }
}

/// <summary>HumanEval (Chen et al. 2021): functions written from their signature and description, and tried.</summary>
public sealed record HumanEvalResult
{
    /// <summary>Name of the file.</summary>
    public required string File { get; init; }

    /// <summary>Text between the end-of-text token and each prompt.</summary>
    public required string Prefix { get; init; }

    public required int Problems { get; init; }

    /// <summary>n, candidates for each problem.</summary>
    public required int SamplesPerProblem { get; init; }

    public required double Temperature { get; init; }

    public required double TopP { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Problems whose prompt leaves the model no room to write; their candidates count as failures.</summary>
    public required int WithoutRoom { get; init; }

    /// <summary>pass@k for 1, 10 and 100 up to n.</summary>
    public required IReadOnlyList<PassRate> PassRates { get; init; }

    /// <summary>Candidates by what became of them, e.g. <c>passed</c>, <c>timeout</c>.</summary>
    public required IReadOnlyDictionary<string, int> Outcomes { get; init; }

    /// <summary>What kept the candidates from the machine while they ran.</summary>
    public required IReadOnlyList<string> Isolation { get; init; }
}

/// <summary>pass@k: the chance that one of k candidates passes; bootstrap interval over problems.</summary>
public sealed record PassRate(int K, Estimate Rate);
