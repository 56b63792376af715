using Phf.Model;
using Phf.Scoring.Pii;
using Phf.Text;

namespace Phf.Evaluation.Tasks;

/// <summary>
/// The last word of a passage, by lm_eval's definition of lambada_openai: the context is all but the last piece between blanks, the target a blank and that
/// piece. No token stands before the context; a context that is too long loses its beginning.
/// </summary>
public static class LambadaTask
{
    private const string Expected = "LAMBADA as OpenAI has it, {\"text\": ...} a line";
    private const int ItemsAtOnce = 512;

    /// <summary>Measures a file.</summary>
    /// <param name="model">Its prefix, unless empty, stands with the end-of-text token before each context and is never cut.</param>
    /// <param name="path">JSON lines.</param>
    /// <param name="progress">Told how many items are done, of how many.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <exception cref="InvalidDataException">A line is none of LAMBADA, or nothing can be measured.</exception>
    public static TaskResult Measure(TaskModel model, string path, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        string[] texts = [.. TaskFiles.Read(path, Expected).Select(item => item.Text("text"))];
        var sums = new List<double>();
        int right = 0, cut = 0, done = 0;
        foreach (string[] chunk in texts.Chunk(ItemsAtOnce))
        {
            Sequence[] sequences = [.. chunk.Select(text => Cut(model, text)).OfType<Sequence>()];
            (float[][] logProbs, float[][] margins) = SequenceLogProbs.WithMargins(model.Model, [.. sequences.Select(sequence => sequence.Ids)], cancel);
            for (int i = 0; i < sequences.Length; i++)
            {
                Sequence sequence = sequences[i];
                double sum = 0;
                bool isRight = true;
                for (int place = logProbs[i].Length - sequence.Targets; place < logProbs[i].Length; place++)
                {
                    sum += logProbs[i][place];
                    isRight &= margins[i][place] > 0;
                }
                sums.Add(sum);
                if (isRight) right++;
                if (sequence.IsCut) cut++;
            }
            progress?.Invoke(done += chunk.Length, texts.Length);
        }
        if (sums.Count == 0) throw new InvalidDataException($"{path}: of {texts.Length} items none has a last word that this model can be asked for; {Expected} was expected");
        var metrics = new TaskMetrics();
        metrics.Add("accuracy", Estimate.OfShare(right, sums.Count));
        metrics.Add("perplexity", Estimate.OfMean([.. sums], mean => Math.Exp(-mean)));
        metrics.Add("cut", cut);
        metrics.Add("skipped", texts.Length - sums.Count);
        return metrics.Result("lambada_openai", $"The last word of {Path.GetFileName(path)}'s passages{model.PrefixInWords}: all its tokens the most probable, and exp of minus the mean log-probability of the word. "
            + "Intervals: Wilson; bootstrap over items.", sums.Count);
    }

    /// <summary>Context and target of a passage.</summary>
    public static (string Context, string Target) Split(string text)
    {
        int last = text.LastIndexOf(' ');
        return (last < 0 ? "" : text[..last], " " + text[(last + 1)..]);
    }

    /// <summary>
    /// lm_eval's joining rule: white space at the context's end moves to the target, both are encoded as one, and the target's ids are those behind as many as
    /// the context has alone.
    /// </summary>
    public static (int[] Context, int[] Target) Encode(BpeTokenizer tokenizer, string context, string target)
    {
        int end = context.Length;
        while (end > 0 && PythonText.IsWhite(context[end - 1])) end--;
        List<int> alone = tokenizer.Encode(context[..end]), whole = tokenizer.Encode(context + target);
        return ([.. alone], [.. whole.Skip(alone.Count)]);
    }

    /// <summary>The ids of an item as the model reads them; null where there is nothing to ask.</summary>
    private static Sequence? Cut(TaskModel model, string text)
    {
        (int[] context, int[] target) = Split(text) is var (before, last) ? Encode(model.Tokenizer, before, last) : default;
        int[] start = model.Start.Length > 1 || context.Length == 0 ? model.Start : []; // something must stand before the first target
        int room = model.Model.Config.Positions + 1 - start.Length - target.Length; // the last token is only a target, so one more fits
        if (target.Length == 0 || room < 0 || (room == 0 && start.Length == 0)) return null;
        bool isCut = context.Length > room;
        return new Sequence([.. start, .. isCut ? context[^room..] : context, .. target], target.Length, isCut);
    }

    private sealed record Sequence(int[] Ids, int Targets, bool IsCut);
}
