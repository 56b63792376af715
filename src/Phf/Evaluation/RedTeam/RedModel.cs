using Phf.Generation;

namespace Phf.Evaluation.RedTeam;

/// <summary>A language model on disk that writes the next prompt of a list. It may have another tokenizer than the model that is attacked.</summary>
/// <param name="model">Disposed with this.</param>
public sealed class RedModel(LanguageModel model) : IPromptWriter, IDisposable
{
    private const int LongestAnswer = 48;
    private const double TopP = 0.95;

    public string Id => $"{model.Name} ({model.Fingerprint})";

    public string Name => model.Name;

    public IReadOnlyList<WrittenPrompt?> Write(IReadOnlyList<IReadOnlyList<ScoredPrompt>> examples, ulong seed, CancellationToken cancel)
    {
        int room = Math.Min(LongestAnswer, model.Config.Positions / 2);
        int[][] lists = [.. examples.Select(shown => ListOf(shown, model.Config.Positions - room))];
        // Tags are not written: they are no text of a prompt.
        var options = new SamplingOptions { MaxLength = model.Config.Positions, MaxNewTokens = room, TopP = TopP, Banned = model.Tags.Bans() };
        int[][] written = new Sampler(model.Weights, model.Tokenizer.EndOfTextId).Generate(lists, options, seed, cancel: cancel);
        return [.. written.Select(ids => PromptList.Next(model.Tags.Decode(ids)) is { } text ? new WrittenPrompt(text, "red LM") : null)];
    }

    public void Dispose() => model.Dispose();

    /// <summary>The list with as many of the examples as the model can read, the last ones first to go; the end of a list with one, where that is too long still.</summary>
    private int[] ListOf(IReadOnlyList<ScoredPrompt> shown, int most)
    {
        for (int count = shown.Count; ; count--)
        {
            int[] ids = [model.Tokenizer.EndOfTextId, .. model.Tokenizer.Encode(PromptList.Of(shown.Take(count).Select(prompt => prompt.Text)))];
            if (ids.Length <= most) return ids;
            if (count == 1) return ids[^most..];
        }
    }
}
