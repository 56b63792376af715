using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Phf.Training.Configuration;

/// <summary>
/// Reads the plain part of YAML that configurations need: mappings, lists and scalars. Files come from strangers, so depth and the number of
/// values are limited (bytes by <see cref="ConfigLoader"/>), anchors, aliases and tags are refused (no text grows on reading,
/// no type is chosen by the file), and so are keys written twice.
/// </summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 32;
    private const int MaxNodes = 20_000;
    private readonly string _source;
    private readonly bool _hasLines;
    private readonly IParser _parser;
    private int _nodes;

    private YamlReader(string text, string source, bool hasLines)
    {
        _source = source;
        _hasLines = hasLines;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>
    /// The one document in <paramref name="text"/>; an empty one is an empty mapping. <paramref name="source"/> names it in messages;
    /// <paramref name="hasLines"/> says whether line numbers help (a file) or not (a command line).
    /// Throws <see cref="InvalidDataException"/> with place and reason.
    /// </summary>
    public static ConfigNode Read(string text, string source, bool hasLines)
    {
        var reader = new YamlReader(text, source, hasLines);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException problem)
        {
            throw new InvalidDataException($"{reader.PlaceOf(problem.Start)}: no valid YAML: {problem.Message}", problem);
        }
        catch (InvalidOperationException problem) // the scanner's own, for some half-written flow lists
        {
            throw new InvalidDataException($"{reader.PlaceOf(reader._parser.Current?.End ?? Mark.Empty)}: no valid YAML from here on", problem);
        }
    }

    private ConfigNode ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _)) return MappingNode.Empty(PlaceOf(_parser.Current!.Start));
        _parser.Consume<DocumentStart>();
        ConfigNode root = ReadNode(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _))
            throw new InvalidDataException($"{PlaceOf(_parser.Current!.Start)}: a second document begins; a configuration is one document");
        return root;
    }

    private ConfigNode ReadNode(int depth)
    {
        ParsingEvent first = _parser.Consume<ParsingEvent>();
        Place place = PlaceOf(first.Start);
        if (++_nodes > MaxNodes) throw new InvalidDataException($"{place}: more than {MaxNodes} keys and values; no configuration has so many");
        if (depth > MaxDepth) throw new InvalidDataException($"{place}: nested deeper than {MaxDepth} levels");
        if (first is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
            throw new InvalidDataException($"{place}: anchors and aliases (& and *) are not read; write the value out");
        if (first is NodeEvent { Tag.IsEmpty: false })
            throw new InvalidDataException($"{place}: tags (!) are not read; leave the tag out");
        return first switch
        {
            Scalar scalar => new ScalarNode(place, scalar.Value, IsQuoted: scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadSequence(place, depth),
            MappingStart => ReadMapping(place, depth),
            _ => throw new InvalidDataException($"{place}: expected a value"),
        };
    }

    private SequenceNode ReadSequence(Place place, int depth)
    {
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
        return new SequenceNode(place, items);
    }

    private MappingNode ReadMapping(Place place, int depth)
    {
        var entries = new Dictionary<string, ConfigEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not ScalarNode key) throw new InvalidDataException($"{place}: a key must be a plain word");
            if (entries.TryGetValue(key.Text, out ConfigEntry? earlier))
                throw new InvalidDataException($"{key.Place}: key {key.Text} stands here and at {earlier.KeyPlace}; keep one");
            entries.Add(key.Text, new ConfigEntry(key.Place, ReadNode(depth + 1)));
        }
        return new MappingNode(place, entries);
    }

    private Place PlaceOf(Mark mark) => new(_source, _hasLines ? mark.Line : 0);
}
