using Phf.Scoring;

namespace Phf.Encoders;

/// <summary>A word of a text, UTF-16 offsets [Begin, End), and the label that a token classifier gave it.</summary>
internal readonly record struct LabelledWord(int Begin, int End, int Label);

/// <summary>
/// What the labels of a token classifier mean: BIO tags (<c>B-PER</c> begins, <c>I-PER</c> goes on, <c>O</c> is nothing), those with ends and single words besides
/// (BIOES, BILOU), or types alone (<c>PER</c>).
/// </summary>
internal sealed class EntityTags
{
    /// <summary>The types of entities that scrubadub's spaCy and Stanford detectors know, and its names for what they find.</summary>
    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["PER"] = "name",
        ["PERSON"] = "name",
        ["ORG"] = "organization",
        ["ORGANIZATION"] = "organization",
        ["LOC"] = "location",
        ["LOCATION"] = "location",
        ["GPE"] = "location",
        ["FAC"] = "location",
    };

    private readonly (char Prefix, string? Type)[] _tags; // by label; no type: nothing that is looked for

    private EntityTags((char, string?)[] tags) => _tags = tags;

    /// <param name="labels">Of the model, in order.</param>
    /// <param name="wanted">Names of scrubadub's that count as finds.</param>
    /// <param name="source">The model, for the message.</param>
    /// <exception cref="InvalidDataException">No label is of a wanted type.</exception>
    public static EntityTags Of(IReadOnlyList<string> labels, IReadOnlyCollection<string> wanted, string source)
    {
        (char, string?)[] tags = [.. labels.Select(label =>
        {
            bool hasPrefix = label.Length > 2 && label[1] is '-' or '_' && "BIESLU".Contains(label[0]);
            string? type = Types.GetValueOrDefault(hasPrefix ? label[2..] : label);
            return (hasPrefix ? label[0] : 'I', type is not null && wanted.Contains(type) ? type : null);
        })];
        return tags.Any(tag => tag.Item2 is not null) ? new EntityTags(tags)
            : throw new InvalidDataException($"{source}: none of its labels is for a {string.Join(" or ", wanted)}; it has {string.Join(", ", labels)}");
    }

    /// <summary>The entities of a text from its words in order.</summary>
    public List<Finding> Entities(IEnumerable<LabelledWord> words)
    {
        var found = new List<Finding>();
        bool isOpen = false; // whether the last find may go on
        foreach (LabelledWord word in words)
        {
            (char prefix, string? type) = _tags[word.Label];
            bool goesOn = isOpen && prefix is 'I' or 'E' or 'L' && found[^1].Type == type;
            if (goesOn) found[^1] = found[^1] with { End = word.End };
            else if (type is not null) found.Add(new Finding(word.Begin, word.End, type));
            isOpen = type is not null && prefix is 'B' or 'I';
        }
        return found;
    }
}
