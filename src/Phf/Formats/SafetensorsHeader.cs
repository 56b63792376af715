using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Phf.Numerics.Memory;

namespace Phf.Formats;

/// <summary>One tensor of a safetensors file: <paramref name="Offset"/> counts bytes from the start of the file.</summary>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Offset, long ByteLength)
{
    /// <summary>Number of elements, the product of <see cref="Shape"/> (1 for a scalar).</summary>
    public long Count => ByteLength / Type.Size();
}

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes of length, then JSON {name: {dtype, shape, data_offsets}}, then the data.
/// Files come from strangers, so everything the format promises is checked here: afterwards no entry can reach outside the file.
/// </summary>
internal static class SafetensorsHeader
{
    private const int MaxBytes = 100_000_000; // the limit of the reference implementation
    private const int PrefixBytes = 8;

    public static (Dictionary<string, SafetensorsEntry> Tensors, Dictionary<string, string> Metadata) Read(MappedFile file)
    {
        if (file.Length < PrefixBytes)
            throw new InvalidDataException(
                $"{file.Path}: {file.Length} bytes are no safetensors file; it is cut short or of another format");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, PrefixBytes));
        if (length > MaxBytes || (long)length > file.Length - PrefixBytes)
            throw new InvalidDataException($"{file.Path}: the header claims {length} bytes, the file has {file.Length} (limit {MaxBytes}); "
                + "the file is cut short or of another format");
        var parser = new Parser(file.Path, PrefixBytes + (long)length);
        try
        {
            parser.Parse(file.Span(PrefixBytes, (int)length));
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: a value of another JSON type, or a string that is not valid Unicode.
            throw new InvalidDataException($"{file.Path}: header of tensor '{parser.Current}' cannot be read: {problem.Message}", problem);
        }
        CheckLayout(file, PrefixBytes + (long)length, parser.Tensors.Values);
        return (parser.Tensors, parser.Metadata);
    }

    /// <summary>The tensors must tile the data exactly: no overlap, no hole, nothing after the last.</summary>
    private static void CheckLayout(MappedFile file, long dataStart, IEnumerable<SafetensorsEntry> tensors)
    {
        long end = dataStart;
        string before = "the header";
        foreach (SafetensorsEntry entry in tensors.OrderBy(t => t.Offset).ThenBy(t => t.ByteLength))
        {
            if (entry.Offset < end) throw new InvalidDataException($"{file.Path}: tensor '{entry.Name}' overlaps {before}");
            if (entry.Offset > end)
                throw new InvalidDataException(
                    $"{file.Path}: {entry.Offset - end} bytes between {before} and tensor '{entry.Name}' belong to no tensor");
            end = entry.Offset + entry.ByteLength;
            before = $"tensor '{entry.Name}'";
            if (end > file.Length)
                throw new InvalidDataException(
                    $"{file.Path}: {before} ends at byte {end}, the file has {file.Length}; it is cut short, fetch or write it again");
        }
        if (end < file.Length) throw new InvalidDataException($"{file.Path}: {file.Length - end} bytes after {before} belong to no tensor");
    }

    private sealed class Parser(string path, long dataStart)
    {
        public Dictionary<string, SafetensorsEntry> Tensors { get; } = [];
        public Dictionary<string, string> Metadata { get; } = [];
        public string Current { get; private set; } = "";

        public void Parse(ReadOnlySpan<byte> json)
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object was expected");
            bool metadataSeen = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Current = reader.GetString()!;
                reader.Read();
                if (Current == "__metadata__")
                {
                    if (metadataSeen) throw new JsonException("the key appears twice");
                    metadataSeen = true;
                    ParseMetadata(ref reader);
                }
                else if (!Tensors.TryAdd(Current, ParseEntry(ref reader)))
                {
                    throw new JsonException("the name appears twice");
                }
            }
            Current = "";
            if (reader.Read()) throw new JsonException("text after the closing brace");
        }

        private void ParseMetadata(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object of strings was expected");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) throw new JsonException($"the value of '{key}' is no string");
                if (!Metadata.TryAdd(key, reader.GetString()!)) throw new JsonException($"the key '{key}' appears twice");
            }
        }

        private SafetensorsEntry ParseEntry(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException("an object with dtype, shape and data_offsets was expected");
            string? dtype = null;
            long[]? shape = null, offsets = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                reader.Read();
                if (key == "dtype" && dtype is null) dtype = reader.GetString();
                else if (key == "shape" && shape is null) shape = Numbers(ref reader);
                else if (key == "data_offsets" && offsets is null) offsets = Numbers(ref reader);
                else throw new JsonException($"the key '{key}' appears twice or is unknown");
            }
            if (dtype is null || shape is null || offsets is not { Length: 2 })
                throw new JsonException("dtype, shape or the two data_offsets are missing");
            return Entry(dtype, shape, begin: offsets[0], end: offsets[1]);
        }

        private SafetensorsEntry Entry(string dtype, long[] shape, long begin, long end)
        {
            string where = $"{path}: tensor '{Current}'";
            // Enum.TryParse alone would also take numbers and lists of names.
            if (!Enum.GetNames<SafetensorsType>().Contains(dtype))
                throw new InvalidDataException(
                    $"{where} has dtype '{dtype}'; known are {string.Join(", ", Enum.GetNames<SafetensorsType>())}");
            var type = Enum.Parse<SafetensorsType>(dtype);
            if (begin > end || end > long.MaxValue - dataStart)
                throw new InvalidDataException($"{where} has data_offsets [{begin}, {end}]");
            Int128 bytes = type.Size();
            foreach (long size in shape)
            {
                bytes *= size;
                if (bytes > long.MaxValue) break; // stays in range of Int128; the comparison below refuses it
            }
            if (shape.Contains(0)) bytes = 0;
            if (bytes != end - begin)
                throw new InvalidDataException(
                    $"{where} is {dtype} [{string.Join(", ", shape)}] = {bytes} bytes, but its data_offsets span {end - begin}");
            return new SafetensorsEntry(Current, type, shape, dataStart + begin, end - begin);
        }

        private static long[] Numbers(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("a list of whole numbers was expected");
            var numbers = new List<long>();
            while (reader.Read() && reader.TokenType == JsonTokenType.Number)
            {
                long number = reader.GetInt64();
                if (number < 0) throw new JsonException($"{number} is negative");
                numbers.Add(number);
            }
            if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException("a list of whole numbers was expected");
            return [.. numbers];
        }
    }
}
