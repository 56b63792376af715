using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

/// <summary>Every operation gives the same bits with 1, 2, 3 and 5 threads.</summary>
public sealed class ThreadIndependenceTests
{
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void EveryOperation_AnyNumberOfThreads_SameBits(string name)
    {
        using IBackend one = TestBackends.Create(name, threads: 1);
        foreach (int threads in new[] { 2, 3, 5 })
        {
            using IBackend several = TestBackends.Create(name, threads);
            Assert.Equal(threads, several.Threads);
            foreach ((string operation, Operation run) in Operations.All)
            {
                using TestMemory memoryOfOne = new(), memoryOfSeveral = new();
                Tensor[] expected = run(one, memoryOfOne), actual = run(several, memoryOfSeveral);
                for (int i = 0; i < expected.Length; i++) Compare.Bits(expected[i], actual[i], $"{operation}, result {i}, {threads} threads");
            }
        }
    }
}
