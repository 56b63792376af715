namespace Phf.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("no-such-verb")]
    [InlineData("--no-such-option")]
    [InlineData("env", "--no-such-option")]
    public void BadUsage_Is2_AndNamesTheWord(params string[] arguments)
    {
        CliResult result = CliProcess.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(arguments[^1], result.Error);
        Assert.Contains("phf --help", result.Error);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Help_Is0_AndListsTheVerbs()
    {
        CliResult result = CliProcess.Run("--help");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("env", result.Output);
        Assert.Empty(result.Error);
    }
}
