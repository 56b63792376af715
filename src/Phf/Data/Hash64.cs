namespace Phf.Data;

/// <summary>
/// Counter-based random bits: the same numbers always give the same bits, so nothing has to be stored to resume. The mixing function is the
/// finalizer of splitmix64 (Steele, Lea and Flood 2014), applied once per number.
/// </summary>
internal static class Hash64
{
    public static ulong Of(ulong a, ulong b) => Mix(Mix(a + 0x9E3779B97F4A7C15) ^ b);

    public static ulong Of(ulong a, ulong b, ulong c) => Mix(Of(a, b) ^ c);

    public static ulong Of(ulong a, ulong b, ulong c, ulong d) => Mix(Of(a, b, c) ^ d);

    /// <summary>The upper 53 bits as a number in [0, 1).</summary>
    public static double ToUnit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
