using System.Runtime.InteropServices;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Tests.Numerics;

/// <summary>
/// Tensors for one run of an operation, the same numbers for the same seed. Each lies between guards of NaN, its padding included:
/// a kernel that reads past an end spoils its result, one that writes there is found by <see cref="AssertGuards"/>.
/// </summary>
internal sealed class TestMemory(ulong seed = 1, Poison? poison = null) : IDisposable
{
    private const int GuardFloats = 32;
    private static readonly float Guard = BitConverter.UInt32BitsToSingle(0x7FC0BEEF); // a NaN that no operation makes

    private readonly List<(Arena Arena, Tensor Tensor)> _all = [];
    private Rng _random = new(seed);
    private int _inputs;

    /// <summary>Inputs made so far by <see cref="Normal"/>.</summary>
    public int Inputs => _inputs;

    /// <summary>An input: normal numbers of this deviation around <paramref name="mean"/>; the poison goes into one of these.</summary>
    public Tensor Normal(int rows, int columns, double deviation = 1, double mean = 0)
    {
        Tensor tensor = Take(rows, columns);
        foreach (ref float value in tensor.Span) value = (float)(mean + deviation * _random.NextNormal());
        if (poison is { } p && p.Input == _inputs) tensor.Span[(int)(p.Place * (tensor.Length - 1))] = p.Value;
        _inputs++;
        return tensor;
    }

    /// <summary>A destination that is to be overwritten, full of NaN.</summary>
    public Tensor Garbage(int rows, int columns)
    {
        Tensor tensor = Take(rows, columns);
        tensor.Span.Fill(float.NaN);
        return tensor;
    }

    public Tensor Of(int rows, int columns, ReadOnlySpan<float> values)
    {
        Tensor tensor = Take(rows, columns);
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Numbers from 0 up to but not including <paramref name="limit"/>, both ends among them.</summary>
    public int[] Whole(int count, int limit)
    {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) numbers[i] = (int)(_random.NextUInt64() % (ulong)limit);
        (numbers[0], numbers[^1]) = (limit - 1, 0);
        return numbers;
    }

    /// <summary>Nothing was written outside a tensor, paddings included.</summary>
    public void AssertGuards()
    {
        foreach ((Arena arena, Tensor tensor) in _all)
        {
            ReadOnlySpan<float> block = arena.All.Span;
            Assert.True(IsGuard(block[..GuardFloats]), $"written before a {tensor.Rows} x {tensor.Columns} tensor");
            Assert.True(IsGuard(block[(GuardFloats + (int)tensor.Length)..]), $"written behind a {tensor.Rows} x {tensor.Columns} tensor");
        }
    }

    public void Dispose() => _all.ForEach(entry => entry.Arena.Dispose());

    private static bool IsGuard(ReadOnlySpan<float> values) =>
        MemoryMarshal.Cast<float, uint>(values).IndexOfAnyExcept(BitConverter.SingleToUInt32Bits(Guard)) < 0;

    private Tensor Take(int rows, int columns)
    {
        var arena = new Arena(2 * GuardFloats + Arena.SizeOf(rows, columns));
        arena.Take(1, GuardFloats);
        Tensor tensor = arena.Take(rows, columns);
        arena.Take(1, GuardFloats);
        arena.All.Span.Fill(Guard);
        _all.Add((arena, tensor));
        return tensor;
    }
}

/// <summary>A bad number put into one input: which one (in order of making), and where, from 0 (its first element) to 1 (its last).</summary>
internal sealed record Poison(int Input, double Place, float Value);
