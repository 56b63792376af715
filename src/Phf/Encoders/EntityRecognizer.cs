using Phf.Scoring;
using Phf.Text;

namespace Phf.Encoders;

/// <summary>
/// Named entities by a token classifier. The label of a word's first token is the word's; a word is a run of tokens without white space or punctuation between.
/// A text longer than the model's context is read in windows that overlap by half, and a token's label is that of the window in which it stands further inside.
/// </summary>
public sealed class EntityRecognizer
{
    /// <summary>What can be looked for, under scrubadub's names.</summary>
    public static IReadOnlyList<string> AllTypes { get; } = ["name", "organization", "location"];

    /// <summary>What scrubadub's spaCy and Stanford detectors look for unless told otherwise.</summary>
    public static IReadOnlyList<string> DefaultTypes { get; } = ["name", "organization"];

    private readonly EncoderModel _model;
    private readonly EntityTags _tags;
    private readonly int _step, _shared; // tokens of the text from window to window, and in two of them

    /// <param name="model">A classifier of tokens; stays alive as long as this.</param>
    /// <param name="types">Some of <see cref="AllTypes"/>.</param>
    /// <exception cref="InvalidDataException">It has no labels for them.</exception>
    public EntityRecognizer(EncoderModel model, IReadOnlyCollection<string> types)
    {
        if (model.Config.Task != EncoderTask.Tokens)
            throw new InvalidDataException($"{model.Source} gives labels to texts, not to tokens; named entities need a model for token classification");
        (_model, _tags) = (model, EntityTags.Of(model.Config.Labels, types, model.Source));
        int room = model.Context - model.Encode("")[0].Ids.Length;
        _shared = room / 2;
        _step = room - _shared;
        Finder = new EntityFinder($"{model.Id}:{string.Join('+', AllTypes.Where(types.Contains))}", Find);
    }

    /// <summary>For <see cref="PiiOptions.Entities"/>; its id has the model's and the types.</summary>
    public EntityFinder Finder { get; }

    /// <exception cref="InvalidDataException">No label is for one of <see cref="DefaultTypes"/>; <paramref name="source"/> names the model.</exception>
    public static void CheckLabels(IReadOnlyList<string> labels, string source) => EntityTags.Of(labels, DefaultTypes, source);

    /// <summary>The entities of each text from left to right.</summary>
    public IReadOnlyList<Finding>[] Find(string[] texts)
    {
        IReadOnlyList<EncodedText>[] windows = [.. texts.Select(text => _model.Encode(text, _shared))];
        float[][] logits = _model.Logits(windows.SelectMany(parts => parts));
        var results = new IReadOnlyList<Finding>[texts.Length];
        for (int i = 0, next = 0; i < texts.Length; next += windows[i++].Count)
            results[i] = _tags.Entities(Words(texts[i], windows[i], logits.AsSpan(next, windows[i].Count)));
        return results;
    }

    private List<LabelledWord> Words(string text, IReadOnlyList<EncodedText> windows, ReadOnlySpan<float[]> logits)
    {
        var words = new List<LabelledWord>();
        for (int w = 0; w < windows.Count; w++)
        {
            EncodedText window = windows[w];
            int number = w * _step; // of the text's token
            int first = w == 0 ? 0 : number + _shared / 2, last = w == windows.Count - 1 ? int.MaxValue : number + _step + _shared / 2;
            for (int t = 0; t < window.Ids.Length; t++)
            {
                if (window.IsAdded[t]) continue;
                if (number >= first && number < last) Add(words, text, window.Offsets[t], Best(logits[w], t));
                number++;
            }
        }
        return words;
    }

    private static void Add(List<LabelledWord> words, string text, (int Start, int End) token, int label)
    {
        if (token.Start == token.End) return; // stands for nothing that can be seen
        bool goesOn = words.Count > 0 && token.Start <= words[^1].End && !StandsAlone(text[token.Start]) && !StandsAlone(text[token.Start - 1]);
        if (goesOn) words[^1] = words[^1] with { End = Math.Max(words[^1].End, token.End) };
        else words.Add(new LabelledWord(token.Start, token.End, label));
    }

    /// <summary>Characters that tokenizers of this family make words of: punctuation, symbols, and ideographs.</summary>
    private static bool StandsAlone(char c) => char.IsPunctuation(c) || char.IsSymbol(c) || char.IsWhiteSpace(c) || c is >= '\u3400' and <= '\u9FFF' or >= '\uF900' and <= '\uFAFF';

    private int Best(float[] logits, int token)
    {
        int labels = _model.Config.Labels.Count;
        ReadOnlySpan<float> row = logits.AsSpan(token * labels, labels);
        int best = 0;
        for (int i = 1; i < labels; i++)
            if (row[i] > row[best]) best = i;
        return best;
    }
}
