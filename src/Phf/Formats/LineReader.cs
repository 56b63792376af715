using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Phf.Formats;

/// <summary>
/// Reads an <see cref="InputFile"/> line by line. Lines end at <c>\n</c>; one <c>\r</c> before it belongs to the line's end. A byte-order
/// mark is skipped.
/// </summary>
public sealed class LineReader : IDisposable
{
    private const int MaxLineBytes = 1 << 29; // a string cannot hold much more than 2^29 characters

    private readonly InputFile _file;
    private byte[] _buffer = new byte[1 << 16];
    private int _start; // of the current line
    private int _end;   // past the current line's end-of-line
    private int _filled;
    private bool _atEnd;

    private LineReader(InputFile file) => _file = file;

    /// <summary>The file's name, as it appears in messages.</summary>
    public string Name => _file.Name;

    /// <summary>Number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the current line is, e.g. <c>corpus.jsonl line 17</c>.</summary>
    public string Where => $"{Name} line {Number}";

    public long BytesRead => _file.BytesRead;

    /// <summary>The current line without its end; valid until the next call of <see cref="Next"/>.</summary>
    public ReadOnlySpan<byte> Line
    {
        get
        {
            ReadOnlySpan<byte> line = LineWithEnd;
            if (line.EndsWith("\n"u8)) line = line.EndsWith("\r\n"u8) ? line[..^2] : line[..^1];
            return line;
        }
    }

    /// <summary>The current line as it is in the file; the last line of a file may have no end.</summary>
    public ReadOnlySpan<byte> LineWithEnd => _buffer.AsSpan(_start, _end - _start);

    public static LineReader Open(string path) => new(InputFile.Open(path));

    /// <summary>A file whose name does not say whether it is compressed.</summary>
    internal static LineReader Open(string path, bool compressed) => new(InputFile.Open(path, compressed));

    /// <summary>Moves to the next line; false at the end of the file.</summary>
    /// <exception cref="InvalidDataException">A damaged <c>.gz</c>, or a line above 512 MB.</exception>
    public bool Next()
    {
        _start = _end;
        int searched = _start;
        while (true)
        {
            int newline = _buffer.AsSpan(searched, _filled - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                _end = searched + newline + 1;
                break;
            }
            searched = _filled;
            if (_atEnd)
            {
                _end = _filled;
                if (_end == _start) return false;
                break;
            }
            searched -= Fill();
        }
        if (Number++ == 0 && LineWithEnd.StartsWith(Encoding.UTF8.Preamble)) _start += Encoding.UTF8.Preamble.Length;
        return true;
    }

    /// <summary>The current line as text; false where its bytes are not UTF-8.</summary>
    public bool TryText([NotNullWhen(true)] out string? text)
    {
        ReadOnlySpan<byte> line = Line;
        text = Utf8.IsValid(line) ? Encoding.UTF8.GetString(line) : null;
        return text is not null;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads more behind the unfinished line, which is first moved to the buffer's start; returns by how much it moved.</summary>
    private int Fill()
    {
        int moved = _start;
        _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
        (_start, _filled) = (0, _filled - moved);
        if (_filled == _buffer.Length)
        {
            if (_buffer.Length >= MaxLineBytes)
                throw new InvalidDataException(
                    $"{Name} line {Number + 1} is longer than {MaxLineBytes >> 20} MB; is this file really text in lines?");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        int read = _file.Read(_buffer.AsSpan(_filled));
        _atEnd = read == 0;
        _filled += read;
        return moved;
    }
}
