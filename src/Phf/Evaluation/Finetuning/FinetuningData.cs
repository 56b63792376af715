using Phf.Formats;
using Phf.Text;

namespace Phf.Evaluation.Finetuning;

/// <summary>A text as the model reads it.</summary>
internal sealed record EncodedExample(int[] Ids, int Label);

/// <summary>Training and dev texts as tokens, and their labels as numbers.</summary>
internal sealed record FinetuningData
{
    private const int MostLabels = 1000;

    public required IReadOnlyList<string> Labels { get; init; }

    public required IReadOnlyList<EncodedExample> Train { get; init; }

    public required IReadOnlyList<EncodedExample> Dev { get; init; }

    /// <summary>Texts of both that were cut.</summary>
    public required int Cut { get; init; }

    /// <exception cref="InvalidDataException">One label only, too many, or one of the dev texts that no training text has.</exception>
    public static FinetuningData Encode(IReadOnlyList<LabelledExample> train, IReadOnlyList<LabelledExample> dev, BpeTokenizer tokenizer, int positions)
    {
        string[] labels = [.. train.Select(example => example.Label).Distinct().Order(StringComparer.Ordinal)];
        if (labels.Length < 2) throw new InvalidDataException($"all {train.Count} training texts have the label '{labels[0]}'; there is nothing to tell apart, is it the right field (--label-field)?");
        if (labels.Length > MostLabels) throw new InvalidDataException($"the training texts have {labels.Length} different labels, at most {MostLabels} were expected; is it the right field (--label-field)?");
        LabelledExample? unknown = dev.FirstOrDefault(example => Array.IndexOf(labels, example.Label) < 0);
        if (unknown is not null)
            throw new InvalidDataException($"{unknown.Where}: label '{Shortened.Of(unknown.Label)}', which no training text has; known are {string.Join(", ", labels.Take(10).Select(name => Shortened.Of(name)))}");
        int cut = 0;
        return new FinetuningData { Labels = labels, Train = [.. train.Select(Encoded)], Dev = [.. dev.Select(Encoded)], Cut = cut };

        EncodedExample Encoded(LabelledExample example)
        {
            (int[] ids, bool isCut) = Join(tokenizer, example, positions);
            if (isCut) cut++;
            return new EncodedExample(ids, Array.IndexOf(labels, example.Label));
        }
    }

    /// <summary>
    /// End-of-text and the text, as a document; of a pair then end-of-text and the second text. What is too long loses the end of its longer text, as in GLUE's own
    /// baselines.
    /// </summary>
    internal static (int[] Ids, bool IsCut) Join(BpeTokenizer tokenizer, LabelledExample example, int positions)
    {
        List<int> first = tokenizer.Encode(example.Text);
        if (example.Pair is null) return ([tokenizer.EndOfTextId, .. first.Take(positions - 1)], first.Count > positions - 1);
        List<int> second = tokenizer.Encode(example.Pair);
        int room = positions - 2, half = room / 2;
        if (first.Count + second.Count <= room) return ([tokenizer.EndOfTextId, .. first, tokenizer.EndOfTextId, .. second], false);
        int ofSecond = Math.Min(second.Count, Math.Max(half, room - first.Count));
        return ([tokenizer.EndOfTextId, .. first.Take(room - ofSecond), tokenizer.EndOfTextId, .. second.Take(ofSecond)], true);
    }
}
