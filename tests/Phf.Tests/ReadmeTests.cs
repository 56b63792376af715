using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Phf.Cli;
using Phf.Cli.Quickstart;
using Phf.Tests.Cli;

namespace Phf.Tests;

/// <summary>What README.md tells a user to type is what the program takes; its walk through the verbs is walked.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Shared.RepositoryRoot, "README.md"));

    [Fact]
    public void TwoCommands_SetUp_AndTest()
    {
        string[] lines = [.. CodeLines()];
        string quickstart = Assert.Single(lines, line => line.StartsWith("dotnet run ", StringComparison.Ordinal) && line.EndsWith("-- quickstart", StringComparison.Ordinal));
        Assert.Contains(" -c Release ", quickstart);
        string project = Words(quickstart).SkipWhile(word => word != "--project").ElementAt(1);
        Assert.True(Directory.Exists(Path.Combine(Shared.RepositoryRoot, project)), project);
        Assert.Contains("dotnet test -c Release", lines);
    }

    [Fact]
    public void EveryCommand_IsTaken_ByTheProgram()
    {
        var root = new Command("phf");
        foreach (Command verb in VerbTable.All()) root.Subcommands.Add(verb);
        string[][] commands = [.. CodeLines().Concat(InlineCode()).Select(Arguments).OfType<string[]>().Where(words => words is not ["VERB", ..])];
        Assert.True(commands.Length > 5, "README.md shows fewer commands than there are verbs");
        foreach (string[] words in commands)
            Assert.True(root.Parse(words).Errors.Count == 0, $"phf {string.Join(' ', words)}: {string.Join("; ", root.Parse(words).Errors.Select(error => error.Message))}");
    }

    [Fact]
    public void WalkThroughTheVerbs_CanBeWalked()
    {
        using var folder = new TemporaryFolder();
        using (StreamWriter posts = File.CreateText(folder.At("posts.jsonl")))
            foreach (string text in BuiltInCorpus.Documents(300, seed: 1)) posts.WriteLine(JsonSerializer.Serialize(new { text }));
        string[][] walk = [.. CodeLines().Where(line => line.StartsWith("phf ", StringComparison.Ordinal)).Select(Arguments).OfType<string[]>()];
        Assert.Equal(["score", "tokenizer", "pack", "train", "evaluate", "report", "generate"], walk.Select(words => words[0]).Distinct());
        foreach (string[] words in walk)
        {
            string[] here = [.. words.Select(word => word.StartsWith("configs/", StringComparison.Ordinal) ? Path.Combine(Shared.RepositoryRoot, word) : word)];
            using CliProcess process = CliProcess.Start([.. here, .. Smaller(words[0])], folder: folder.FullName);
            process.Wait().Succeeded();
        }
        Assert.True(File.Exists(folder.At("report.html")));
    }

    [Fact]
    public void Links_LeadToFiles_AndNothingIsLeftToFillIn()
    {
        foreach (Match link in Link().Matches(Text))
            Assert.True(Path.Exists(Path.Combine(Shared.RepositoryRoot, link.Groups[1].Value)), $"README.md links to {link.Groups[1].Value}, which is not there");
        Assert.DoesNotMatch("@[A-Z]+@", Text);
    }

    /// <summary>The same verbs on a model that trains in a moment.</summary>
    private static string[] Smaller(string verb) => verb switch
    {
        "train" =>
        [
            "--threads", "1", "--override", "training.max_steps=2", "model.gpt2_config_kwargs.n_layer=1", "model.gpt2_config_kwargs.n_embd=32",
            "model.gpt2_config_kwargs.n_head=2",
        ],
        "evaluate" => ["--threads", "1", "--samples", "2"],
        _ => [],
    };

    /// <summary>The words after <c>phf</c>, or after <c>dotnet run ... --</c>; null for another command.</summary>
    private static string[]? Arguments(string line)
    {
        string[] words = Words(line);
        if (words is ["phf", _, ..]) return words[1..];
        return words is ["dotnet", "run", ..] && words.Contains("--") ? words[(Array.IndexOf(words, "--") + 1)..] : null;
    }

    private static string[] Words(string line) => [.. Word().Matches(line).Select(word => word.Value.Replace("\"", ""))];

    /// <summary>Lines of code blocks, fenced and indented.</summary>
    private static IEnumerable<string> CodeLines()
    {
        bool fenced = false;
        foreach (string line in Text.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (fenced || line.StartsWith("    ", StringComparison.Ordinal)) yield return line.Trim();
        }
    }

    private static IEnumerable<string> InlineCode() => Inline().Matches(Text).Select(code => code.Groups[1].Value);

    [GeneratedRegex("""(?:[^\s"]|"[^"]*")+""")]
    private static partial Regex Word();

    [GeneratedRegex("(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Inline();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)")]
    private static partial Regex Link();
}
