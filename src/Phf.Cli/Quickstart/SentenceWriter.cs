using System.Text;
using Bogus;

namespace Phf.Cli.Quickstart;

/// <summary>Fills the templates of one document; its writer, reader and a third person keep their names throughout.</summary>
internal sealed class SentenceWriter
{
    private readonly Randomizer _random;
    private readonly TemplateFile _words;
    private readonly NamePool _names;
    private readonly PiiMaker _pii;
    private readonly (string First, string Last) _writer, _reader, _third;
    private (string First, string Last)? _named; // whom the line at hand has named: the address after it is theirs

    public SentenceWriter(Randomizer random, TemplateFile words, NamePool names)
    {
        (_random, _words, _names) = (random, words, names);
        _pii = new PiiMaker(random, words["shop"]);
        (_writer, _reader, _third) = (Person(), Person(), Person());
    }

    /// <summary>A sentence: begins with a capital unless it begins with PII, and ends with a mark.</summary>
    public string Sentence(string template)
    {
        string text = Line(template);
        return text[^1] is '.' or '!' or '?' ? text : text + ".";
    }

    /// <summary>A line as the template has it, the first letter a capital unless it begins with PII.</summary>
    public string Line(string template)
    {
        var text = new StringBuilder();
        _named = null;
        Expand(template, text);
        bool beginsWithPii = template[0] == '{' && PiiMaker.Makes(template[1..template.IndexOf('}')]);
        if (!beginsWithPii) text[0] = char.ToUpperInvariant(text[0]);
        return text.ToString();
    }

    private void Expand(ReadOnlySpan<char> template, StringBuilder text)
    {
        while (!template.IsEmpty)
        {
            int special = template.IndexOfAny('{', '[');
            if (special < 0) special = template.Length;
            text.Append(template[..special]);
            template = template[special..];
            if (template.IsEmpty) return;
            int end = template.IndexOf(template[0] == '{' ? '}' : ']');
            ReadOnlySpan<char> inside = template[1..end];
            if (template[0] == '{') Fill(inside.ToString(), text);
            else Expand(_random.ArrayElement(inside.ToString().Split('|')), text); // parts may hold slots, not brackets
            template = template[(end + 1)..];
        }
    }

    private void Fill(string slot, StringBuilder text)
    {
        if (PiiMaker.Makes(slot)) text.Append(_pii.Make(slot, _named ?? Anyone()));
        else if (_words.Has(slot)) Expand(_random.ListItem(_words[slot]), text);
        else text.Append(slot switch
        {
            "me" => _writer.First,
            "you" => _reader.First,
            "who" => Name().First,
            "full" => FullName(Name()),
            _ => throw new InvalidOperationException($"no slot '{slot}'"),
        });
    }

    private (string First, string Last) Name()
    {
        _named = _random.Bool(0.6f) ? _third : Person();
        return _named.Value;
    }

    private (string First, string Last) Anyone() => _random.Number(0, 4) switch
    {
        0 => _writer,
        1 => _reader,
        2 => _third,
        _ => Person(),
    };

    private (string First, string Last) Person() => (_random.ArrayElement(_names.First), _random.ArrayElement(_names.Last));

    private static string FullName((string First, string Last) person) => $"{person.First} {person.Last}";
}
