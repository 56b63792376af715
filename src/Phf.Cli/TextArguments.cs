using System.CommandLine;
using Phf.Data;

namespace Phf.Cli;

/// <summary>The options of every verb that reads texts: which field of a record, and which format.</summary>
internal sealed class TextArguments
{
    private readonly Option<string> _field = new("--text-field") { Description = "JSON field or CSV column with the text", HelpName = "NAME", DefaultValueFactory = _ => new TextOptions().TextField };
    private readonly Option<string> _format = new("--format") { Description = "format of the files; auto goes by their names", DefaultValueFactory = _ => "auto" };

    public void AddTo(Command command)
    {
        _format.AcceptOnlyFromAmong("auto", "jsonl", "txt", "csv");
        command.Options.Add(_field);
        command.Options.Add(_format);
    }

    public TextOptions Read(ParseResult parsed) => new()
    {
        TextField = parsed.GetRequiredValue(_field),
        Format = parsed.GetValue(_format) switch
        {
            "jsonl" => TextFormat.JsonLines,
            "txt" => TextFormat.Text,
            "csv" => TextFormat.Csv,
            _ => TextFormat.Auto,
        },
    };
}
