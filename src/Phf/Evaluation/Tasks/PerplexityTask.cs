using System.Text;
using Phf.Data;
using Phf.Model;

namespace Phf.Evaluation.Tasks;

/// <summary>
/// Zero-shot perplexity of a text: every token is charged, the first one behind the end-of-text token. Text longer than the model's context is read in
/// windows that overlap by half (<see cref="SequenceLogProbs"/>).
/// </summary>
public static class PerplexityTask
{
    private const int DocumentsAtOnce = 64;

    /// <summary>Measures a file: JSON lines, CSV (a document a record), or .txt (one document), each also .gz.</summary>
    /// <param name="model">Its prefix stands between the end-of-text token and each document.</param>
    /// <param name="path">The file; the field or column is <c>text</c>.</param>
    /// <param name="skipped">Receives records without text.</param>
    /// <param name="progress">Told how many documents are done, of how many.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <exception cref="InvalidDataException">There is no text in the file.</exception>
    public static TaskResult Measure(TaskModel model, string path, SkippedRecords skipped, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        string[] texts = [.. TextRecords.Read([path], new TextOptions { Document = DocumentUnit.File }, skipped).Select(record => record.Text)];
        if (texts.Length == 0) throw new InvalidDataException($"{path}: no text in it ({(skipped.Total == 0 ? "only white space" : skipped.Reasons.First().Key)}); expected text, or JSON lines with a field 'text'");
        double[] losses = new double[texts.Length], words = new double[texts.Length], bytes = new double[texts.Length], tokens = new double[texts.Length];
        int done = 0;
        foreach (string[] chunk in texts.Chunk(DocumentsAtOnce))
        {
            float[][] logProbs = SequenceLogProbs.Of(model.Model, [.. chunk.Select(model.Document)], cancel);
            for (int i = 0; i < chunk.Length; i++, done++)
            {
                losses[done] = -model.SumBehindStart(logProbs[i]);
                words[done] = Words.Count(chunk[i]);
                bytes[done] = Encoding.UTF8.GetByteCount(chunk[i]);
                tokens[done] = logProbs[i].Length - (model.Start.Length - 1);
            }
            progress?.Invoke(done, texts.Length);
        }
        var metrics = new TaskMetrics();
        metrics.Add("word_perplexity", Estimate.OfRatio(losses, words, Math.Exp));
        metrics.Add("byte_perplexity", Estimate.OfRatio(losses, bytes, Math.Exp));
        metrics.Add("token_perplexity", Estimate.OfRatio(losses, tokens, Math.Exp));
        metrics.Add("bits_per_byte", Estimate.OfRatio(losses, bytes, nats => nats / Math.Log(2)));
        metrics.Add("words", words.Sum());
        metrics.Add("bytes", bytes.Sum());
        metrics.Add("tokens", tokens.Sum());
        return metrics.Result("perplexity", $"Perplexity of {Path.GetFileName(path)} by words between white space, UTF-8 bytes and tokens, each document behind the end-of-text token{model.PrefixInWords}. "
            + "Intervals: bootstrap over documents.", texts.Length);
    }
}
