using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>The tags that a configuration asks for, with their thresholds as numbers.</summary>
internal static class PlannedTags
{
    /// <summary>Null without tags.</summary>
    /// <param name="config">Its percentiles are recorded.</param>
    /// <param name="tokens">The tags as tokens.</param>
    /// <param name="data">The training split.</param>
    /// <exception cref="InvalidDataException">The thresholds do not ascend.</exception>
    public static ControlTags? Create(ConditionalTrainingConfig? config, TagTokens tokens, PackedDataset data)
    {
        if (config is null) return null;
        double[] thresholds = [.. config.Bounds.Select(bound => bound.Resolve(data, config.IsPerDocument))];
        if (!config.IsPerDocument) thresholds = [.. thresholds.Select(threshold => (double)(float)threshold)]; // as segments' scores are
        for (int i = 1; i < thresholds.Length; i++)
            if (thresholds[i] <= thresholds[i - 1])
                throw new InvalidDataException($"dataset.conditional_training_config.thresholds: {config.Bounds[i - 1].Unrecorded} is {thresholds[i - 1]} "
                    + $"and {config.Bounds[i].Unrecorded} is {thresholds[i]}, so nothing would get the tag {tokens.Texts[i]}; give ascending thresholds, or fewer");
        return new ControlTags
        {
            Tags = tokens.Ids,
            Thresholds = thresholds,
            IsPerDocument = config.IsPerDocument,
            IsMasked = config.MaskControlTokens,
            DropTokenFraction = config.DropTokenFraction,
        };
    }

    /// <summary>What the user should know about tags that cannot do in sampling what one-token tags do.</summary>
    public static IEnumerable<string> Notes(ConditionalTrainingConfig? config, TagTokens tokens)
    {
        if (config is null) yield break;
        if (config.MaskControlTokens && !config.IsPerDocument && config.Cooldown == 0)
            yield return "mask_control_tokens: the model does not learn to write tags, so a sample has those of its prompt alone, although training puts one before every segment";
        if (config.TagForm == ConditionalTrainingConfig.AsText)
            yield return $"tag_form text: tags are {string.Join(", ", tokens.Ids.Select(ids => ids.Length).Distinct().Order())} ordinary tokens long; "
                + "while sampling they are banned by their beginnings, wherever these stand in the text, and a tag that is cut off stays in a sample";
    }
}
