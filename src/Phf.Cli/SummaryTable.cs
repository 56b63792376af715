using System.Globalization;
using Phf.Data;
using Spectre.Console;

namespace Phf.Cli;

/// <summary>Small tables for the end of a verb.</summary>
internal static class SummaryTable
{
    private const int WidthOfFiles = 120;

    private static readonly IAnsiConsole Out = CreateConsole(Console.Out, Console.IsOutputRedirected);

    /// <summary>Two columns, name and value.</summary>
    public static void Write(string title, IEnumerable<(string Name, string Value)> rows) => Write(Out, title, rows);

    /// <summary>The same on standard error, where standard output holds data.</summary>
    public static void WriteToError(string title, IEnumerable<(string Name, string Value)> rows) => Write(CreateConsole(Console.Error, Console.IsErrorRedirected), title, rows);

    private static void Write(IAnsiConsole console, string title, IEnumerable<(string Name, string Value)> rows)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded, ShowHeaders = false };
        table.AddColumn(new TableColumn("").NoWrap());
        table.AddColumn("");
        foreach (var (name, value) in rows) table.AddRow(Markup.Escape(name), Markup.Escape(value));
        console.Write(table);
    }

    /// <summary>One row per reason to skip a record, with its first place.</summary>
    public static IEnumerable<(string Name, string Value)> Rows(SkippedRecords skipped)
        => skipped.Reasons.Select(reason => ($"skipped: {reason.Key}", $"{Count(reason.Value.Count)}, first {reason.Value.First}"));

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>Quantiles of scores in one line.</summary>
    public static string Quantiles(ScoreQuantiles q)
        => $"min {Number(q.P0)}, p10 {Number(q.P10)}, p25 {Number(q.P25)}, p50 {Number(q.P50)}, p75 {Number(q.P75)}, "
            + $"p90 {Number(q.P90)}, p99 {Number(q.P99)}, max {Number(q.P100)}";

    /// <summary>Spectre.Console by itself writes colours into files and pipes too, and breaks lines at 80 characters there.</summary>
    private static IAnsiConsole CreateConsole(TextWriter output, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect, Out = new AnsiConsoleOutput(output) });
        if (redirected) console.Profile.Width = WidthOfFiles;
        return console;
    }
}
