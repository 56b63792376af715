using System.Globalization;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Cli;

/// <summary>What a run is about to do, in a few lines.</summary>
internal static class PlanDescription
{
    public static void Write(TextWriter output, RunPlan plan, IBackend backend)
    {
        output.WriteLine($"model     {new ParameterLayout(plan.Model).Count:N0} parameters: layers {plan.Model.Layers}, heads {plan.Model.Heads}, "
            + $"width {plan.Model.Channels}, vocabulary {plan.Model.VocabularySize:N0}, sequences of {plan.SequenceLength}"
            + (plan.Config.Model.FromScratch ? "" : $", from {plan.StartDirectory}"));
        output.WriteLine($"data      {plan.Data.DocumentCount:N0} documents, {plan.Data.TokenCount:N0} tokens, scorer {plan.Data.Manifest.Scorer ?? "not named"}, "
            + (plan.HeldOut is { } heldOut ? $"{heldOut.DocumentCount:N0} documents held out" : "none held out")
            + (plan.Start.Description is { } begins ? $"; reading begins {begins}" : ""));
        output.WriteLine($"objective {plan.Objective.Name}"
            + (plan.Blocks.Tags is { } tags ? $", a tag before every segment (aligned: score <= {tags.Threshold})" : "")
            + (plan.Blocks.FilterThreshold is { } limit ? string.Create(CultureInfo.InvariantCulture, $", documents with mean score above {limit:G4} left out") : ""));
        output.WriteLine($"steps     {plan.TotalSteps:N0} of {plan.TokensPerStep:N0} tokens on {backend.Name}, about {plan.MemoryBytes / 1e6:N0} MB"
            + (plan.Start.TokensBefore > 0 ? $"; the model has seen {plan.Start.TokensBefore:N0} tokens before" : ""));
    }
}
