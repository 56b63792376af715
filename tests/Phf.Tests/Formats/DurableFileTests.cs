using Phf.Formats;

namespace Phf.Tests.Formats;

public sealed class DurableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteText_ReplacesTheFile_AndLeavesNothingBeside()
    {
        string path = _folder.At("a.txt");
        DurableFile.WriteText(path, "one");
        DurableFile.WriteText(path, "zwei ü");
        Assert.Equal("zwei ü"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public void Dispose_WithoutCommit_KeepsTheOldFileOnly()
    {
        string path = _folder.At("a.txt");
        DurableFile.WriteText(path, "old");
        using (DurableFile file = DurableFile.Create(path)) file.Stream.Write(new byte[1 << 20]);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public void Write_WhoseCallbackThrows_LeavesNothing()
    {
        Assert.Throws<InvalidDataException>(() => DurableFile.Write(_folder.At("a"), stream =>
        {
            stream.WriteByte(1);
            throw new InvalidDataException("no");
        }));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public void Create_ThroughASymbolicLink_ReplacesWhatItPointsTo()
    {
        if (OperatingSystem.IsWindows()) return; // links need a privilege there
        string target = _folder.At("target"), link = _folder.At("link");
        File.WriteAllText(target, "old");
        File.CreateSymbolicLink(link, target);
        DurableFile.WriteText(link, "new");
        Assert.Equal("new", File.ReadAllText(target));
        Assert.NotNull(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void Create_WhereNoFileCanBe_SaysWhy()
    {
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => DurableFile.Create(_folder.FullName)).Message);
        Assert.Contains("does not exist; create it", Assert.Throws<DirectoryNotFoundException>(() => DurableFile.Create(_folder.At("no", "a"))).Message);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains("no regular file", Assert.Throws<IOException>(() => DurableFile.Create("/dev/null")).Message);
            Assert.Contains("no regular file", Assert.Throws<IOException>(() => DurableFile.Create("/dev/stdout")).Message);
        }
    }
}
