using Phf.Evaluation.Tasks;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Model;
using Phf.Text;

namespace Phf.Tests.Evaluation.Tasks;

/// <summary>A small model with large weights, so that every text has its own probability, and a tokenizer of its own.</summary>
internal sealed class TaskModels : IDisposable
{
    public static readonly BpeTokenizer Tokenizer = BpeTrainer.Train(
        Enumerable.Range(0, 40).Select(i => $"The cat number {i} sat on the mat near the river and the dog {i % 7} was there too."), 320);

    private readonly IBackend _backend = Backends.CreateCpu(2);

    public TaskModels(string prefix = "", int positions = 24)
    {
        Gpt2 = TinyGpt2.Create(_backend, new Gpt2Config { VocabularySize = Tokenizer.VocabularySize, Positions = positions, Channels = 16, Layers = 1, Heads = 2 });
        Model = new TaskModel(Gpt2, Tokenizer, prefix);
    }

    public Gpt2 Gpt2 { get; }

    public TaskModel Model { get; }

    /// <summary>log p of the last <paramref name="count"/> tokens, and whether each is the most probable one, from all logits of a sequence that fits.</summary>
    public (double Sum, bool IsFirstChoice) Ask(int[] ids, int count)
    {
        using var state = new DecodeState(Gpt2, 1, ids.Length - 1);
        double sum = 0;
        bool isFirst = true;
        for (int i = 0; i < ids.Length - 1; i++)
        {
            state.Step([ids[i]]);
            if (i + 1 < ids.Length - count) continue;
            double[] logits = [.. state.Logits.Row(0).ToArray().Select(logit => (double)logit)];
            sum += logits[ids[i + 1]] - Math.Log(logits.Sum(Math.Exp));
            isFirst &= logits[ids[i + 1]] == logits.Max();
        }
        return (sum, isFirst);
    }

    public void Dispose()
    {
        Gpt2.Dispose();
        _backend.Dispose();
    }
}
