using Phf.Formats;

namespace Phf.Data;

/// <summary>Comma-separated values with a header row. Records that cannot be used are skipped and counted.</summary>
internal sealed class CsvTable
{
    private readonly LineReader _lines;
    private readonly CsvReader _csv;
    private readonly string[] _columns;

    private CsvTable(LineReader lines, CsvReader csv) => (_lines, _csv, _columns) = (lines, csv, [.. csv.Fields]);

    /// <summary>Reads the header; null where there are only blank lines.</summary>
    /// <exception cref="InvalidDataException">The header is no valid CSV.</exception>
    public static CsvTable? Open(LineReader lines)
    {
        var csv = new CsvReader(lines);
        CsvResult header = csv.Next();
        if (header == CsvResult.End) return null;
        return header == CsvResult.Record ? new CsvTable(lines, csv)
            : throw new InvalidDataException($"{lines.Name} line {csv.Line}: the header row is no valid CSV ({(header == CsvResult.BrokenUtf8 ? TextRecords.NotUtf8 : "a quoted field that is never closed")})");
    }

    /// <summary>The place of a column, or -1.</summary>
    public int Find(string name) => Array.IndexOf(_columns, name);

    /// <param name="name">Of the column.</param>
    /// <param name="option">Names another.</param>
    /// <exception cref="InvalidDataException">There is no such column.</exception>
    public int Column(string name, string option)
    {
        int column = Find(name);
        if (column >= 0) return column;
        string remedy = _columns is [var only] && only.AsSpan().ContainsAny('\t', ';') ? "fields must be separated by commas" : $"say {option}";
        throw new InvalidDataException($"{_lines.Name}: no column '{name}'; the header has {string.Join(", ", _columns)}; {remedy}");
    }

    /// <summary>The fields of each record that has as many as the header, and its first line. The fields are good until the next one.</summary>
    /// <exception cref="InvalidDataException">There is no record.</exception>
    public IEnumerable<(IReadOnlyList<string> Fields, long Line)> Records(SkippedRecords skipped)
    {
        long number = 0;
        for (CsvResult result = _csv.Next(); result != CsvResult.End; result = _csv.Next(), number++)
        {
            string? problem = result switch
            {
                CsvResult.BrokenUtf8 => TextRecords.NotUtf8,
                CsvResult.OpenQuote => "a quoted field that is never closed",
                _ when _csv.Fields.Count != _columns.Length => "another number of fields than the header",
                _ => null,
            };
            if (problem is not null) skipped.Add(problem, $"{_lines.Name} line {_csv.Line}");
            else yield return (_csv.Fields, _csv.Line);
        }
        if (number == 0) throw new InvalidDataException($"{_lines.Name} has a header row and no record below it");
    }
}
