using System.IO.Compression;

namespace Phf.Formats;

/// <summary>
/// A file to be read once from start to end: a plain file, a <c>.gz</c> (of one or more members) or <c>-</c> for standard input.
/// Errors name the file and what to do.
/// </summary>
public sealed class InputFile : IDisposable
{
    private const string CompressedEnd = ".gz";

    private readonly Stream _source;
    private readonly Stream _content;

    static InputFile()
    {
        // Otherwise a .gz cut short reads as a shorter text. The projects' runtime configuration sets it too; this serves other programs.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
    }

    private InputFile(string name, Stream source, Stream content) => (Name, _source, _content) = (name, source, content);

    /// <summary>The path as it was given, or <c>standard input</c>.</summary>
    public string Name { get; }

    /// <summary>Bytes taken from the file so far (compressed ones of a <c>.gz</c>); 0 for standard input.</summary>
    public long BytesRead => _source.CanSeek ? _source.Position : 0;

    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static InputFile Open(string path) => Open(path, IsCompressed(path));

    /// <inheritdoc cref="Open(string)"/>
    internal static InputFile Open(string path, bool compressed)
    {
        if (path == "-")
        {
            Stream input = Console.OpenStandardInput();
            return new InputFile("standard input", input, input);
        }
        if (Directory.Exists(path)) throw new IOException($"{path} is a directory; name the files in it");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path} does not exist");
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return new InputFile(path, file, compressed ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    /// <summary>Whether a file of that name is read, and written, as gzip.</summary>
    public static bool IsCompressed(string path) => path.EndsWith(CompressedEnd, StringComparison.OrdinalIgnoreCase);

    /// <summary>How the extension of what is in the file goes: that before <c>.gz</c>; in lower case and with its dot.</summary>
    public static string ExtensionWithin(string path) => Path.GetExtension(IsCompressed(path) ? path[..^CompressedEnd.Length] : path).ToLowerInvariant();

    /// <summary>Bytes of all <paramref name="paths"/> together, or null when standard input is among them.</summary>
    public static long? TotalBytes(IEnumerable<string> paths)
    {
        long total = 0;
        foreach (string path in paths)
        {
            if (path == "-" || !File.Exists(path)) return null;
            total += new FileInfo(path).Length; // for progress only: a pipe must not be opened twice
        }
        return total;
    }

    /// <summary>Bytes of a file, behind a link too: FileInfo gives the length of the link, and the Hub's cache is full of them.</summary>
    public static long LengthOf(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
        return RandomAccess.GetLength(file);
    }

    /// <summary>The whole content of a file that must fit in memory, such as a model.</summary>
    /// <exception cref="InvalidDataException">There are more than <paramref name="mostBytes"/> bytes, or a <c>.gz</c> is damaged.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static byte[] ReadAll(string path, int mostBytes)
    {
        using InputFile file = Open(path);
        using var content = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            if (content.Length + read > mostBytes) throw new InvalidDataException($"{file.Name} is larger than {mostBytes >> 20} MB, more than a file of its kind has");
            content.Write(buffer, 0, read);
        }
        return content.ToArray();
    }

    /// <summary>Reads up to <paramref name="buffer"/>.Length bytes of content; 0 at the end.</summary>
    /// <exception cref="InvalidDataException">A <c>.gz</c> that is damaged or cut short.</exception>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return _content.Read(buffer);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException(
                $"{Name}: the gzip data is damaged or cut short ({problem.Message.TrimEnd('.')}); fetch or write the file again", problem);
        }
    }

    public void Dispose()
    {
        _content.Dispose();
        _source.Dispose();
    }
}
