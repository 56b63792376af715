using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Tests.Model;

/// <summary>A GPT-2 small enough for exhaustive tests, with weights large enough that every part matters.</summary>
internal static class TinyGpt2
{
    public static readonly Gpt2Config Config = new() { VocabularySize = 13, Positions = 9, Channels = 8, Layers = 2, Heads = 2, Inner = 20 };

    /// <summary>Every parameter normal with deviation 0.3, gains around 1.</summary>
    public static Gpt2 Create(IBackend backend, Gpt2Config? config = null)
    {
        var model = new Gpt2(config ?? Config, backend);
        var random = new Rng(5);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
        {
            double mean = shape.IsVector && shape.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0;
            foreach (ref float value in model.Parameters[shape.Name].Span) value = (float)(mean + 0.3 * random.NextNormal());
        }
        return model;
    }

    /// <summary>B T token ids below <paramref name="vocabulary"/>.</summary>
    public static int[] Tokens(int count, int vocabulary, ulong seed = 3)
    {
        var random = new Rng(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (int)(random.NextUInt64() % (ulong)vocabulary))];
    }

    public static int[] Positions(int batch, int time) => [.. Enumerable.Range(0, batch * time).Select(i => i % time)];

    /// <summary>The parameters' bytes, to compare bit for bit.</summary>
    public static byte[] Bytes(FlatBlock block) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(block.Span).ToArray();
}
