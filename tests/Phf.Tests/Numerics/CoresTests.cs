using Phf.Numerics.Threads;

namespace Phf.Tests.Numerics;

public sealed class CoresTests
{
    [Fact]
    public void Usable_IsAtMostWhatTheSystemGives() => Assert.InRange(Cores.Usable, 1, Environment.ProcessorCount);

    [Theory]
    [InlineData("0-3,8", new[] { 0, 1, 2, 3, 8 })]
    [InlineData("\t5\n", new[] { 5 })]
    [InlineData("", new int[0])]
    public void Processors_ReadsALinuxList(string list, int[] expected) => Assert.Equal(expected, Cores.Processors(list));
}
