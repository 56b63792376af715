using System.CommandLine;
using Phf.Formats.Hub;

namespace Phf.Cli.Verbs;

/// <summary><c>phf download</c>: a model, a tokenizer or a dataset of the Hugging Face Hub into the cache of the Hub's own tools.</summary>
internal static class DownloadVerb
{
    private static readonly Argument<string> Name = new("OWNER/NAME") { Description = "name on the Hub, such as openai-community/gpt2" };
    private static readonly Option<string> Revision = new("--revision") { Description = "branch, tag or commit", HelpName = "NAME", DefaultValueFactory = _ => HubDownload.MainRevision };
    private static readonly Option<string[]> Include = new("--include")
    {
        Description = "files wanted, with * and ?; without it, all but weights that Phf does not read",
        HelpName = "GLOB",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<bool> Dataset = new("--dataset") { Description = "the name is that of a dataset, not of a model" };

    public static Command Create()
    {
        var verb = new Command("download", "Fetch a model, a tokenizer or a dataset from the Hugging Face Hub; every file is checked. Prints the folder.") { Name, Revision, Include, Dataset };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        var options = HubOptions.FromEnvironment();
        var repository = new HubRepository(parsed.GetRequiredValue(Name), parsed.GetValue(Dataset));
        string revision = parsed.GetRequiredValue(Revision);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (options.IsOffline && HubRepository.IsName(repository.Name) && HubDownload.FindCached(options, repository, revision) is { } cached)
        {
            Console.Error.WriteLine("note: HF_HUB_OFFLINE is set; this is what the cache has, and nothing was compared with the Hub");
            output.WriteLine(cached);
            return ExitCode.Done;
        }
        using HubDownload download = HubDownload.Plan(options, repository, revision, parsed.GetValue(Include) ?? [], cancel);
        ConsoleProgress.Run($"downloading {repository.Name}", "MB", download.TotalBytes, progress =>
        {
            progress.BeginAt(download.BytesThere);
            download.Run(bytes => progress.Report(bytes, bytes / 1_000_000), cancel);
        });
        if (download.LeftOut.Count > 0)
            Console.Error.WriteLine($"note: {download.LeftOut.Count} files were left out, weights for other programs or the same weights again ({download.LeftOut[0]}, ...); --include '*' takes all");
        output.WriteLine(download.Folder);
        return ExitCode.Done;
    }
}
