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
    public static PerplexityResult Measure(TaskModel model, string path, SkippedRecords skipped, Action<int, int>? progress = null, CancellationToken cancel = default)
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
        return new PerplexityResult
        {
            File = Path.GetFileName(path),
            Prefix = model.Prefix,
            Documents = texts.Length,
            Words = (long)words.Sum(),
            Bytes = (long)bytes.Sum(),
            Tokens = (long)tokens.Sum(),
            PerWord = Estimate.OfRatio(losses, words, Math.Exp),
            PerByte = Estimate.OfRatio(losses, bytes, Math.Exp),
            PerToken = Estimate.OfRatio(losses, tokens, Math.Exp),
            BitsPerByte = Estimate.OfRatio(losses, bytes, nats => nats / Math.Log(2)),
        };
    }
}
