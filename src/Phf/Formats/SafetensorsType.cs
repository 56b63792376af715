namespace Phf.Formats;

/// <summary>Element types of the safetensors format; the names are those in the file.</summary>
public enum SafetensorsType
{
    BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64,
}

/// <summary>Sizes and .NET types of <see cref="SafetensorsType"/>.</summary>
public static class SafetensorsTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.U16 or SafetensorsType.I16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.F32 => 4,
        _ => 8,
    };

    /// <summary>The type written for a .NET type; <c>ushort</c> is U16 (BF16 has no .NET type and is named explicitly).</summary>
    public static SafetensorsType Of<T>() where T : unmanaged
    {
        // Comparisons of typeof are constants to the JIT; a type switch on a value would box it.
        if (typeof(T) == typeof(byte)) return SafetensorsType.U8;
        if (typeof(T) == typeof(sbyte)) return SafetensorsType.I8;
        if (typeof(T) == typeof(bool)) return SafetensorsType.BOOL;
        if (typeof(T) == typeof(ushort)) return SafetensorsType.U16;
        if (typeof(T) == typeof(short)) return SafetensorsType.I16;
        if (typeof(T) == typeof(Half)) return SafetensorsType.F16;
        if (typeof(T) == typeof(uint)) return SafetensorsType.U32;
        if (typeof(T) == typeof(int)) return SafetensorsType.I32;
        if (typeof(T) == typeof(float)) return SafetensorsType.F32;
        if (typeof(T) == typeof(ulong)) return SafetensorsType.U64;
        if (typeof(T) == typeof(long)) return SafetensorsType.I64;
        if (typeof(T) == typeof(double)) return SafetensorsType.F64;
        throw new ArgumentException($"safetensors has no element type for {typeof(T).Name}");
    }

    /// <summary>Whether elements of <paramref name="type"/> may be viewed as <typeparamref name="T"/>: the type itself, or <c>ushort</c>
    /// for BF16.</summary>
    internal static bool ViewableAs<T>(this SafetensorsType type) where T : unmanaged
        => Of<T>() == type || (type == SafetensorsType.BF16 && typeof(T) == typeof(ushort))
            || (type == SafetensorsType.BOOL && typeof(T) == typeof(byte));
}
