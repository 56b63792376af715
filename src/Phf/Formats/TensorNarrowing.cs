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
            case SafetensorsType.F16: Write(stream, name, values, static x => (Half)x, static x => Half.IsFinite(x)); break;
            case SafetensorsType.BF16: Write(stream, name, values, ToBF16, static x => (x & 0x7F80) != 0x7F80); break;
            default: throw new ArgumentException($"weights are written as F32, F16 or BF16, not as {type}", nameof(type));
        }
    }

    private static void Write<T>(Stream stream, string name, ReadOnlySpan<float> values, Func<float, T> narrow, Func<T, bool> isFinite) where T : unmanaged
    {
        var narrowed = new T[Math.Min(Chunk, values.Length)];
        for (int start = 0; start < values.Length; start += Chunk)
        {
            ReadOnlySpan<float> part = values.Slice(start, Math.Min(Chunk, values.Length - start));
            for (int i = 0; i < part.Length; i++)
            {
                narrowed[i] = narrow(part[i]);
                if (float.IsFinite(part[i]) && !isFinite(narrowed[i]))
                    throw new InvalidDataException($"tensor '{name}' holds {part[i]}, too large for 16 bits of this kind; write bfloat16 or float32");
            }
            SafetensorsTensor.WriteValues<T>(stream, narrowed.AsSpan(0, part.Length));
        }
    }

    private static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40); // rounding could carry a NaN into an infinity
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
