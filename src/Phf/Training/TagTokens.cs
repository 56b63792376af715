using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>
/// The tags of a run as its tokenizer writes them, best first: one token each, or the ordinary tokens of a text. What a model reads and
/// writes goes through here, so that tags stand in prompts as they stood in training, and in no sample.
/// </summary>
public sealed class TagTokens
{
    private readonly BpeTokenizer _tokenizer, _withTags; // the second one knows every tag as one token
    private readonly bool _isText;

    private TagTokens(IReadOnlyList<string> texts, bool isText, BpeTokenizer tokenizer)
    {
        (Texts, _isText, _tokenizer, _withTags) = (texts, isText, tokenizer, tokenizer.WithAddedTokens([.. texts]));
        Ids = [.. texts.Select(text => isText ? IdsOfText(text) : IdsOfToken(text))];
        for (int i = 0; i < Ids.Count; i++)
            for (int k = 0; k < Ids.Count; k++)
                if (i != k && Ids[k].AsSpan().StartsWith(Ids[i]))
                    throw new InvalidDataException($"tag '{Texts[k]}' begins with tag '{Texts[i]}', so the one could not be banned without the other; give other tags");
    }

    /// <summary>The tags of a configuration; none where it asks for none.</summary>
    /// <exception cref="InvalidDataException">A tag is no token of the tokenizer, or is one although it should be ordinary text.</exception>
    public static TagTokens Of(ConditionalTrainingConfig? tags, BpeTokenizer tokenizer) =>
        new(tags?.Tags ?? [], tags?.TagForm == ConditionalTrainingConfig.AsText, tokenizer);

    /// <summary>Best first; empty without tags.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>Token ids of each tag.</summary>
    public IReadOnlyList<int[]> Ids { get; }

    /// <summary>The ids of a text in which tags may stand, each as training writes it.</summary>
    public int[] Encode(string text) =>
        [.. _withTags.Encode(text).SelectMany(id => id < _tokenizer.VocabularySize ? [id] : Ids[Tag(id)])];

    /// <summary>The text of ids that a model wrote, without special tokens and without tags. A tag that was cut off stays.</summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        string text = _tokenizer.Decode(ids, skipSpecialTokens: true);
        return _isText ? Texts.Aggregate(text, (rest, tag) => rest.Replace(tag, "", StringComparison.Ordinal)) : text;
    }

    /// <summary>
    /// Sequences of ids to ban so that no tag but the <paramref name="allowed"/> is written. Of a tag of several tokens it is the
    /// beginning that no allowed tag shares (two tokens at least): banned at its last token it would stand in the text all but whole.
    /// </summary>
    public IReadOnlyList<int[]> Bans(params int[] allowed)
    {
        int[][] free = [.. allowed.Select(tag => Ids[tag])];
        return [.. Ids.Where(tag => !free.Contains(tag)).Select(Beginning).DistinctBy(ids => string.Join(' ', ids))];

        int[] Beginning(int[] tag)
        {
            int shared = free.Select(other => tag.AsSpan().CommonPrefixLength(other)).DefaultIfEmpty().Max();
            return tag[..Math.Min(tag.Length, Math.Max(2, shared + 1))];
        }
    }

    private int Tag(int id) => Enumerable.Range(0, Texts.Count).First(tag => _withTags.TryGetId(Texts[tag], out int own) && own == id);

    private int[] IdsOfToken(string tag) => _tokenizer.TryGetId(tag, out int id)
        ? [id]
        : throw new InvalidDataException($"tag '{tag}' is no token of the tokenizer; add it to tokenizer.special_tokens, or set tag_form to text");

    private int[] IdsOfText(string tag)
    {
        int[] ids = [.. _tokenizer.Encode(tag)];
        return ids.Length > 1 ? ids : throw new InvalidDataException($"tag '{tag}' is one token of the tokenizer; set tag_form to token, or give another text");
    }
}
