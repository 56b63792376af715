using System.Text;
using System.Text.Unicode;

namespace Phf.Formats;

/// <summary>How <see cref="CsvReader.Next"/> ended.</summary>
public enum CsvResult { Record, BrokenUtf8, OpenQuote, End }

/// <summary>
/// Reads comma-separated values as RFC 4180 describes them: fields may be quoted, a quoted field may hold commas, line ends and doubled
/// quotes. A quote inside an unquoted field is an ordinary character. Blank lines are skipped.
/// </summary>
public sealed class CsvReader(LineReader lines)
{
    private const int MaxRecordLength = 1 << 28;

    private readonly List<string> _fields = [];
    private readonly StringBuilder _record = new();

    /// <summary>The fields of the current record.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>The line on which the current record starts, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Reads the next record; after <see cref="CsvResult.BrokenUtf8"/> and <see cref="CsvResult.OpenQuote"/> there is none to look
    /// at.</summary>
    public CsvResult Next()
    {
        do
        {
            if (!lines.Next()) return CsvResult.End;
        }
        while (lines.Line.IsEmpty);
        Line = lines.Number;
        _record.Clear();
        bool valid = true;
        var place = Place.FieldStart;
        while (true)
        {
            ReadOnlySpan<byte> bytes = lines.LineWithEnd;
            valid &= Utf8.IsValid(bytes);
            place = Follow(bytes, place);
            if (valid) _record.Append(Encoding.UTF8.GetString(place == Place.Quoted ? bytes : lines.Line));
            if (place != Place.Quoted) break;
            if (_record.Length > MaxRecordLength)
                throw new InvalidDataException(
                    $"{lines.Name} line {Line}: a quoted field is not closed within {MaxRecordLength >> 20} M characters");
            if (!lines.Next()) return CsvResult.OpenQuote;
        }
        if (!valid) return CsvResult.BrokenUtf8;
        Split(_record.ToString());
        return CsvResult.Record;
    }

    private enum Place { FieldStart, Unquoted, Quoted, AfterQuote }

    /// <summary>Where a line leaves us. Quotes and commas are ASCII, so bytes of any other character cannot be mistaken for them.</summary>
    private static Place Follow(ReadOnlySpan<byte> line, Place place)
    {
        foreach (byte b in line)
        {
            place = (place, b) switch
            {
                (Place.Quoted, (byte)'"') => Place.AfterQuote,
                (Place.Quoted, _) => Place.Quoted,
                (Place.FieldStart or Place.AfterQuote, (byte)'"') => Place.Quoted,
                (_, (byte)',') => Place.FieldStart,
                _ => Place.Unquoted,
            };
        }
        return place;
    }

    private void Split(string record)
    {
        _fields.Clear();
        var field = new StringBuilder();
        int i = 0;
        while (true)
        {
            field.Clear();
            if (i < record.Length && record[i] == '"') i = Quoted(record, i + 1, field);
            int comma = record.IndexOf(',', i);
            int end = comma < 0 ? record.Length : comma;
            _fields.Add(field.Append(record, i, end - i).ToString());
            if (comma < 0) return;
            i = comma + 1;
        }
    }

    /// <summary>Appends a quoted field's text from <paramref name="i"/> on and returns the place behind its closing quote.</summary>
    private static int Quoted(string record, int i, StringBuilder field)
    {
        while (true)
        {
            int quote = record.IndexOf('"', i);
            field.Append(record, i, quote - i);
            if (quote + 1 == record.Length || record[quote + 1] != '"') return quote + 1;
            field.Append('"');
            i = quote + 2;
        }
    }
}
