using System.Numerics;

namespace Phf.Numerics.Random;

/// <summary>
/// xoshiro256++ (Blackman and Vigna): a small generator whose whole state can be saved. Seeded through SplitMix64, so that
/// neighbouring seeds give unrelated streams.
/// </summary>
public struct Rng
{
    private ulong _a, _b, _c, _d;

    /// <param name="seed">Any number.</param>
    /// <param name="stream">Separates uses of one seed: initialisation, sampling, the n-th sample ...</param>
    public Rng(ulong seed, ulong stream = 0)
    {
        ulong mix = seed ^ SplitMix(stream ^ 0x9E3779B97F4A7C15UL);
        _a = SplitMix(mix += 0x9E3779B97F4A7C15UL);
        _b = SplitMix(mix += 0x9E3779B97F4A7C15UL);
        _c = SplitMix(mix += 0x9E3779B97F4A7C15UL);
        _d = SplitMix(mix + 0x9E3779B97F4A7C15UL);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_a + _d, 23) + _a;
        ulong t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Normal with mean 0 and variance 1 (Box-Muller; two uniforms a call, so that the state is all there is).</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Fills with normal numbers of mean 0, two from each pair of uniforms.</summary>
    /// <param name="values">Written.</param>
    /// <param name="deviation">Standard deviation.</param>
    public void FillNormal(Span<float> values, double deviation)
    {
        for (int i = 0; i < values.Length; i += 2)
        {
            double radius = deviation * Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
            (double sin, double cos) = Math.SinCos(2 * Math.PI * NextDouble());
            values[i] = (float)(radius * cos);
            if (i + 1 < values.Length) values[i + 1] = (float)(radius * sin);
        }
    }

    /// <summary>The finaliser of SplitMix64: a bijection that scatters its input over all 64 bits.</summary>
    public static ulong SplitMix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
