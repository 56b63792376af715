namespace Phf.Formats;

/// <summary>Writes 32-bit floats as a tensor of 32 or 16 bits, a piece at a time.</summary>
public static class TensorNarrowing
{
    private const int Chunk = 1 << 16; // elements

    /// <param name="stream">Receives the elements, little-endian.</param>
    /// <param name="name">Of the tensor, for messages.</param>
    /// <param name="values">Its elements.</param>
    /// <param name="type">F32, F16 or BF16; rounds to the nearest, ties to even.</param>
    /// <exception cref="InvalidDataException">A finite number would become infinite.</exception>
    public static void Write(Stream stream, string name, ReadOnlySpan<float> values, SafetensorsType type)
    {
        switch (type)
        {
            case SafetensorsType.F32: SafetensorsTensor.WriteValues(stream, values); break;
            case SafetensorsType.F16: Write<NarrowF16>(stream, name, values); break;
            case SafetensorsType.BF16: Write<NarrowBF16>(stream, name, values); break;
            default: throw new ArgumentException($"weights are written as F32, F16 or BF16, not as {type}", nameof(type));
        }
    }

    private static void Write<TKind>(Stream stream, string name, ReadOnlySpan<float> values) where TKind : struct, INarrowing
    {
        ushort[] narrowed = new ushort[Math.Min(Chunk, values.Length)];
        for (int start = 0; start < values.Length; start += Chunk)
        {
            ReadOnlySpan<float> part = values.Slice(start, Math.Min(Chunk, values.Length - start));
            int tooLarge = NarrowFloats.Narrow<TKind>(part, narrowed);
            if (tooLarge >= 0) throw new InvalidDataException($"tensor '{name}' holds {part[tooLarge]}, too large for 16 bits of this kind; write bfloat16 or float32");
            SafetensorsTensor.WriteValues<ushort>(stream, narrowed.AsSpan(0, part.Length));
        }
    }
}
