using System.Runtime.InteropServices;

namespace Phf.Numerics.Memory;

/// <summary>Zeroed native memory. A large block is aligned for huge pages and asks the system for them: fewer address translations.</summary>
internal static unsafe partial class NativeBlock
{
    private const nuint PageBytes = 4096, HugePageBytes = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE of Linux

    private static bool s_hasAdvice = OperatingSystem.IsLinux();

    /// <exception cref="OutOfMemoryException">There is not so much.</exception>
    public static float* Allocate(long floats)
    {
        nuint bytes = checked((nuint)floats * sizeof(float));
        bool isLarge = bytes >= 2 * HugePageBytes;
        float* block = (float*)NativeMemory.AlignedAlloc(bytes, isLarge ? HugePageBytes : PageBytes);
        if (isLarge) Advise(block, bytes / HugePageBytes * HugePageBytes);
        NativeMemory.Clear(block, bytes);
        return block;
    }

    public static void Free(float* block) => NativeMemory.AlignedFree(block);

    /// <summary>Advice only: where the system knows none, or refuses, the block keeps its small pages.</summary>
    private static void Advise(void* address, nuint length)
    {
        if (!s_hasAdvice) return;
        try
        {
            if (MAdvise(address, length, AdviseHugePages) != 0) s_hasAdvice = false;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            s_hasAdvice = false;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MAdvise(void* address, nuint length, int advice);
}
