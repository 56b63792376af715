using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Span_GivesTheBytesAndTheValues()
    {
        File.WriteAllBytes(_folder.At("a"), [.. Enumerable.Range(0, 20).Select(i => (byte)i)]);
        using MappedFile file = MappedFile.Open(_folder.At("a"));
        Assert.Equal(20, file.Length);
        Assert.Equal([3, 4, 5], file.Span(3, 3).ToArray());
        Assert.Equal([0x07060504u, 0x0B0A0908u], file.Span<uint>(4, 2).ToArray());
        Assert.Equal(0, file.Span(20, 0).Length);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 6)]
    [InlineData(17, 1)]
    [InlineData(21, 0)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(4, long.MaxValue / 2)] // times 4 it would overflow to a small number
    public void Span_OutsideTheFile_IsRefused(long offset, long count)
    {
        File.WriteAllBytes(_folder.At("a"), new byte[20]);
        using MappedFile file = MappedFile.Open(_folder.At("a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span<uint>(offset, count).Length);
    }

    [Fact]
    public void EmptyFile_HasAnEmptySpan()
    {
        File.WriteAllBytes(_folder.At("a"), []);
        using MappedFile file = MappedFile.Open(_folder.At("a"));
        Assert.Equal(0, file.Span(0, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(0, 1).Length);
    }

    [Fact]
    public void Span_AfterDispose_Throws()
    {
        File.WriteAllBytes(_folder.At("a"), new byte[8]);
        MappedFile file = MappedFile.Open(_folder.At("a"));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Span(0, 8).Length);
    }
}
