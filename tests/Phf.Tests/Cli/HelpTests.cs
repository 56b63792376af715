using System.CommandLine;
using Phf.Cli;

namespace Phf.Tests.Cli;

public sealed class HelpTests
{
    public static TheoryData<string> Verbs() => [.. VerbTable.All().SelectMany(Paths)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Verb_HasAHelp_WithItsOwnName_AndAWordOnEverything(string path)
    {
        string[] words = path.Split(' ');
        string help = CliProcess.Run([.. words, "--help"]).Succeeded().Output;
        Assert.Contains($"phf {path}", help);
        Assert.DoesNotContain("Phf.Cli", help);
        Command verb = VerbTable.All().Single(verb => verb.Name == words[0]);
        foreach (string word in words[1..]) verb = verb.Subcommands.Single(below => below.Name == word);
        Assert.NotEmpty(verb.Description!);
        Assert.All(verb.Options, option => Assert.True(option.Description?.Length > 5, option.Name));
        Assert.All(verb.Arguments, argument => Assert.True(argument.Description?.Length > 5, argument.Name));
        // A placeholder that repeats the option's name says nothing.
        Assert.All(verb.Options, option => Assert.DoesNotContain($"<{option.Name.TrimStart('-')}>", help));
    }

    [Fact]
    public void Phf_WithoutAWord_ShowsTheHelp_AndIs2()
    {
        CliResult nothing = CliProcess.Run();
        Assert.Equal((2, ""), (nothing.ExitCode, nothing.Error));
        Assert.Equal(CliProcess.Run("--help").Succeeded().Output, nothing.Output);
        Assert.All(VerbTable.All(), verb => Assert.Contains($"  {verb.Name} ", nothing.Output));
        CliProcess.Run("tokenizer").Failed(2, "phf: see 'phf tokenizer --help'");
    }

    private static IEnumerable<string> Paths(Command verb) =>
        verb.Subcommands.Count == 0 ? [verb.Name] : [verb.Name, .. verb.Subcommands.SelectMany(Paths).Select(below => $"{verb.Name} {below}")];
}
