namespace Phf.Numerics.Backend;

/// <summary>How many rows of logits the fast backend's classifier holds at once: the [N, V] logits never exist. Decided by the vocabulary alone.</summary>
public static class ClassifierChunk
{
    private const int Budget = 4 << 20; // floats, where that is more than
    private const int FewestRows = 512; // the table is packed anew for each chunk

    /// <summary>Rows of a chunk, a multiple of 64.</summary>
    public static int Rows(int vocabulary) => Math.Max(FewestRows, Budget / Stride(vocabulary) / 64 * 64);

    /// <summary>Floats from one row to the next: a vector longer than the vocabulary, so that it is no power of two.</summary>
    public static int Stride(int vocabulary) => (vocabulary + 15) / 16 * 16 + 16;
}
