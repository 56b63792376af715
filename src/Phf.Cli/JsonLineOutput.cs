using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Cli;

/// <summary>JSON lines to standard output as they come, or to a file, compressed if it is a .gz, that is there only when it is whole.</summary>
internal sealed class JsonLineOutput : IDisposable
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly DurableFile? _file;
    private readonly Stream _stream;
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;

    private JsonLineOutput(DurableFile? file, Stream stream)
    {
        _file = file;
        _stream = stream;
        _json = new Utf8JsonWriter(_line, Readable);
    }

    /// <param name="path">A file; null or <c>-</c> is standard output.</param>
    public static JsonLineOutput Create(string? path)
    {
        if (path is null or "-") return new JsonLineOutput(null, new BufferedStream(Console.OpenStandardOutput(), 1 << 16));
        DurableFile file = DurableFile.Create(path);
        return new JsonLineOutput(file, InputFile.IsCompressed(path) ? new GZipStream(file.Stream, CompressionLevel.Optimal, leaveOpen: true) : file.Stream);
    }

    /// <summary>Writes one object; <paramref name="fields"/> writes what is in it.</summary>
    public void Write(Action<Utf8JsonWriter> fields)
    {
        _line.SetLength(0);
        _json.Reset();
        _json.WriteStartObject();
        fields(_json);
        _json.WriteEndObject();
        _json.Flush();
        _line.WriteByte((byte)'\n');
        _stream.Write(_line.GetBuffer(), 0, (int)_line.Length);
    }

    /// <summary>The field <c>ids</c> of an object.</summary>
    public static void WriteIds(Utf8JsonWriter json, IEnumerable<int> ids)
    {
        json.WriteStartArray("ids");
        foreach (int id in ids) json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    /// <summary>All has been written.</summary>
    public void Commit()
    {
        _stream.Flush();
        if (_stream is GZipStream) _stream.Dispose(); // writes the end of the member
        _file?.Commit();
    }

    public void Dispose()
    {
        _json.Dispose();
        _file?.Dispose();
    }
}
