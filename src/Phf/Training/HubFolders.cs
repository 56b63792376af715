using Phf.Data;
using Phf.Text;

namespace Phf.Training;

/// <summary>
/// Finds on this machine what a configuration names as the Hugging Face Hub does (<c>owner/name</c>): under PHF_DATA, under ./data, and in the cache of the Hub's
/// own tools. Nothing is ever downloaded.
/// </summary>
public sealed class HubFolders
{
    private readonly List<string> _roots = [];
    private readonly string _cache;

    private HubFolders(string? data, string cache)
    {
        if (!string.IsNullOrEmpty(data)) _roots.Add(data);
        _roots.Add("data");
        _cache = cache;
    }

    /// <summary>The folders as the environment names them: PHF_DATA, and HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub.</summary>
    public static HubFolders FromEnvironment()
    {
        string home = Variable("HF_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface");
        return new HubFolders(Variable("PHF_DATA"), Variable("HF_HUB_CACHE") ?? Path.Combine(home, "hub"));

        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>Where data that is made from what was found is kept: PHF_DATA, else ./data.</summary>
    public string DataRoot => _roots[0];

    /// <summary>Whether a text can be a name on the Hub: <c>name</c> or <c>owner/name</c>, no path.</summary>
    public static bool IsName(string text) => text.Split('/') is { Length: 1 or 2 } parts
        && parts.All(part => part.Length > 0 && part[0] != '.' && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'));

    /// <summary>The packed data or the scored files behind the name of a dataset; null where there is nothing.</summary>
    public FoundDataset? FindDataset(string name)
    {
        foreach (string path in Candidates(name, "datasets"))
        {
            if (IsPacked(path)) return new FoundDataset(path, []);
            if (ScoredFilesIn(path) is { Length: > 0 } files) return new FoundDataset(null, files);
        }
        return null;
    }

    /// <summary>The folder of a model by name: one with a config.json; null where there is none.</summary>
    public string? FindModel(string name) => FindWith(name, "config.json");

    /// <summary>The folder of a tokenizer by name; null where there is none.</summary>
    public string? FindTokenizer(string name) => TokenizerFiles.Main.Select(file => FindWith(name, file)).FirstOrDefault(folder => folder is not null);

    /// <summary>Where a name was looked up, for messages.</summary>
    public string PlacesOf(string name, string kind) => string.Join(", ", [.. _roots.SelectMany(root => InRoot(root, name)), Cached(name, kind)]);

    private string? FindWith(string name, string file) =>
        IsName(name) ? Candidates(name, "models").FirstOrDefault(folder => File.Exists(Path.Combine(folder, file))) : null;

    private IEnumerable<string> Candidates(string name, string kind)
    {
        if (!IsName(name)) return [];
        string snapshots = Path.Combine(Cached(name, kind), "snapshots");
        // The newest snapshot first: they are named by commit, which has no order.
        string[] versions = Directory.Exists(snapshots) ? [.. Directory.GetDirectories(snapshots).OrderByDescending(Directory.GetLastWriteTimeUtc)] : [];
        return [.. _roots.SelectMany(root => InRoot(root, name)), .. versions];
    }

    private static IEnumerable<string> InRoot(string root, string name) =>
        new[] { Path.Combine(root, name), Path.Combine(root, name[(name.IndexOf('/') + 1)..]) }.Distinct();

    private string Cached(string name, string kind) => Path.Combine(_cache, $"{kind}--{name.Replace("/", "--", StringComparison.Ordinal)}");

    private static bool IsPacked(string folder) =>
        File.Exists(Path.Combine(folder, DatasetManifest.FileName)) || File.Exists(Path.Combine(folder, Packer.TrainSplit, DatasetManifest.FileName));

    /// <summary>JSON lines at a path, with or without their extension, or anywhere in a folder; in ordinal order.</summary>
    private static string[] ScoredFilesIn(string path)
    {
        string[] endings = [".jsonl", ".jsonl.gz"];
        if (!Directory.Exists(path)) return [.. endings.Select(ending => path + ending).Where(File.Exists).Take(1)];
        return [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => endings.Any(file.EndsWith)).Order(StringComparer.Ordinal)];
    }
}

/// <summary>A dataset found by name.</summary>
/// <param name="Packed">A folder written by phf pack; null where scored text was found.</param>
/// <param name="ScoredFiles">JSON lines with texts and scores, else.</param>
public sealed record FoundDataset(string? Packed, IReadOnlyList<string> ScoredFiles);
