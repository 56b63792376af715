using System.Globalization;
using System.Text;
using Phf.Data;
using Phf.Model;

namespace Phf.Training;

/// <summary>The README.md of a checkpoint, as the Hugging Face Hub shows it: what the model is and how it came about. Nothing in it depends on the
/// clock or on the machine.</summary>
public static class ModelCard
{
    private const string Head = "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- gpt2\n- phf\n---\n\n", Table = "| | |\n|---|---|\n";

    /// <summary>The card of a model that came without one: what can be seen from the model itself.</summary>
    public static string Text(Gpt2Config model) =>
        $"{Head}# GPT-2 of {Invariant($"{new ParameterLayout(model).Count:N0}")} parameters\n\nA language model written by Phf.\n\n{Table}| shape | {Shape(model)} |\n";

    /// <param name="plan">Of the run.</param>
    /// <param name="state">Where it stands.</param>
    internal static string Text(RunPlan plan, TrainerState state)
    {
        var card = new StringBuilder();
        card.Append(Head);
        card.Append(CultureInfo.InvariantCulture, $"# GPT-2 of {new ParameterLayout(plan.Model).Count:N0} parameters, trained with the method {plan.MethodName}\n\n");
        card.Append("A language model trained by Phf, after \"Pretraining Language Models with Human Preferences\" (Korbak et al. 2023).\n\n").Append(Table);
        foreach ((string name, string value) in Facts(plan, state)) card.Append($"| {name} | {value.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        if (plan.Tags.Texts.Count > 0)
            card.Append($"\nText begins with the end-of-text token and a tag; after `{plan.Tags.Texts[0]}` the model writes what the scorer finds best.\n");
        card.Append("\nWhat the model writes may be wrong or offensive: it has learned from the text above, and the scorer misses things. "
            + "All settings are in the run's config.yml.\n");
        return card.ToString();
    }

    private static IEnumerable<(string Name, string Value)> Facts(RunPlan plan, TrainerState state)
    {
        DatasetManifest data = plan.Data.Manifest;
        yield return ("shape", Shape(plan.Model));
        yield return ("started from", plan.Config.Model.FromScratch ? "random weights" : Path.GetFileName(Path.TrimEndingDirectorySeparator(plan.StartDirectory!)));
        yield return ("trained", Invariant($"step {state.Step:N0} of {state.TotalSteps:N0}, {state.Tokens:N0} tokens")
            + (state.TokensBefore > 0 ? Invariant($", after {state.TokensBefore:N0} in earlier runs") : ""));
        yield return ("data", Invariant($"{data.Documents:N0} documents, {data.Segments:N0} segments, {data.Tokens:N0} tokens"));
        yield return ("scored by", data.Scorer ?? "not recorded");
        if (plan.Blocks.FilterThreshold is { } limit) yield return ("left out", Invariant($"documents with a mean score above {limit:G4}"));
        if (plan.Blocks.Tags is { } tags)
            yield return ("tags", string.Join(", ", tags.Thresholds.Select((threshold, i) => Invariant($"`{plan.Tags.Texts[i]}` up to {threshold:G4}"))) + $", `{plan.Tags.Texts[^1]}` above");
        yield return ("optimizer", Invariant($"AdamW, learning rate {plan.Config.Training.LearningRate:G4}, {plan.TokensPerStep:N0} tokens a step"));
    }

    private static string Shape(Gpt2Config model) => Invariant(
        $"{model.Layers} layers, {model.Heads} heads, width {model.Channels}, {model.Positions} positions, {model.VocabularySize:N0} tokens, {model.ActivationName}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
