using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Data;

/// <summary>
/// A scored file that survives a kill: documents go to <c>.NAME.partial</c> in chunks; once a second what is there is flushed to the disk, and
/// <c>.NAME.partial.json</c> says how far that is. <see cref="Complete"/> renames it. In a .gz each chunk is a member of its own, and where it ends
/// depends on the documents only, so a file continued is the file written at once, byte for byte.
/// </summary>
public sealed class ScoredOutput : IDisposable
{
    private const int DocumentsPerChunk = 256, BytesPerChunk = 1 << 20; // whichever comes first
    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly string _settings;
    private readonly FileStream _file;
    private readonly MemoryStream _chunk = new();
    private readonly Stopwatch _sinceFlush = Stopwatch.StartNew();
    private long _chunkDocuments, _writtenDocuments;
    private bool _failed; // in the middle of writing, so what lies behind the last flush is not known

    private ScoredOutput(string path, string settings, FileStream file, long documents)
        => (_path, _settings, _file, _writtenDocuments, Documents) = (path, settings, file, documents, documents);

    /// <summary>Documents that are on the disk for good.</summary>
    public long Documents { get; private set; }

    private bool IsCompressed => InputFile.IsCompressed(_path);

    /// <summary>Starts the file from nothing.</summary>
    /// <param name="path">The file's final name.</param>
    /// <param name="settings">Everything that decides the content; a run with other settings cannot continue this one.</param>
    /// <param name="replace">Whether an unfinished run of the same output may be thrown away.</param>
    /// <exception cref="IOException">The directory is missing or not writable, or there is an unfinished run.</exception>
    public static ScoredOutput Create(string path, string settings, bool replace)
    {
        string target = Target(path);
        if (!replace && Read(target) is { } progress)
            throw new IOException($"{path}: an unfinished run has scored {progress.Documents} documents; continue it with --resume, or start again with --force");
        File.Delete(ProgressOf(target));
        return new ScoredOutput(target, settings, Open(target, FileMode.Create), documents: 0);
    }

    /// <summary>Continues an unfinished run behind the last document that was flushed; starts from nothing when there is none.</summary>
    /// <param name="path">The file's final name.</param>
    /// <param name="settings">Those of the unfinished run.</param>
    /// <param name="finished">Receives each document that is finished, for the summary.</param>
    /// <exception cref="InvalidDataException">The unfinished run had other settings, or its files are damaged.</exception>
    public static ScoredOutput Resume(string path, string settings, Action<ScoredDocument> finished)
    {
        string target = Target(path);
        if (Read(target) is not { } progress) return Create(path, settings, replace: true);
        if (progress.Settings != settings)
            throw new InvalidDataException(
                $"{path}: the unfinished run cannot be continued, it has other settings ({progress.Settings}) than this one ({settings}); repeat them, or start again with --force");
        FileStream file = Open(target, FileMode.OpenOrCreate);
        try
        {
            if (file.Length < progress.Bytes) throw Damaged(path);
            file.SetLength(progress.Bytes); // what follows was not flushed
            file.Flush(flushToDisk: true);
            long documents = 0;
            if (progress.Bytes > 0)
                foreach (ScoredDocument document in ScoredFile.Read(PartialOf(target), InputFile.IsCompressed(target)))
                {
                    finished(document);
                    documents++;
                }
            if (documents != progress.Documents) throw Damaged(path);
            file.Seek(0, SeekOrigin.End);
            return new ScoredOutput(target, settings, file, documents);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Add(ScoredDocument document)
    {
        ScoredFile.Write(_chunk, document);
        bool flush = _sinceFlush.Elapsed >= FlushEvery;
        if (++_chunkDocuments == DocumentsPerChunk || _chunk.Length >= BytesPerChunk || (flush && !IsCompressed)) Guarded(WriteChunk);
        if (flush && _writtenDocuments > Documents) Guarded(Flush);
    }

    /// <summary>Writes what is left and gives the file its name.</summary>
    public void Complete()
    {
        if (_chunkDocuments > 0) Guarded(WriteChunk);
        Guarded(Flush);
        _file.Dispose();
        File.Move(PartialOf(_path), _path, overwrite: true);
        File.Delete(ProgressOf(_path));
    }

    /// <summary>
    /// For a run that ends before its time: flushes what there is, so that <see cref="Resume"/> goes on behind the last document that was added; in a .gz, behind the last
    /// whole chunk. A file that could not be written to is left as it is.
    /// </summary>
    public void Keep()
    {
        if (_failed) return;
        if (_chunkDocuments > 0 && !IsCompressed) Guarded(WriteChunk);
        if (_writtenDocuments > Documents) Guarded(Flush);
    }

    /// <summary>Keeps what was flushed of a file that is not complete; if nothing was, nothing stays behind.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (Documents == 0) File.Delete(PartialOf(_path));
    }

    private void WriteChunk()
    {
        if (IsCompressed)
        {
            using var member = new GZipStream(_file, CompressionLevel.Optimal, leaveOpen: true);
            _chunk.WriteTo(member);
        }
        else
        {
            _chunk.WriteTo(_file);
        }
        _writtenDocuments += _chunkDocuments;
        _chunkDocuments = 0;
        _chunk.SetLength(0);
    }

    private void Flush()
    {
        _file.Flush(flushToDisk: true);
        DurableFile.Write(ProgressOf(_path), stream => JsonSerializer.Serialize(stream, new Progress(_settings, _writtenDocuments, _file.Position)));
        Documents = _writtenDocuments;
        _sinceFlush.Restart();
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception problem) when (problem is IOException or ArgumentOutOfRangeException) // the latter: too large for this file system
        {
            _failed = true;
            throw new IOException($"cannot write {_path}: {problem.Message}; free some space, or choose another place, and run again with --resume", problem);
        }
    }

    /// <summary>Where the file really lies; refuses what no file can replace.</summary>
    private static string Target(string path)
    {
        using DurableFile probe = DurableFile.Create(path);
        return probe.Path;
    }

    /// <summary>Without a buffer of its own: chunks are large, and nothing is left to write, and to fail, when it is closed.</summary>
    private static FileStream Open(string target, FileMode mode) => new(PartialOf(target), mode, FileAccess.Write, FileShare.Read, bufferSize: 0);

    private static string PartialOf(string target) => Beside(target, ".partial");

    private static string ProgressOf(string target) => Beside(target, ".partial.json");

    private static string Beside(string target, string end) => Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}{end}");

    private static Progress? Read(string target)
    {
        if (!File.Exists(ProgressOf(target))) return null;
        try
        {
            return JsonSerializer.Deserialize<Progress>(File.ReadAllBytes(ProgressOf(target))) is { Settings: not null, Documents: > 0, Bytes: > 0 } progress ? progress : throw Damaged(target);
        }
        catch (JsonException)
        {
            throw Damaged(target);
        }
    }

    private static InvalidDataException Damaged(string path) => new($"{path}: the files of its unfinished run are damaged; delete {PartialOf(Path.GetFullPath(path))} and .json beside it, then score again");

    private sealed record Progress(string Settings, long Documents, long Bytes);
}
