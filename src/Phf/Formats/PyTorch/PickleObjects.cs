using System.Globalization;

namespace Phf.Formats.PyTorch;

/// <summary>Makes of the names in <see cref="PickleGlobal"/> and their arguments what they stand for: dictionaries, storages and tensors.</summary>
internal static class PickleObjects
{
    /// <summary>What calling <paramref name="function"/> gives.</summary>
    public static object? Build(object? function, object? arguments, string source)
    {
        string name = (function as PickleGlobal)?.Name ?? throw Unfit(source, "a call", "it calls a value that is no function");
        object?[] given = arguments as object?[] ?? throw Unfit(source, name, "its arguments are no tuple");
        return name switch
        {
            PickleGlobal.OrderedDict => Dictionary(given, source),
            PickleGlobal.Size when given is [object?[] sizes] => sizes,
            PickleGlobal.RebuildTensor when given.Length == 4 => Tensor(given, source),
            PickleGlobal.RebuildTensor2 when given.Length is 6 or 7 => Tensor(given, source),
            PickleGlobal.RebuildParameter when given is [PickleTensor tensor, _, _] => tensor,
            _ => throw Unfit(source, name, $"it has {given.Length} arguments of other kinds than torch.save writes"),
        };
    }

    /// <summary>A storage from its persistent id, ('storage', type, key, device, number of elements[, view]).</summary>
    public static PickleStorage Storage(object? id, string source)
    {
        if (id is not object?[] { Length: 5 or 6 } parts || parts is not ["storage", PickleGlobal { Storage: { } type }, string key, string, long count, ..])
            throw Unfit(source, "a persistent id", "only those of storages are known");
        if (parts.Length == 6 && parts[5] is not null) throw Unfit(source, $"storage '{key}'", "it is a view of another storage, as PyTorch wrote before 0.4");
        if (count < 0) throw Unfit(source, $"storage '{key}'", $"it has {count} elements");
        return new PickleStorage(key, type, count);
    }

    /// <summary>Adds an entry. Keys that are whole numbers, as in an optimizer's state, become their digits.</summary>
    public static void Add(Dictionary<string, object?> target, object? key, object? value, string source)
    {
        string name = key switch
        {
            string text => text,
            long number => number.ToString(CultureInfo.InvariantCulture),
            _ => throw Unfit(source, "a dictionary", "it has a key that is neither a string nor a whole number"),
        };
        if (!target.TryAdd(name, value)) throw Unfit(source, "a dictionary", $"the key '{name}' appears twice");
    }

    /// <summary>An OrderedDict, empty or from a list of pairs.</summary>
    private static Dictionary<string, object?> Dictionary(object?[] arguments, string source)
    {
        var result = new Dictionary<string, object?>();
        if (arguments.Length == 0) return result;
        if (arguments is not [List<object?> pairs]) throw Unfit(source, PickleGlobal.OrderedDict, "its argument is no list of pairs");
        foreach (object? pair in pairs)
            if (pair is object?[] { Length: 2 } tuple) Add(result, tuple[0], tuple[1], source);
            else if (pair is List<object?> { Count: 2 } list) Add(result, list[0], list[1], source);
            else throw Unfit(source, PickleGlobal.OrderedDict, "its argument is no list of pairs");
        return result;
    }

    private static PickleTensor Tensor(object?[] arguments, string source) =>
        arguments is [PickleStorage storage, long offset, object?[] shape, object?[] strides, ..] && shape.Length == strides.Length
            && shape.Concat(strides).All(size => size is long)
            ? new PickleTensor(storage, offset, [.. shape.Cast<long>()], [.. strides.Cast<long>()])
            : throw Unfit(source, "a tensor", "storage, offset, shape and strides were expected");

    private static InvalidDataException Unfit(string source, string what, string found) =>
        new($"{source}: {what} of the pickle cannot be read: {found}; the file is damaged or not written by torch.save");
}
