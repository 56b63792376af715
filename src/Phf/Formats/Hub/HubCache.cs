namespace Phf.Formats.Hub;

/// <summary>
/// A repository's folder in the cache of the Hub's own tools: <c>blobs/HASH</c> has the contents, <c>snapshots/COMMIT/NAME</c> links to them,
/// <c>refs/REVISION</c> holds the commit of a branch or tag. Nothing is written outside of it.
/// </summary>
internal sealed class HubCache(string root, HubRepository repository)
{
    private const string Refs = "refs", Snapshots = "snapshots", Blobs = "blobs";
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(200);

    private readonly string _folder = Path.Combine(Path.GetFullPath(root), repository.Folder);

    public string Blob(HubFile file) => Path.Combine(_folder, Blobs, file.Hash);

    /// <summary>What there is of a file while it comes.</summary>
    public string Incomplete(HubFile file) => Blob(file) + ".incomplete";

    public string Snapshot(string commit) => Path.Combine(_folder, Snapshots, commit);

    /// <summary>The snapshots that are there, that of <paramref name="revision"/> first, then the newest: they are named by commit, which has no order.</summary>
    public IEnumerable<string> SnapshotsFrom(string revision)
    {
        string folder = Path.Combine(_folder, Snapshots);
        if (!Directory.Exists(folder)) return [];
        string? first = Find(revision);
        return Directory.GetDirectories(folder).OrderByDescending(path => path == first).ThenByDescending(Directory.GetLastWriteTimeUtc);
    }

    /// <summary>The snapshot of a branch, a tag or a commit; null where there is none.</summary>
    public string? Find(string revision)
    {
        if (!HubFile.IsSafe(revision)) return null;
        string reference = Path.Combine(_folder, Refs, revision);
        string commit = File.Exists(reference) ? File.ReadAllText(reference).Trim() : revision;
        return HubFile.IsCommit(commit) && Directory.Exists(Snapshot(commit)) ? Snapshot(commit) : null;
    }

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">One of them leads elsewhere by a link.</exception>
    public void Create()
    {
        foreach (string folder in (string[])[Blobs, Snapshots, Refs]) CreateFolder(Path.Combine(_folder, folder));
    }

    /// <summary>Waits until no other process, of Phf or of the Hub's own tools, is fetching the file.</summary>
    public FileStream Lock(HubFile file, CancellationToken cancel)
    {
        string path = Path.Combine(Path.GetDirectoryName(_folder)!, ".locks", repository.Folder, file.Hash + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                cancel.WaitHandle.WaitOne(LockPause);
                cancel.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Puts a file into a snapshot: a relative link to its content.</summary>
    public void Link(string commit, HubFile file)
    {
        string path = Path.Combine(Snapshot(commit), Path.Combine(file.Name.Split('/'))), folder = Path.GetDirectoryName(path)!;
        CreateFolder(folder);
        string target = Path.GetRelativePath(folder, Blob(file));
        if (new FileInfo(path).LinkTarget == target) return;
        string temporary = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        File.CreateSymbolicLink(temporary, target);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Remembers the commit of a branch or tag.</summary>
    public void Remember(string revision, string commit)
    {
        if (revision == commit) return;
        string path = Path.Combine(_folder, Refs, Path.Combine(revision.Split('/')));
        CreateFolder(Path.GetDirectoryName(path)!);
        DurableFile.WriteText(path, commit);
    }

    /// <summary>Makes a folder below the repository's; a link on the way could lead out of the cache.</summary>
    private void CreateFolder(string folder)
    {
        for (string path = folder; path.Length >= _folder.Length; path = Path.GetDirectoryName(path)!)
            if (new DirectoryInfo(path).LinkTarget is { } target) throw new IOException($"{path} is a link to {target}; nothing is written through it, delete it first");
        Directory.CreateDirectory(folder);
    }
}
