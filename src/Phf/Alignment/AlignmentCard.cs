using System.Globalization;
using System.Text;
using Phf.Model;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>The README.md of an aligned model's checkpoint. Nothing in it depends on the clock or on the machine.</summary>
internal static class AlignmentCard
{
    public static string Text(AlignmentPlan plan, long step)
    {
        AlignmentSection section = plan.Section;
        var card = new StringBuilder();
        card.Append("---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- gpt2\n- phf\n---\n\n");
        card.Append(CultureInfo.InvariantCulture, $"# GPT-2 of {new ParameterLayout(plan.Model).Count:N0} parameters, aligned by {section.Method.Name}\n\n");
        card.Append("A language model aligned by Phf, after \"Aligning language models with human preferences\" (Korbak 2024).\n\n| | |\n|---|---|\n");
        card.Append($"| started from | {Path.GetFileName(Path.TrimEndingDirectorySeparator(plan.PriorDirectory))} |\n");
        card.Append($"| target | {section.Target.Kind}: {string.Join(", ", section.Target.Features.Select(feature => feature.Name))} |\n");
        card.Append(CultureInfo.InvariantCulture, $"| trained | step {step:N0} of {plan.TotalSteps:N0}, {plan.TextsPerStep:N0} texts of at most {plan.MaxLength:N0} tokens a step |\n");
        card.Append("\nWhat the model writes may be wrong or offensive: a target is only as good as its scorers. All settings are in the run's align.yml.\n");
        return card.ToString();
    }
}
