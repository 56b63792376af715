using Phf.Scoring;
using Phf.Text;

namespace Phf.Encoders;

/// <summary>
/// The probability that an encoder gives the label <c>toxicity</c>, as Detoxify's models and those of transformers do (<c>toxic</c> is the same label under another
/// name). A text longer than the model's context is scored by its beginning, as Detoxify does; <see cref="CutTexts"/> counts them.
/// </summary>
public sealed class EncoderToxicityScorer : IScorer
{
    private const string Label = "toxicity";

    private readonly EncoderModel _model;
    private readonly int _label;
    private long _texts, _cutTexts;

    /// <param name="model">A classifier of texts; stays alive as long as this.</param>
    /// <exception cref="InvalidDataException">It has no such label.</exception>
    public EncoderToxicityScorer(EncoderModel model)
    {
        if (model.Config.Task != EncoderTask.Sequence)
            throw new InvalidDataException($"{model.Source} gives labels to tokens, not to texts; the scorer toxicity needs a model for sequence classification");
        _model = model;
        _label = IndexIn(model.Config.Labels);
        if (_label < 0) throw new InvalidDataException($"{model.Source} has no label '{Label}'; it has {string.Join(", ", model.Config.Labels)}");
    }

    /// <summary><c>toxicity/bert-</c> and 12 hexadecimal digits: <see cref="EncoderModel.Id"/>.</summary>
    public string Id => $"{Label}/{_model.Id}";

    /// <summary>Texts scored so far.</summary>
    public long Texts => Interlocked.Read(ref _texts);

    /// <summary>How many of them were longer than <see cref="Context"/>.</summary>
    public long CutTexts => Interlocked.Read(ref _cutTexts);

    /// <summary>Tokens that the model reads of a text, special ones included.</summary>
    public int Context => _model.Context;

    /// <summary>Whether a model with these labels can be used.</summary>
    public static bool HasLabel(IReadOnlyList<string> labels) => IndexIn(labels) >= 0;

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        var encoded = new EncodedText[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            IReadOnlyList<EncodedText> parts = _model.Encode(texts[i]);
            encoded[i] = parts[0];
            if (parts.Count > 1) Interlocked.Increment(ref _cutTexts);
        }
        Interlocked.Add(ref _texts, texts.Length);
        float[][] logits = _model.Logits(encoded);
        for (int i = 0; i < texts.Length; i++) scores[i] = _model.Probabilities(logits[i])[_label];
    }

    private static int IndexIn(IReadOnlyList<string> labels) => labels.Select(DetoxifyCheckpoint.Standard).ToList().IndexOf(Label);
}
