using Phf.Data;
using Phf.Formats.Hub;
using Phf.Text;

namespace Phf.Training;

/// <summary>
/// Finds on this machine what a configuration names as the Hugging Face Hub does (<c>owner/name</c>): under PHF_DATA, under ./data, and in the cache of the Hub's
/// own tools, which <c>phf download</c> fills. Nothing is downloaded here.
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

    /// <summary>The folders as the environment names them: PHF_DATA, and the cache as <see cref="HubOptions.FromEnvironment"/> has it.</summary>
    public static HubFolders FromEnvironment() => new(Environment.GetEnvironmentVariable("PHF_DATA"), HubOptions.CacheFromEnvironment());

    /// <summary>Where data that is made from what was found is kept: PHF_DATA, else ./data.</summary>
    public string DataRoot => _roots[0];

    /// <summary>The packed data or the scored files behind the name of a dataset; null where there is nothing.</summary>
    public FoundDataset? FindDataset(string name)
    {
        foreach (string path in Candidates(new HubRepository(name, IsDataset: true)))
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

    /// <summary>What to tell of a name that was not found: where it was looked up, and how to get it; nothing of what cannot be a name.</summary>
    public string AdviceFor(HubRepository repository) => !HubRepository.IsName(repository.Name) || Path.Exists(repository.Name) ? ""
        : $"; as a name on the Hugging Face Hub it was looked for in {string.Join(", ", [.. _roots.SelectMany(root => InRoot(root, repository.Name)), Path.Combine(_cache, repository.Folder)])}; "
            + $"to get it: phf download {repository.Name}{(repository.IsDataset ? " --dataset" : "")}";

    private string? FindWith(string name, string file) =>
        Candidates(new HubRepository(name)).FirstOrDefault(folder => File.Exists(Path.Combine(folder, file)));

    private IEnumerable<string> Candidates(HubRepository repository) => HubRepository.IsName(repository.Name)
        ? [.. _roots.SelectMany(root => InRoot(root, repository.Name)), .. HubDownload.SnapshotsIn(_cache, repository)] : [];

    private static IEnumerable<string> InRoot(string root, string name) =>
        new[] { Path.Combine(root, name), Path.Combine(root, name[(name.IndexOf('/') + 1)..]) }.Distinct();

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
