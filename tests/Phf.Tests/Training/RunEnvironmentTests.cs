using Phf.Training;

namespace Phf.Tests.Training;

public sealed class RunEnvironmentTests
{
    [Theory]
    [InlineData("200000 100000", 2.0)]
    [InlineData("150000 100000", 1.5)]
    [InlineData("max 100000", null)]
    [InlineData("-1 100000", null)]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    public void CpuLimit_IsQuotaOverPeriod(string? line, double? cpus) => Assert.Equal(cpus, RunEnvironment.CpuLimitOf(line));

    [Fact]
    public void CpuModel_IsTheFirstModelName()
    {
        Assert.Equal("Made Up CPU @ 3 GHz", RunEnvironment.CpuModelOf(["processor\t: 0", "model name\t: Made Up CPU @ 3 GHz", "model name\t: other"]));
        Assert.Null(RunEnvironment.CpuModelOf(["processor : 0", "CPU implementer : 0x41"]));
    }
}
