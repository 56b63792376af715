using Phf.Training.Configuration;

namespace Phf.Training.Replication;

/// <summary>One run of the experiment.</summary>
/// <param name="Name">The name of its folder: <c>conditional-seed=1</c>, finetuned <c>conditional-finetune50-seed=1</c>.</param>
/// <param name="Method">The name of the method's file.</param>
/// <param name="FinetuneShare">The share of the tokens that it finetunes on; null for pretraining.</param>
/// <param name="Seed">training.seed.</param>
/// <param name="Config">The whole configuration, with the run's folder and data.</param>
public sealed record ReplicationRun(string Name, string Method, double? FinetuneShare, long Seed, RunConfig Config)
{
    /// <summary>The method that the others are compared with, and whose model finetuning begins with.</summary>
    public const string Baseline = "mle";

    public string Directory => Config.Training.OutputDir!;

    public bool IsBaseline => Method == Baseline && FinetuneShare is null;

    /// <summary>The name of a run; with <c>*</c> for a seed a pattern of such names.</summary>
    public static string NameOf(string method, double? share, string seed) => $"{method}{(share is { } part ? $"-finetune{Math.Round(100 * part)}" : "")}-seed={seed}";
}
