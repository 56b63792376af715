using System.Text;

namespace Phf.Formats;

/// <summary>
/// A file that is either whole or not there: written under another name in the same directory, flushed to the disk and renamed by
/// <see cref="Commit"/>. Disposing without <see cref="Commit"/> (an error, a Ctrl-C) deletes what was written and leaves an older file as
/// it was.
/// </summary>
public sealed class DurableFile : IDisposable
{
    private const string TemporaryEnd = ".tmp";
    private const int GuidDigits = 32;

    private readonly FileStream _file;
    private readonly string _temporary;
    private bool _closed;

    private DurableFile(string path, string temporary, FileStream file)
    {
        Path = path;
        _temporary = temporary;
        _file = file;
        Stream = new NamingStream(file, path);
    }

    /// <summary>The final path.</summary>
    public string Path { get; }

    /// <summary>Where to write. A full disk surfaces here as an <see cref="IOException"/> that names <see cref="Path"/> and the
    /// remedy.</summary>
    public Stream Stream { get; }

    /// <summary>Starts the file beside <paramref name="path"/>; a symbolic link is followed, so that the file it points to is replaced, not
    /// the link.</summary>
    /// <exception cref="IOException">The directory is missing or not writable, or the path is a directory or a device.</exception>
    public static DurableFile Create(string path)
    {
        string target = System.IO.Path.GetFullPath(path);
        if (new FileInfo(target).LinkTarget is not null) target = File.ResolveLinkTarget(target, returnFinalTarget: true)!.FullName;
        if (Directory.Exists(target)) throw new IOException($"{path} is a directory; name a file in it");
        // Renaming onto a device would replace it, for every process of the machine. Under /dev/shm are files.
        if ((target.StartsWith("/dev/", StringComparison.Ordinal) && !target.StartsWith("/dev/shm/", StringComparison.Ordinal)) || target.StartsWith("/proc/", StringComparison.Ordinal))
            throw new IOException(
                $"{path} is no regular file; output is written beside the final name and renamed, so name a regular file");
        string directory = System.IO.Path.GetDirectoryName(target)!;
        if (!Directory.Exists(directory))
            throw new DirectoryNotFoundException($"cannot write {path}: the directory {directory} does not exist; create it first");
        string temporary = System.IO.Path.Combine(directory, $".{System.IO.Path.GetFileName(target)}.{Guid.NewGuid():N}{TemporaryEnd}");
        var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        return new DurableFile(target, temporary, file);
    }

    /// <summary>Whether a file of this name is one that a killed process was still writing: <c>.NAME.32-digits.tmp</c>.</summary>
    public static bool IsLeftover(string name) => name.StartsWith('.') && name.EndsWith(TemporaryEnd, StringComparison.Ordinal)
        && name.Length > GuidDigits + TemporaryEnd.Length + 1
        && Guid.TryParseExact(name.AsSpan()[^(GuidDigits + TemporaryEnd.Length)..^TemporaryEnd.Length], "N", out _);

    /// <summary>Writes the whole file in one go.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        using DurableFile file = Create(path);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Writes <paramref name="text"/> as UTF-8 without a byte-order mark.</summary>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Flushes to the disk and gives the file its name; nothing can be written afterwards.</summary>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        Stream.Flush();
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_temporary, Path, overwrite: true);
        _closed = true;
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        try
        {
            _file.Dispose();
        }
        catch (Exception problem) when (problem is IOException or ArgumentOutOfRangeException)
        {
            // The buffered rest did not fit on the disk either; the file is deleted anyway and the first error is on its way up.
        }
        File.Delete(_temporary);
    }

    /// <summary>Passes everything on and turns a failure to write into a message with the final name and the remedy.</summary>
    private sealed class NamingStream(FileStream inner, string path) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                inner.Write(buffer);
            }
            catch (Exception problem) when (IsFailureToWrite(problem))
            {
                throw CannotWrite(problem);
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            try
            {
                inner.Flush();
            }
            catch (Exception problem) when (IsFailureToWrite(problem))
            {
                throw CannotWrite(problem);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        // .NET reports 'too large for this file system' (4 GB on FAT) as an argument out of its range.
        private static bool IsFailureToWrite(Exception problem) => problem is IOException or ArgumentOutOfRangeException;

        private IOException CannotWrite(Exception problem) => new(
            $"cannot write {path}: {problem.Message}; nothing was kept, free some space or choose another place, and run again", problem);
    }
}
