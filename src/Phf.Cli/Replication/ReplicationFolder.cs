using Phf.Training.Replication;

namespace Phf.Cli.Replication;

/// <summary>The folder of one experiment and what lies where in it.</summary>
internal sealed record ReplicationFolder(string Path)
{
    /// <summary>Texts as they were found or made up, where they are no file of the user's.</summary>
    public string Corpus => At("corpus.jsonl.gz");

    public string Scored => At("scored.jsonl.gz");

    /// <summary>The documents that are learned from.</summary>
    public string Selected => At("selected.jsonl.gz");

    public string Tokenizer => At("tokenizer");

    public string Data => At("data");

    /// <summary>Configuration files of the runs, one each.</summary>
    public string Configurations => At("configs");

    public string Runs => At("runs");

    /// <summary>What was done, and with what settings.</summary>
    public string Records => At("steps");

    public string Report => At("report.html");

    public string Lock => At("replicate.lock");

    public string ConfigurationOf(string run) => System.IO.Path.Combine(Configurations, $"{run}.yml");

    /// <summary>The seeds of which there is a plain run, in order; null without any.</summary>
    public long[]? SeedsOfRuns()
    {
        string[] plain = Directory.Exists(Runs) ? Directory.GetDirectories(Runs, ReplicationRun.NameOf(ReplicationRun.Baseline, share: null, "*")) : [];
        long[] seeds = [.. plain.Select(run => run[(run.LastIndexOf('=') + 1)..]).Where(text => long.TryParse(text, out _)).Select(long.Parse).Order()];
        return seeds.Length > 0 ? seeds : null;
    }

    /// <summary>A text in which this folder's path stands as a dot, so that it holds after a move.</summary>
    public string Relative(string text) => text.Replace(Path + System.IO.Path.DirectorySeparatorChar, "./", StringComparison.Ordinal);

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
