using Xunit.Abstractions;

namespace Phf.Tests.Formats.Fuzz;

/// <summary>Thousands of damaged files per format. A longer campaign: <c>bench/Phf.Benchmarks fuzz</c>.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly int Mutants = FuzzFolder.IsInMemory ? 20_000 : 2_000; // the disk decides

    public static TheoryData<string> Formats => [.. FuzzFormat.Names];

    [Theory]
    [MemberData(nameof(Formats))]
    public void DamagedFiles_AreReadOrRefused(string name)
    {
        using var folder = new FuzzFolder();
        FuzzFormat format = FuzzFormat.Create(name, folder, Path.GetDirectoryName(PyTorchFileTests.Fixture("any"))!);
        FuzzResult result = FuzzRun.Run(format, folder, seed: (ulong)Array.IndexOf(FuzzFormat.Names, name), done => done < Mutants);
        output.WriteLine($"{result}");
        Assert.InRange(result.Refused, result.Mutants / 20, result.Mutants - 1);
    }

    [Theory]
    [InlineData("an allocation")]
    [InlineData("another exception")]
    public void Run_SeesWhatAReaderMustNotDo(string what)
    {
        using var folder = new FuzzFolder();
        Assert.Throws<FuzzException>(() => FuzzRun.Run(new FuzzFormat("any", path => Misbehave(what, path), FixedBytes: 10_000, "whole"u8.ToArray()), folder, seed: 1, done => done < 20));
    }

    private static void Misbehave(string what, string path)
    {
        if (File.ReadAllText(path) == "whole") return;
        if (what == "an allocation") GC.KeepAlive(new byte[100_000]);
        else throw new InvalidOperationException();
    }
}
