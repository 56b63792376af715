namespace Phf.Formats.PyTorch;

/// <summary>A name that a pickle may mention, <c>module.name</c>; <paramref name="Storage"/> for those of storages.</summary>
internal sealed record PickleGlobal(string Name, SafetensorsType? Storage = null)
{
    public const string OrderedDict = "collections.OrderedDict", Size = "torch.Size";
    public const string RebuildTensor = "torch._utils._rebuild_tensor", RebuildTensor2 = "torch._utils._rebuild_tensor_v2";
    public const string RebuildParameter = "torch._utils._rebuild_parameter";

    /// <summary>All that tensors in dictionaries need; nothing else is ever looked up, and none of these is more than a name here.</summary>
    private static readonly Dictionary<string, PickleGlobal> Known = new PickleGlobal[]
    {
        new(OrderedDict), new(Size), new(RebuildTensor), new(RebuildTensor2), new(RebuildParameter),
        new("torch.DoubleStorage", SafetensorsType.F64), new("torch.FloatStorage", SafetensorsType.F32), new("torch.HalfStorage", SafetensorsType.F16),
        new("torch.BFloat16Storage", SafetensorsType.BF16), new("torch.LongStorage", SafetensorsType.I64), new("torch.IntStorage", SafetensorsType.I32),
        new("torch.ShortStorage", SafetensorsType.I16), new("torch.CharStorage", SafetensorsType.I8), new("torch.ByteStorage", SafetensorsType.U8),
        new("torch.BoolStorage", SafetensorsType.BOOL),
    }.ToDictionary(known => known.Name);

    /// <summary>The name, if tensors need it; else null.</summary>
    public static PickleGlobal? Find(string module, string name) => Known.GetValueOrDefault($"{module}.{name}");
}

/// <summary>A block of <paramref name="Count"/> numbers that tensors are views of; <paramref name="Key"/> names it in the file.</summary>
internal sealed record PickleStorage(string Key, SafetensorsType Type, long Count);

/// <summary>A view of a storage, still unchecked: offset and strides in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);
