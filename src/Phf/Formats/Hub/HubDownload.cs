using System.IO.Enumeration;

namespace Phf.Formats.Hub;

/// <summary>
/// Brings a model or dataset of the Hugging Face Hub into the cache that the Hub's own tools share. Every file is checked against the size and the hash
/// that the Hub gives before it gets its name; what was cut short is gone on with.
/// </summary>
public sealed class HubDownload : IDisposable
{
    /// <summary>The branch that is meant where none is named.</summary>
    public const string MainRevision = "main";

    /// <summary>Weights for other programs; Phf reads safetensors and PyTorch files.</summary>
    private static readonly string[] OtherWeights = ["*.h5", "*.msgpack", "*.ot", "*.onnx", "onnx/*", "*.tflite", "*.mlmodel", "*.mlpackage/*", "*.gguf", "openvino*"];

    private readonly HubClient _client;
    private readonly HubCache _cache;
    private readonly string _revision, _commit;
    private readonly HubFile[] _files;

    private HubDownload(HubClient client, HubCache cache, string revision, string commit, HubFile[] files, string[] leftOut)
        => (_client, _cache, _revision, _commit, _files, LeftOut) = (client, cache, revision, commit, files, leftOut);

    /// <summary>Number of files.</summary>
    public int FileCount => _files.Length;

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes => _files.Sum(file => file.Size);

    /// <summary>Bytes of them that are in the cache already, of whole and of cut files.</summary>
    public long BytesThere => _files.Sum(file => LengthOf(_cache.Blob(file)) ?? Math.Min(file.Size, LengthOf(_cache.Incomplete(file)) ?? 0));

    /// <summary>Names of files that nobody asked for: weights for other programs, or twice the same weights.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>Where the files will be: the snapshot of the commit.</summary>
    public string Folder => _cache.Snapshot(_commit);

    /// <summary>The snapshot of a revision in the cache, whole or not; null where there is none. Nothing is asked of the Hub.</summary>
    public static string? FindCached(HubOptions options, HubRepository repository, string revision) => new HubCache(options.Cache, repository).Find(revision);

    /// <summary>All snapshots of a repository in a cache, that of the main branch first, then the newest.</summary>
    public static IEnumerable<string> SnapshotsIn(string cache, HubRepository repository) => new HubCache(cache, repository).SnapshotsFrom(MainRevision);

    /// <summary>Asks the Hub which files there are, and how large.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="repository">What.</param>
    /// <param name="revision">Branch, tag or commit.</param>
    /// <param name="include">Patterns with * and ? (both also match a slash) of the names wanted; none: all but <see cref="LeftOut"/>.</param>
    /// <param name="cancel">Stops between two requests.</param>
    /// <exception cref="ArgumentException">No name, revision or pattern of that kind.</exception>
    /// <exception cref="InvalidDataException">The server's answer breaks a promise; nothing was fetched.</exception>
    /// <exception cref="IOException">The Hub refuses, cannot be reached or stays busy, or HF_HUB_OFFLINE is set.</exception>
    public static HubDownload Plan(HubOptions options, HubRepository repository, string revision, IReadOnlyList<string> include, CancellationToken cancel)
    {
        if (!HubRepository.IsName(repository.Name)) throw new ArgumentException($"'{repository.Name}' is no name on the Hub; OWNER/NAME was expected, such as openai-community/gpt2");
        if (!HubFile.IsSafe(revision)) throw new ArgumentException($"'{revision}' is no revision; a branch, a tag or a commit was expected");
        if (options.IsOffline) throw new IOException($"HF_HUB_OFFLINE is set, so {repository.Name} cannot be fetched; unset it, or copy the folder {repository.Folder} into {options.Cache}");
        var client = new HubClient(options, repository);
        try
        {
            (string commit, string[] names) = client.List(revision, cancel);
            string[] wanted = [.. include.Count == 0 ? Useful(names) : names.Where(name => include.Any(pattern => Matches(pattern, name)))];
            if (wanted.Length == 0)
                throw new ArgumentException($"{repository.Name} has {names.Length} files, and none is named like {string.Join(" or ", include)}; see {options.Endpoint}{repository.Name}/tree/{revision}");
            HubFile[] files = [.. wanted.Distinct().Select(name => client.Describe(commit, name, cancel))];
            return new HubDownload(client, new HubCache(options.Cache, repository), revision, commit, files, include.Count == 0 ? [.. names.Except(wanted)] : []);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Fetches what is missing. What has come stays for the next time, whatever happens.</summary>
    /// <param name="report">Bytes that are there, of <see cref="TotalBytes"/>.</param>
    /// <param name="cancel">Stops within a file.</param>
    /// <exception cref="InvalidDataException">A file has not the size or the hash that the Hub says; it is not kept.</exception>
    /// <exception cref="IOException">The Hub refuses, cannot be reached or stays busy; or the disk is full.</exception>
    public void Run(Action<long> report, CancellationToken cancel)
    {
        _cache.Create();
        long done = 0;
        foreach (HubFile file in _files)
        {
            using (_cache.Lock(file, cancel))
                if (LengthOf(_cache.Blob(file)) != file.Size) Fetch(file, bytes => report(done + bytes), cancel);
            _cache.Link(_commit, file);
            report(done += file.Size);
        }
        _cache.Remember(_revision, _commit);
    }

    public void Dispose() => _client.Dispose();

    private void Fetch(HubFile file, Action<long> report, CancellationToken cancel)
    {
        string path = _cache.Incomplete(file);
        using (var partial = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0))
        {
            if (partial.Length > file.Size) partial.SetLength(0);
            bool isResumed = partial.Length > 0;
            _client.Fetch(_commit, file, partial, report, cancel);
            string hash = file.HashOf(partial);
            if (hash != file.Hash && isResumed) // what was there may have been of something else: once more, from the start
            {
                partial.SetLength(0);
                _client.Fetch(_commit, file, partial, report, cancel);
                hash = file.HashOf(partial);
            }
            if (hash != file.Hash)
            {
                partial.SetLength(0);
                throw new InvalidDataException($"{file.Name}: its hash is {hash}, the Hub says {file.Hash}; nothing of it was kept, run again, and if that does not help the server's file is damaged");
            }
            partial.Flush(flushToDisk: true);
        }
        File.Move(path, _cache.Blob(file), overwrite: true);
    }

    /// <summary>What Phf and its users can use: no weights for other programs, and PyTorch's only where there are no safetensors.</summary>
    private static IEnumerable<string> Useful(string[] names)
    {
        bool hasSafetensors = names.Any(name => name is "model.safetensors" or "model.safetensors.index.json");
        return names.Where(name => !OtherWeights.Any(pattern => Matches(pattern, name)) && !(hasSafetensors && Matches("pytorch_model*.bin*", name)));
    }

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private static long? LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : null;
}
