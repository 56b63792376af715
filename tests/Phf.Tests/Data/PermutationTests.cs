using Phf.Data;

namespace Phf.Tests.Data;

public sealed class PermutationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    [InlineData(65_537)]
    public void EveryItem_ComesExactlyOnce(int count)
    {
        foreach (long epoch in (long[])[0, 1, 77])
        {
            var order = new Permutation(count, seed: 3, epoch);
            bool[] seen = new bool[count];
            for (int i = 0; i < count; i++)
            {
                long item = order[i];
                Assert.InRange(item, 0, count - 1);
                Assert.False(seen[item]);
                seen[item] = true;
            }
        }
    }

    [Fact]
    public void LargeDomains_StayInRange()
    {
        var order = new Permutation((1L << 40) + 12_345, seed: 9, epoch: 2);
        long[] items = [.. Enumerable.Range(0, 1000).Select(i => order[i])];
        Assert.All(items, item => Assert.InRange(item, 0, (1L << 40) + 12_344));
        Assert.Equal(1000, items.Distinct().Count());
    }

    [Fact]
    public void SeedAndEpoch_ChangeTheOrder()
    {
        static long[] Order(ulong seed, long epoch)
        {
            var order = new Permutation(1000, seed, epoch);
            return [.. Enumerable.Range(0, 1000).Select(i => order[i])];
        }

        Assert.Equal(Order(1, 0), Order(1, 0));
        Assert.True(Order(1, 0).Zip(Order(1, 1)).Count(pair => pair.First == pair.Second) < 20);
        Assert.True(Order(1, 0).Zip(Order(2, 0)).Count(pair => pair.First == pair.Second) < 20);
    }

    /// <summary>Where items land must not depend on where they were: a chi-square test over a 10 x 10 grid, 81 degrees of freedom, p about 1e-4 at 135.</summary>
    [Fact]
    public void Order_LooksRandom()
    {
        const int Count = 10_000, Cells = 10;
        var order = new Permutation(Count, seed: 5, epoch: 0);
        int[,] grid = new int[Cells, Cells];
        for (int i = 0; i < Count; i++) grid[i * Cells / Count, order[i] * Cells / Count]++;
        double expected = (double)Count / (Cells * Cells), chiSquare = 0;
        foreach (int cell in grid) chiSquare += (cell - expected) * (cell - expected) / expected;
        Assert.InRange(chiSquare, 35, 135);
    }
}
