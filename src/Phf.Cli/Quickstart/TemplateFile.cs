using System.Text;

namespace Phf.Cli.Quickstart;

/// <summary>
/// Sentence templates in sections: "== name" begins one, each line is an entry (in words.txt several, divided by " / "), '#' begins a comment line.
/// In an entry {slot} is filled in and [a|b] is one of its parts. Files are resources of the assembly.
/// </summary>
internal sealed class TemplateFile
{
    private readonly Dictionary<string, List<string>> _sections = new(StringComparer.Ordinal);

    private TemplateFile(string name) => Name = name;

    public string Name { get; }

    /// <summary>The entries of a section; KeyNotFoundException if there is none (templates are part of the program).</summary>
    public List<string> this[string section] => _sections[section];

    public bool Has(string section) => _sections.ContainsKey(section);

    /// <summary>Reads the resource Quickstart/Templates/<paramref name="name"/>.txt.</summary>
    public static TemplateFile Read(string name)
    {
        using Stream stream = typeof(TemplateFile).Assembly.GetManifestResourceStream($"Phf.Cli.Quickstart.Templates.{name}.txt")
            ?? throw new InvalidOperationException($"template file {name}.txt is not in the program");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var file = new TemplateFile(name);
        List<string> section = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.StartsWith("== ", StringComparison.Ordinal)) file._sections.Add(line[3..], section = []);
            else section.AddRange(line.Split(" / "));
        }
        return file;
    }
}
