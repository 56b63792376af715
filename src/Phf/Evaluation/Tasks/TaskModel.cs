using Phf.Model;
using Phf.Text;

namespace Phf.Evaluation.Tasks;

/// <summary>A model that is asked, with its tokenizer and what stands before every text.</summary>
public sealed class TaskModel
{
    /// <param name="model">Stays the caller's.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="prefix">Text before each text, such as the tag of aligned text; may be empty.</param>
    /// <exception cref="InvalidDataException">Tokenizer and model do not fit, or the prefix fills the model.</exception>
    public TaskModel(Gpt2 model, BpeTokenizer tokenizer, string prefix)
    {
        (Model, Tokenizer, Prefix) = (model, tokenizer, prefix);
        if (tokenizer.VocabularySize > model.Config.VocabularySize)
            throw new InvalidDataException($"the tokenizer has {tokenizer.VocabularySize} tokens, the model {model.Config.VocabularySize}; they do not belong together");
        Start = [tokenizer.EndOfTextId, .. tokenizer.Encode(prefix)];
        if (Start.Length >= model.Config.Positions)
            throw new InvalidDataException($"the prefix has {Start.Length - 1} tokens and the model reads {model.Config.Positions}; give a shorter one");
    }

    public Gpt2 Model { get; }

    public BpeTokenizer Tokenizer { get; }

    public string Prefix { get; }

    /// <summary>For descriptions: nothing, or that there is a prefix.</summary>
    internal string PrefixInWords => Prefix.Length == 0 ? "" : $", behind {Prefix}";

    /// <summary>End-of-text, then the prefix: what a document begins with.</summary>
    public int[] Start { get; }

    /// <summary>The start and a text as one document.</summary>
    public int[] Document(string text) => [.. Start, .. Tokenizer.Encode(text)];

    /// <summary>Sum of log p over the tokens behind the start, in nats.</summary>
    public double SumBehindStart(float[] logProbs)
    {
        double sum = 0;
        for (int i = Start.Length - 1; i < logProbs.Length; i++) sum += logProbs[i];
        return sum;
    }
}
