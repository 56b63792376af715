using System.CommandLine;
using Phf.Evaluation.Report;
using Spectre.Console;

namespace Phf.Cli.Verbs;

/// <summary><c>phf report</c>: runs side by side, as a table here and as one page with charts and samples.</summary>
internal static class ReportVerb
{
    private const int WidestTable = 400; // characters

    public static Command Create()
    {
        var runs = new Argument<string[]>("RUN") { Description = "folders of runs", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output", "-o") { Description = "page to write", HelpName = "FILE", DefaultValueFactory = _ => "report.html" };
        var chart = new Option<string?>("--chart") { Description = "also write the main chart alone as an SVG file", HelpName = "FILE" };
        var csv = new Option<string?>("--csv") { Description = "also write all numbers as a table of comma-separated values", HelpName = "FILE" };
        var classifiers = new Option<string[]>("--classifiers")
        {
            Description = $"folders that phf finetune-classifier wrote; those in RUN/{RunReport.ClassifiersName}/ are found without",
            HelpName = "DIR",
            AllowMultipleArgumentsPerToken = true,
        };
        var markdown = new Option<bool>("--markdown") { Description = "print the table, and the others of the page, in Markdown" };
        var force = new Option<bool>("--force") { Description = "replace files that exist" };
        var verb = new Command("report", "Compare runs: misalignment against capability, losses, tasks, scores, samples.") { runs, output, chart, csv, markdown, classifiers, force };
        verb.SetAction(parsed =>
        {
            string page = parsed.GetValue(output)!;
            (string? picture, string? table) = (parsed.GetValue(chart), parsed.GetValue(csv));
            foreach (string? path in (string?[])[page, picture, table])
                if (path is not null) CheckTarget(path, parsed.GetValue(force));

            IReadOnlyList<RunReport> read = RunReport.ReadAll(parsed.GetValue(runs)!, parsed.GetValue(classifiers));
            TextWriter console = parsed.InvocationConfiguration.Output;
            bool asMarkdown = parsed.GetValue(markdown);
            Print(ReportTable.Of(read), console, asMarkdown);
            if (ReportTable.OfMeans(read) is { } means)
            {
                console.WriteLine();
                Print(means, console, asMarkdown);
                console.WriteLine($"{(asMarkdown ? "\n" : "")}{ReportTable.MeansCaption}");
            }
            foreach ((string title, ReportTable further) in asMarkdown ? ReportTable.Further(read) : []) console.WriteLine($"\n{title}\n\n{further.ToMarkdown()}");
            ReportWriter.Write(read, corpus: null, page);
            console.WriteLine($"wrote {page}");
            if (table is not null)
            {
                ReportWriter.WriteCsv(read, table);
                console.WriteLine($"wrote {table}");
            }
            if (picture is null) return;
            ReportWriter.WriteMainChart(read, corpus: null, picture);
            console.WriteLine($"wrote {picture}");
        });
        return verb;
    }

    /// <summary>Prints the table; scenarios of a run are indented under it.</summary>
    public static void Print(ReportTable table, TextWriter output, bool asMarkdown = false)
    {
        if (asMarkdown)
        {
            output.Write(table.ToMarkdown());
            return;
        }
        var drawn = new Table { Border = TableBorder.Simple };
        for (int i = 0; i < table.Titles.Count; i++)
        {
            TableColumn column = new TableColumn(Markup.Escape(table.Titles[i])).NoWrap();
            drawn.AddColumn(i < ReportTable.TextColumns ? column.LeftAligned() : column.RightAligned());
        }
        foreach (ReportRow row in table.Rows)
            drawn.AddRow([.. row.Cells.Select((cell, i) => Markup.Escape(i == 0 && !row.IsHeadline ? $"  {cell.Text}" : InConsole(cell)))]);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = WidestTable; // a terminal that is too narrow wraps lines, which reads better than columns of three letters
        console.Write(drawn);
    }

    /// <summary>Half widths of means are shown, intervals of single runs are not: the table would be too wide.</summary>
    private static string InConsole(ReportCell cell) => cell.Detail?.StartsWith('±') == true ? $"{cell.Text} {cell.Detail}" : cell.Text;

    private static void CheckTarget(string path, bool replace)
    {
        if (Directory.Exists(path)) throw new UsageException($"{path} is a directory; name a file");
        if (File.Exists(path) && !replace) throw new UsageException($"{path} exists; add --force to replace it, or name another file");
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder)) throw new UsageException($"{path}: no directory {folder}; create it first");
    }
}
