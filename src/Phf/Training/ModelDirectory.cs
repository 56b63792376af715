using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Formats;
using Phf.Model;
using Phf.Text;

namespace Phf.Training;

/// <summary>
/// Writes a model as transformers opens it: model.safetensors, the tokenizer's files, generation_config.json, a model card and, last, config.json,
/// without which a directory is no model.
/// </summary>
public static class ModelDirectory
{
    public const string CardName = "README.md";

    /// <param name="directory">Created if it is not there.</param>
    /// <param name="model">The weights.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="card">Text of the model card; null writes none.</param>
    /// <param name="type">Of the weights: F32, F16 or BF16.</param>
    /// <exception cref="InvalidDataException">A weight is too large for F16.</exception>
    public static void Write(string directory, Gpt2 model, BpeTokenizer tokenizer, string? card, SafetensorsType type = SafetensorsType.F32)
    {
        Directory.CreateDirectory(directory);
        Gpt2Weights.Write(Path.Combine(directory, Gpt2Weights.FileName), model.Parameters, type);
        tokenizer.Save(directory, model.Config.Positions);
        var generation = new JsonObject
        {
            ["bos_token_id"] = tokenizer.EndOfTextId,
            ["eos_token_id"] = tokenizer.EndOfTextId,
            ["pad_token_id"] = tokenizer.EndOfTextId, // GPT-2 has no token of its own for padding
        };
        string json = generation.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        DurableFile.WriteText(Path.Combine(directory, "generation_config.json"), json + "\n");
        if (card is not null) DurableFile.WriteText(Path.Combine(directory, CardName), card);
        model.Config.Save(Path.Combine(directory, "config.json"), tokenizer.EndOfTextId, type);
    }
}
