namespace Phf.Tests.Formats.Fuzz;

/// <summary>A folder for mutants, in memory where the system has files there: a disk would take longer than the readers.</summary>
internal sealed class FuzzFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    public FuzzFolder() => FullName = Directory.CreateDirectory(Path.Combine(IsInMemory ? InMemory : Path.GetTempPath(), $"phf-fuzz-{Guid.NewGuid():N}")).FullName;

    public static bool IsInMemory => Directory.Exists(InMemory);

    public string FullName { get; }

    public string At(string name) => Path.Combine(FullName, name);

    /// <summary>Writes a file anew. It is deleted first: some file systems flush one that is truncated and written again to the disk, 2 ms each.</summary>
    public string Put(string name, byte[] content)
    {
        File.Delete(At(name));
        File.WriteAllBytes(At(name), content);
        return At(name);
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
