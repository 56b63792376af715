using Phf.Numerics.Memory;

namespace Phf.Formats.PyTorch;

/// <summary>
/// A file of torch.save, memory-mapped: the zip archive that PyTorch writes since 1.6, or the stream of pickles before. Only dictionaries, lists,
/// numbers, strings and tensors can be in it (<see cref="PickleReader"/>); code is refused by name, never run. Tensors are views into the
/// map and valid until <see cref="Dispose"/>.
/// </summary>
public sealed class PyTorchFile : IDisposable
{
    private const int DeepestNesting = 32;
    private const string Pickle = "data.pkl";

    private readonly MappedFile _file;

    private PyTorchFile(MappedFile file, object? root, Dictionary<string, StoredTensor> tensors) => (_file, Root, Tensors) = (file, root, tensors);

    public string Path => _file.Path;

    /// <summary>Everything but the tensors: null, bool, long, double, string, object?[], List&lt;object?&gt;, Dictionary&lt;string, object?&gt;.</summary>
    public object? Root { get; }

    /// <summary>
    /// The tensors by name. Those in nested dictionaries have the keys joined with dots; where the file has a dictionary <c>state_dict</c>
    /// (Lightning, Detoxify), its tensors alone, without that word.
    /// </summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Whether a file begins as torch.save's files do.</summary>
    internal static bool IsOne(ReadOnlySpan<byte> start) => start.StartsWith("PK\x03\x04"u8) || LegacyFile.MagicLength(start) > 0;

    /// <exception cref="InvalidDataException">Damaged, or with more than tensors and plain values; the message names what.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static PyTorchFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            ReadOnlySpan<byte> start = file.Span(0, (int)Math.Min(file.Length, LegacyFile.MostMagicBytes));
            Contents contents = LegacyFile.MagicLength(start) > 0 ? LegacyFile.Read(file) : ReadZip(file);
            return new PyTorchFile(file, contents.Root, Flatten(file, contents));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static Contents ReadZip(MappedFile file)
    {
        Dictionary<string, (long Offset, long Length)> entries = ZipDirectory.Read(file);
        string[] pickles = [.. entries.Keys.Where(name => name.EndsWith("/" + Pickle, StringComparison.Ordinal) && name.IndexOf('/') == name.Length - Pickle.Length - 1)];
        if (pickles.Length != 1) throw new InvalidDataException($"{file.Path}: a zip archive without {Pickle}, so not written by torch.save");
        string folder = pickles[0][..^Pickle.Length];
        if (entries.ContainsKey(folder + "constants.pkl"))
            throw new InvalidDataException($"{file.Path}: a TorchScript program; only weights can be read, save the state_dict");
        if (entries.TryGetValue(folder + "byteorder", out (long Offset, long Length) order) && !(order.Length == 6 && file.Span(order.Offset, 6).SequenceEqual("little"u8)))
            throw new InvalidDataException($"{file.Path}: its numbers are not little-endian");
        (long offset, long length) = entries[pickles[0]];
        if (length > int.MaxValue) throw new InvalidDataException($"{file.Path}: {pickles[0]} has {length} bytes");
        object? root = new PickleReader($"{file.Path} ({Pickle})", file.Span(offset, (int)length), file.Length).Read();
        return new Contents(root, storage =>
        {
            if (!entries.TryGetValue($"{folder}data/{storage.Key}", out (long Offset, long Length) entry))
                throw new InvalidDataException($"{file.Path}: storage '{storage.Key}' is missing; the file is damaged");
            return entry;
        });
    }

    private static Dictionary<string, StoredTensor> Flatten(MappedFile file, Contents contents)
    {
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        object? root = contents.Root;
        if (root is Dictionary<string, object?> whole && whole.TryGetValue("state_dict", out object? state)) root = state;
        Visit("", root, depth: 0);
        return tensors;

        void Visit(string name, object? value, int depth)
        {
            if (value is PickleTensor tensor)
            {
                if (!tensors.TryAdd(name, Place(file, name, tensor, contents.Locate)))
                    throw new InvalidDataException($"{file.Path}: two tensors are named '{name}'");
            }
            // A dictionary that is met again, even inside itself, has been listed.
            else if (value is Dictionary<string, object?> dictionary && seen.Add(dictionary))
            {
                if (depth == DeepestNesting) throw new InvalidDataException($"{file.Path}: dictionaries are nested deeper than {DeepestNesting}");
                foreach ((string key, object? item) in dictionary) Visit(name.Length == 0 ? key : $"{name}.{key}", item, depth + 1);
            }
        }
    }

    /// <summary>A tensor's place in the file, after checking that every element lies in its storage and the storage in the file.</summary>
    private static StoredTensor Place(MappedFile file, string name, PickleTensor tensor, Func<PickleStorage, (long Offset, long Length)> locate)
    {
        PickleStorage storage = tensor.Storage;
        (long start, long length) = locate(storage);
        if ((Int128)storage.Count * storage.Type.Size() != length)
            throw Unfit($"its storage '{storage.Key}' should have {storage.Count} elements of {storage.Type}, the file has {length} bytes");
        if (tensor.Offset < 0 || tensor.Shape.Any(size => size < 0) || tensor.Strides.Any(stride => stride < 0))
            throw Unfit($"offset {tensor.Offset}, a size or a stride is negative");
        Int128 count = 1, last = tensor.Offset;
        for (int d = 0; d < tensor.Shape.Length && count <= long.MaxValue; d++)
        {
            count *= tensor.Shape[d];
            last += (Int128)Math.Max(0, tensor.Shape[d] - 1) * tensor.Strides[d];
        }
        if (tensor.Shape.Contains(0)) count = 0;
        string shape = $"[{string.Join(", ", tensor.Shape)}]";
        if (count > storage.Count) throw Unfit($"{shape} has more elements than its storage, {storage.Count}; save it with .contiguous()");
        if (count > 0 && last >= storage.Count) throw Unfit($"{shape} reaches element {last} of a storage of {storage.Count}");
        return new StoredTensor(file, name, storage.Type, tensor.Shape, tensor.Strides, start + (count == 0 ? 0 : tensor.Offset * storage.Type.Size()));

        InvalidDataException Unfit(string found) => new($"{file.Path}: tensor '{name}': {found}; the file is damaged or not written by torch.save");
    }

    /// <summary>What the pickle makes, and where a storage's bytes lie.</summary>
    internal sealed record Contents(object? Root, Func<PickleStorage, (long Offset, long Length)> Locate);
}
