using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Phf.Formats.PyTorch;

/// <summary>
/// Reads a pickle of protocol 2 to 4 as torch.save writes it (Python's Lib/pickletools.py describes the opcodes). A pickle is a program: this
/// knows the instructions that make None, numbers, strings, lists, tuples and dictionaries, and the few names of <see cref="PickleGlobal"/>. Any
/// other instruction or name is refused by name; nothing is imported, called or run.
/// </summary>
/// <remarks>
/// Values: null, bool, long, double, string, object?[] (tuple), List&lt;object?&gt;, Dictionary&lt;string, object?&gt; (whole numbers as keys become
/// their digits), <see cref="PickleGlobal"/>, <see cref="PickleStorage"/>, <see cref="PickleTensor"/>.
/// </remarks>
internal ref struct PickleReader
{
    // Work is what memory is taken for: 1 an instruction, 8 one that makes a container. At most 40 bytes are taken for 1 of it, so what any file may claim is
    // 4 MB and two and a half times its size. A checkpoint of 600 tensors takes about 60,000.
    private const int FreeWork = 100_000, BytesPerWork = 16, ContainerWork = 8;
    private const byte HighestProtocol = 4;

    private static readonly object True = true, False = false;
    private static readonly object[] SmallNumbers = [.. Enumerable.Range(0, 256).Select(n => (object)(long)n)];
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _source;
    private readonly ReadOnlySpan<byte> _code;
    private readonly long _mostWork;
    private readonly List<object?> _stack = [], _memo = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<string, PickleStorage> _storages = [];
    private int _at;

    /// <param name="source">Where the pickle is, for messages.</param>
    /// <param name="code">Begins with the pickle.</param>
    /// <param name="fileBytes">Size of the whole file, tensors included: how much may be made of it.</param>
    public PickleReader(string source, ReadOnlySpan<byte> code, long fileBytes)
    {
        _source = source;
        _code = code;
        _mostWork = FreeWork + (fileBytes / BytesPerWork);
    }

    /// <summary>Bytes read.</summary>
    public readonly int Position => _at;

    /// <summary>The storages that were mentioned, by key.</summary>
    public readonly IReadOnlyDictionary<string, PickleStorage> Storages => _storages;

    /// <summary>Values above the last mark.</summary>
    private readonly int Above => _stack.Count - (_marks.Count > 0 ? _marks[^1] : 0);

    /// <summary>Reads one pickle to its end.</summary>
    /// <exception cref="InvalidDataException">Damaged, or it asks for what tensors do not need.</exception>
    public object? Read()
    {
        for (long work = 0; work < _mostWork; work++)
        {
            int at = _at;
            byte code = Take(1)[0];
            if (code == (byte)'.') return Pop();
            if (ReadContainer(code)) work += ContainerWork - 1;
            else if (!ReadScalar(code) && !ReadReference(code))
                throw new InvalidDataException($"{_source}: byte {at} is the pickle instruction 0x{code:x2}, which tensors do not need; the file is damaged or holds "
                    + "more than tensors. Nothing of it was run; save the state_dict alone, or convert it to safetensors");
        }
        throw Damaged("it makes more values than tensors of so many bytes need");
    }

    private bool ReadScalar(byte code)
    {
        switch (code)
        {
            case (byte)'N': Push(null); break;
            case 0x88: Push(True); break;
            case 0x89: Push(False); break;
            case (byte)'K': Push(SmallNumbers[Take(1)[0]]); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case 0x8a: Push(LongInteger(Take(1)[0])); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case (byte)'U' or 0x8c: Push(Text(Take(1)[0])); break;
            case (byte)'T' or (byte)'X': Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case 0x8d: Push(Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))); break;
            default: return false;
        }
        return true;
    }

    private bool ReadContainer(byte code)
    {
        switch (code)
        {
            case (byte)'(': _marks.Add(_stack.Count); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case 0x85 or 0x86 or 0x87: Push(PopLast(code - 0x84)); break;
            case (byte)'t': Push(PopMarked()); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'a': object? last = Pop(); Top<List<object?>>("a list").Add(last); break;
            case (byte)'e': object?[] items = PopMarked(); Top<List<object?>>("a list").AddRange(items); break;
            case (byte)'}': Push(new Dictionary<string, object?>()); break;
            case (byte)'s': object?[] pair = PopLast(2); Set(pair); break;
            case (byte)'u': object?[] pairs = PopMarked(); Set(pairs); break;
            case (byte)'R': object? arguments = Pop(); Push(PickleObjects.Build(Pop(), arguments, _source)); break;
            default: return false;
        }
        return true;
    }

    private bool ReadReference(byte code)
    {
        switch (code)
        {
            case 0x80: CheckProtocol(Take(1)[0]); break;
            case 0x95: Take(8); break; // the length of a frame, which only helps reading ahead
            case (byte)'q': Remember(Take(1)[0]); break;
            case (byte)'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case 0x94: Remember((uint)_memo.Count); break;
            case (byte)'h': Push(Recall(Take(1)[0])); break;
            case (byte)'j': Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case (byte)'0': Pop(); break;
            case (byte)'c': string module = Line(), name = Line(); Push(Global(module, name)); break;
            case 0x93: object?[] names = PopLast(2); Push(Global(names[0] as string ?? "?", names[1] as string ?? "?")); break;
            case (byte)'Q': Push(Storage(Pop())); break;
            case (byte)'b': Pop(); Top<Dictionary<string, object?>>("an OrderedDict"); break; // attributes such as state_dict's _metadata
            default: return false;
        }
        return true;
    }

    private readonly void CheckProtocol(byte protocol)
    {
        if (protocol > HighestProtocol) throw Damaged($"it is of protocol {protocol}, and {HighestProtocol} is the highest that is known");
    }

    private readonly PickleGlobal Global(string module, string name) => PickleGlobal.Find(module, name)
        ?? throw new InvalidDataException($"{_source}: the pickle asks for {Shown(module)}.{Shown(name)}, which tensors do not need; it is refused and nothing was run. "
            + "If you trust the file, load it in PyTorch and save its state_dict as safetensors");

    private readonly PickleStorage Storage(object? id)
    {
        PickleStorage storage = PickleObjects.Storage(id, _source);
        if (_storages.TryAdd(storage.Key, storage) || _storages[storage.Key] == storage) return _storages[storage.Key];
        throw Damaged($"storage '{storage.Key}' has two types or sizes");
    }

    private readonly void Set(object?[] pairs)
    {
        if (pairs.Length % 2 != 0) throw Damaged("a dictionary has a key without a value");
        var target = Top<Dictionary<string, object?>>("a dictionary");
        for (int i = 0; i < pairs.Length; i += 2) PickleObjects.Add(target, pairs[i], pairs[i + 1], _source);
    }

    /// <summary>Picklers number what they remember without gaps; other numbers would only serve to exhaust memory.</summary>
    private readonly void Remember(uint index)
    {
        if (_stack.Count == 0) throw Damaged("it remembers a value before there is one");
        if (index < _memo.Count) _memo[(int)index] = _stack[^1];
        else if (index == _memo.Count) _memo.Add(_stack[^1]);
        else throw Damaged($"it remembers value {index} after {_memo.Count}");
    }

    private readonly object? Recall(uint index) => index < _memo.Count ? _memo[(int)index] : throw Damaged($"it recalls value {index} of {_memo.Count}");

    private readonly void Push(object? value) => _stack.Add(value);

    private readonly object? Pop()
    {
        if (Above == 0) throw Damaged("it takes more values than there are");
        object? last = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return last;
    }

    private readonly object?[] PopLast(int count)
    {
        if (Above < count) throw Damaged("it takes more values than there are");
        object?[] last = [.. CollectionsMarshal.AsSpan(_stack)[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return last;
    }

    private readonly object?[] PopMarked()
    {
        if (_marks.Count == 0) throw Damaged("it takes values to a mark that is not there");
        object?[] values = PopLast(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private readonly T Top<T>(string expected) where T : class =>
        Above > 0 && _stack[^1] is T top ? top : throw Damaged($"it changes a value that is not {expected}");

    private long LongInteger(int length)
    {
        if (length > 8) throw Damaged($"it has an integer of {length} bytes");
        long value = 0;
        ReadOnlySpan<byte> bytes = Take(length);
        for (int i = 0; i < length; i++) value |= (long)bytes[i] << (8 * i);
        int unused = 64 - 8 * length;
        return length == 0 ? 0 : value << unused >> unused; // two's complement
    }

    private string Text(ulong length)
    {
        if (length > (ulong)(_code.Length - _at)) throw Damaged($"a string of {length} bytes leaves the file");
        return Decode(Take((int)length));
    }

    private string Line()
    {
        int length = _code[_at..].IndexOf((byte)'\n');
        if (length < 0) throw Damaged("a name has no end");
        string line = Decode(Take(length));
        Take(1);
        return line;
    }

    private readonly string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Damaged("a string is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _code.Length - _at) throw Damaged("it is cut short");
        ReadOnlySpan<byte> bytes = _code.Slice(_at, count);
        _at += count;
        return bytes;
    }

    private readonly InvalidDataException Damaged(string found) =>
        new($"{_source}: the pickle is damaged at byte {_at}: {found}; fetch or write the file again");

    /// <summary>A name from the file, fit to be shown.</summary>
    private static string Shown(string name) => name.Length > 80 || name.Any(char.IsControl) ? "(no name)" : name;
}
