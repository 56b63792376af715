namespace Phf.Tests;

/// <summary>A folder of one test, deleted after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("phf-test-").FullName;

    public string At(params string[] parts) => Path.Combine([FullName, .. parts]);

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
