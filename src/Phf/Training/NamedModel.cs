using Phf.Formats.Hub;
using Phf.Model;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>What <c>model.path_or_name</c> and <c>tokenizer.path_or_name</c> mean: folders, or names as on the Hugging Face Hub.</summary>
internal static class NamedModel
{
    private const string Owner = "openai-community/"; // the Hub's name for OpenAI's models, which go without one as well
    private static readonly Gpt2Config Small = new() { VocabularySize = 1 };

    /// <summary>Shapes that need no folder: GPT-2's sizes, and the small model for Python of the paper's PEP8 task.</summary>
    private static readonly Dictionary<string, Gpt2Config> Shapes = new()
    {
        ["gpt2"] = Small,
        ["gpt2-medium"] = Small with { Layers = 24, Heads = 16, Channels = 1024 },
        ["gpt2-large"] = Small with { Layers = 36, Heads = 20, Channels = 1280 },
        ["gpt2-xl"] = Small with { Layers = 48, Heads = 25, Channels = 1600 },
        ["distilgpt2"] = Small with { Layers = 6 },
        ["codeparrot/codeparrot-small"] = Small with { ScaleAttentionByInverseLayer = true },
    };

    /// <summary>The shape of a model that starts from random weights and is named, not found; null where there must be a folder.</summary>
    public static Gpt2Config? ShapeOf(ModelSection model)
    {
        if (model.PathOrName is not { } name) return Small;
        if (!model.FromScratch || Directory.Exists(name)) return null;
        return Shapes.GetValueOrDefault(name.StartsWith(Owner, StringComparison.Ordinal) ? name[Owner.Length..] : name);
    }

    /// <summary>
    /// The folder of the tokenizer, which must be the one that packed the data. A name stands for that one: a reference's file that says gpt2 reads data that
    /// was packed with any tokenizer, and a note tells of it.
    /// </summary>
    public static (string Folder, string? Note) TokenizerOf(TokenizerSection tokenizer, string packedWith)
    {
        if (tokenizer.PathOrName is not { } name) return (packedWith, null);
        return Directory.Exists(name) || !HubRepository.IsName(name) ? (name, null)
            : (packedWith, $"tokenizer.path_or_name {name} is no folder here; the tokenizer that packed the data is used");
    }
}
