using System.Text.Json;
using Phf.Formats.PyTorch;

namespace Phf.Formats;

/// <summary>
/// The tensors of a model as the Hugging Face Hub lays them out: one file or several with an index, safetensors or PyTorch's. Tensors are valid
/// until <see cref="Dispose"/>.
/// </summary>
public sealed class WeightFiles : IDisposable
{
    private const string IndexEnd = ".index.json";
    private const int LargestIndexBytes = 100_000_000;
    private const int HeaderLengthBytes = 8; // of safetensors

    /// <summary>What a directory may have its weights in, the first one that is there.</summary>
    private static readonly string[] Names =
        ["model.safetensors", "model.safetensors" + IndexEnd, "pytorch_model.bin", "pytorch_model.bin" + IndexEnd];

    private readonly List<IDisposable> _open = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private WeightFiles(string path) => Path = path;

    /// <summary>The file, or the index where there are several.</summary>
    public string Path { get; }

    /// <summary>What it is: <c>safetensors</c>, <c>PyTorch</c>, and how many files where there are several.</summary>
    public string Format { get; private set; } = "";

    /// <summary>Bytes of all files, without an index.</summary>
    public long FileBytes { get; private set; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <param name="path">A file of weights, an index, or a directory with one of them.</param>
    /// <exception cref="InvalidDataException">No weights there, or a file is damaged; the message names file and tensor.</exception>
    public static WeightFiles Open(string path)
    {
        string file = Directory.Exists(path) ? FindIn(path) : path;
        if (!File.Exists(file)) throw new InvalidDataException($"{file} is missing; expected a file of weights");
        var weights = new WeightFiles(file);
        try
        {
            if (file.EndsWith(IndexEnd, StringComparison.Ordinal)) weights.AddShards();
            else weights.Format = weights.Add(file, names: null);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The weights of a model directory, or null when it has none.</summary>
    public static string? TryFindIn(string directory) =>
        Names.Select(name => System.IO.Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    public void Dispose()
    {
        foreach (IDisposable file in _open) file.Dispose();
    }

    private static string FindIn(string directory) => TryFindIn(directory) ?? throw new InvalidDataException(
        $"{directory}: {Names[0]} is missing, and so are {string.Join(", ", Names[1..^1])} and {Names[^1]}; a model directory has its weights in one of them");

    /// <summary>Adds the tensors of a file, only those <paramref name="names"/> if given; returns its format.</summary>
    private string Add(string path, IReadOnlySet<string>? names)
    {
        if (!File.Exists(path)) throw new InvalidDataException($"{path} is missing, and {Path} has tensors there; fetch it too");
        FileBytes += InputFile.LengthOf(path);
        byte[] start = Start(path);
        if (start.AsSpan().StartsWith("version https://git-lfs"u8))
            throw new InvalidDataException($"{path} is a pointer of Git LFS, not the file itself; fetch it with git lfs pull, or download it from the model's page");
        if (PyTorchFile.IsOne(start))
        {
            PyTorchFile file = PyTorchFile.Open(path);
            _open.Add(file);
            Take(path, names, file.Tensors, tensor => tensor);
            return "PyTorch";
        }
        if (start.Length > HeaderLengthBytes && start[HeaderLengthBytes] != '{')
            throw new InvalidDataException($"{path}: no weights; it begins neither as safetensors (the length of a JSON header, then the header) nor as PyTorch's (a zip archive or a pickle); fetch it again, or name another file");
        SafetensorsFile safetensors = SafetensorsFile.Open(path);
        _open.Add(safetensors);
        Take(path, names, safetensors.Tensors, safetensors.Stored);
        return "safetensors";
    }

    private void Take<T>(string path, IReadOnlySet<string>? names, IReadOnlyDictionary<string, T> found, Func<T, StoredTensor> stored)
    {
        foreach (string name in names ?? found.Keys)
            _tensors.Add(name, found.TryGetValue(name, out T? tensor) ? stored(tensor)
                : throw new InvalidDataException($"{path}: no tensor '{name}', which {Path} says is there; fetch both files again"));
    }

    private static byte[] Start(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] start = new byte[Math.Min(32, file.Length)];
        file.ReadExactly(start);
        return start;
    }

    private void AddShards()
    {
        IReadOnlyDictionary<string, HashSet<string>> shards = ReadIndex();
        string directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        var formats = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((string shard, HashSet<string> names) in shards) formats.Add(Add(System.IO.Path.Combine(directory, shard), names));
        Format = $"{string.Join(" and ", formats)}, {shards.Count} files";
    }

    /// <summary>The names of the tensors in each shard: {"metadata": ..., "weight_map": {tensor: file}}.</summary>
    private SortedDictionary<string, HashSet<string>> ReadIndex()
    {
        if (InputFile.LengthOf(Path) > LargestIndexBytes) throw new InvalidDataException($"{Path} is larger than {LargestIndexBytes} bytes; no index is");
        var shards = new SortedDictionary<string, HashSet<string>>(StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path));
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (JsonProperty entry in json.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                string shard = entry.Value.GetString() ?? "";
                // A name such as ../../secret would read files that are not the model's.
                if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().ContainsAny('/', '\\', '\0'))
                    throw new InvalidDataException($"{Path}: tensor '{entry.Name}' is said to be in '{shard}', which is no name of a file beside it");
                if (!seen.Add(entry.Name)) throw new InvalidDataException($"{Path}: tensor '{entry.Name}' appears twice");
                if (!shards.TryGetValue(shard, out HashSet<string>? names)) shards.Add(shard, names = new HashSet<string>(StringComparer.Ordinal));
                names.Add(entry.Name);
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{Path}: no index of weights, {{\"weight_map\": {{tensor: file}}}} was expected: {problem.Message}", problem);
        }
        return shards.Count > 0 ? shards : throw new InvalidDataException($"{Path}: its weight_map is empty");
    }
}
