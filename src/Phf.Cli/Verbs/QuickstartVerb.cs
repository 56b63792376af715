using System.CommandLine;
using System.Diagnostics;
using Phf.Cli.Quickstart;
using Phf.Evaluation.Report;

namespace Phf.Cli.Verbs;

/// <summary><c>phf quickstart</c>: the whole story on built-in data in a few minutes.</summary>
internal static class QuickstartVerb
{
    private const string DefaultOutput = "runs/quickstart";
    private static readonly Option<string?> Output = new("--out", "-o") { Description = $"folder to write; without it, {DefaultOutput} or the next free name", HelpName = "DIR" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "same seed, same corpus, weights, order and samples", HelpName = "N" };
    private static readonly Option<bool> Fast = new("--fast") { Description = "the same in half a minute; too little training for the numbers to mean anything" };
    private static readonly Option<bool> Force = new("--force") { Description = "replace an earlier quickstart in the folder" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("quickstart", "Make a corpus, score it, train three models, compare them: the whole story on built-in data.") { Output, Seed, Fast, Force, Threads };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        if (parsed.GetValue(Seed) > long.MaxValue) throw new UsageException($"--seed {parsed.GetValue(Seed)}: at most {long.MaxValue} was expected");
        string directory = parsed.GetValue(Output) ?? FirstFree(DefaultOutput);
        var settings = new QuickstartSettings { Directory = directory, Seed = parsed.GetValue(Seed), Threads = parsed.GetValue(Threads) };
        if (parsed.GetValue(Fast)) settings = settings.Fast();
        Prepare(settings, parsed.GetValue(Force));
        IReadOnlyList<RunReport> runs;
        try
        {
            runs = new QuickstartStory(settings, cancel).Tell();
        }
        catch (OperationCanceledException)
        {
            Directory.Delete(directory, recursive: true); // all in it is ours and unfinished
            throw;
        }
        TextWriter output = parsed.InvocationConfiguration.Output;
        ReportVerb.Print(ReportTable.Of(runs), output);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:F0} s; look at {settings.Report}");
        output.WriteLine($"read on: phf generate {settings.RunDirectory("conditional")} --samples 3");
        return ExitCode.Done;
    }

    private static void Prepare(QuickstartSettings settings, bool force)
    {
        string directory = settings.Directory;
        if (File.Exists(directory)) throw new IOException($"{directory} is a file; give another folder with --out");
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            if (!force) throw new IOException($"{directory} is not empty; give another folder with --out, or --force to replace an earlier quickstart in it");
            if (!File.Exists(settings.Corpus)) throw new IOException($"{directory} holds no quickstart (no corpus.jsonl), so --force leaves it alone; give another folder");
            if (settings.ForeignEntry() is { } foreign)
                throw new IOException($"{foreign} is not of quickstart's making, so --force leaves {directory} alone; move that away, or give another folder");
            Directory.Delete(directory, recursive: true);
        }
        Directory.CreateDirectory(directory);
    }

    private static string FirstFree(string path)
    {
        if (!Directory.Exists(path)) return path;
        for (int i = 2; ; i++)
            if (!Directory.Exists($"{path}-{i}")) return $"{path}-{i}";
    }
}
