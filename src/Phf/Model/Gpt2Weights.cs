using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Model;

/// <summary>
/// Reads and writes a GPT-2 as a Hugging Face directory. Reading takes what <see cref="WeightFiles"/> opens, in all the dialects of the Hub: names
/// with or without <c>transformer.</c>, buffers such as <c>attn.bias</c> or <c>attn.masked_bias</c> (passed over), a head that repeats the token
/// table or stands for it, 16- and 64-bit floats.
/// </summary>
public static class Gpt2Weights
{
    public const string FileName = "model.safetensors";
    private const string Prefix = "transformer.", TokenTableName = ParameterLayout.TokenTableName, HeadName = ParameterLayout.HeadName;
    private const ulong NewTokenStream = 0x746F6B656E73; // its own random stream, apart from those of Gpt2.Initialize

    /// <summary>Loads a model directory.</summary>
    /// <exception cref="InvalidDataException">Not a GPT-2 that Phf can run, or a tensor is missing, has another shape or is not finite.</exception>
    public static Gpt2 Load(string directory, IBackend backend)
    {
        string configPath = Path.Combine(directory, "config.json");
        if (!File.Exists(configPath)) throw new InvalidDataException($"{directory}: no config.json; expected a model or checkpoint directory");
        Gpt2Config config = Gpt2Config.FromFile(configPath);
        using WeightFiles weights = WeightFiles.Open(directory);
        Check(weights, new ParameterLayout(config));
        var model = new Gpt2(config, backend);
        try
        {
            Read(weights, model, newTokens: 0, withHeads: true);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads all parameters from a file of weights, or from the one in a directory.</summary>
    public static void Read(string path, Gpt2 model)
    {
        using WeightFiles weights = WeightFiles.Open(path);
        Read(weights, model, newTokens: 0, withHeads: true);
    }

    /// <summary>
    /// Reads a model with fewer tokens. Each row of a new token is the mean of the old rows plus normal noise of deviation 0.01, so
    /// that the new tokens start as plausible and different from each other. A value head starts afresh, and so does a classification head: what the file's one was taught
    /// belongs to the scores and the offset of another run.
    /// </summary>
    public static void ReadWithNewTokens(string path, Gpt2 model, ulong seed)
    {
        using WeightFiles weights = WeightFiles.Open(path);
        StoredTensor table = TryFind(weights, TokenTableName, model.Config.TieHead) ?? throw Missing(weights, TokenTableName);
        if (table.Shape.Count != 2) throw new InvalidDataException($"{table.Path}: tensor '{table.Name}' has {table.Shape.Count} dimensions, expected are 2");
        int known = (int)Math.Min(table.Shape[0], model.Config.VocabularySize);
        Read(weights, model, model.Config.VocabularySize - known, withHeads: false);
        var random = new Rng(seed, NewTokenStream);
        AddRows(model.Parameters.TokenTable, known, ref random);
        if (!model.Config.TieHead) AddRows(model.Parameters.Head, known, ref random);
    }

    private static void AddRows(Tensor rows, int known, ref Rng random)
    {
        var mean = new double[rows.Columns];
        for (int row = 0; row < known; row++)
            for (int c = 0; c < mean.Length; c++) mean[c] += rows.Row(row)[c] / (double)known;
        for (int row = known; row < rows.Rows; row++)
            for (int c = 0; c < mean.Length; c++) rows.Row(row)[c] = (float)(mean[c] + 0.01 * random.NextNormal());
    }

    /// <summary>
    /// Whether the weights are those of a model of this layout: before memory is taken for what config.json claims, the file must have it.
    /// </summary>
    /// <exception cref="InvalidDataException">A parameter is missing or has another shape, or the model in the file has more layers.</exception>
    public static void Check(WeightFiles weights, ParameterLayout layout)
    {
        long bytes = 0;
        foreach (ParameterShape shape in layout.Shapes) bytes += Find(weights, shape, layout.TiesHead, newTokens: 0).ByteLength;
        if (bytes > weights.FileBytes) throw new InvalidDataException($"{weights.Path}: parameters of {bytes} bytes overlap each other in {weights.FileBytes}; the file is damaged");
        string further = $"h.{layout.Layers}.ln_1.weight";
        if (TryFind(weights, Prefix + further, layout.TiesHead) is { } surplus)
            throw new InvalidDataException($"{surplus.Path}: tensor '{surplus.Name}' is of a model with more than the {layout.Layers} layers that config.json says (n_layer)");
    }

    /// <summary>Where the output head is the token table, a head beside that must hold the same numbers.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public static void CheckHead(WeightFiles weights, ParameterLayout layout)
    {
        if (!layout.TiesHead || !weights.Tensors.TryGetValue(HeadName, out StoredTensor? head)
            || TryFind(weights, TokenTableName, isTied: true) is not { } table || table == head) return;
        if (head.Count == table.Count)
        {
            float[] own = new float[head.Count], tied = new float[head.Count];
            head.CopyAsF32(own);
            table.CopyAsF32(tied);
            if (own.AsSpan().SequenceEqual(tied)) return;
        }
        throw new InvalidDataException($"{head.Path}: {HeadName} differs from {TokenTableName}, and config.json says that they are one; if the head is to be used, set tie_word_embeddings to false there");
    }

    private static void Read(WeightFiles weights, Gpt2 model, int newTokens, bool withHeads)
    {
        CheckHead(weights, model.Parameters.Layout);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
        {
            if (shape.Name is ParameterLayout.ValueHeadName or ParameterLayout.ClassHeadName && !withHeads) continue;
            Tensor target = model.Parameters[shape.Name];
            if (HasRowsOfTokens(shape)) target = target.Slice(0, target.Rows - newTokens);
            Find(weights, shape, model.Config.TieHead, newTokens).CopyAsFiniteF32(target.Span);
        }
    }

    /// <summary>A parameter's tensor, which must have its shape.</summary>
    private static StoredTensor Find(WeightFiles weights, ParameterShape shape, bool isTied, int newTokens)
    {
        long[] expected = shape.DiskShape;
        if (HasRowsOfTokens(shape)) expected[0] -= newTokens;
        StoredTensor stored = TryFind(weights, shape.Name, isTied) ?? throw Missing(weights, shape.Name);
        return stored.Shape.SequenceEqual(expected) ? stored : throw new InvalidDataException(
            $"{stored.Path}: tensor '{stored.Name}' has shape [{string.Join(", ", stored.Shape)}], expected is [{string.Join(", ", expected)}]");
    }

    /// <summary>A parameter's tensor, with or without the <c>transformer.</c> prefix. Of two names for tied weights some programs keep the head's.</summary>
    private static StoredTensor? TryFind(WeightFiles weights, string name, bool isTied)
    {
        if (weights.Tensors.TryGetValue(name, out StoredTensor? stored)) return stored;
        if (name.StartsWith(Prefix, StringComparison.Ordinal) && weights.Tensors.TryGetValue(name[Prefix.Length..], out stored)) return stored;
        return isTied && name == TokenTableName ? weights.Tensors.GetValueOrDefault(HeadName) : null;
    }

    private static bool HasRowsOfTokens(ParameterShape shape) => shape.Name is TokenTableName or HeadName;

    private static InvalidDataException Missing(WeightFiles weights, string name) => new($"{weights.Path}: tensor '{name}' is missing");

    /// <summary>Writes model.safetensors, beside and renamed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">Of a model.</param>
    /// <param name="type">F32, F16 or BF16; the 16-bit types round to the nearest, ties to even.</param>
    /// <exception cref="InvalidDataException">A number is too large for F16.</exception>
    public static void Write(string path, ParameterSet parameters, SafetensorsType type = SafetensorsType.F32) =>
        SafetensorsWriter.Write(path, Tensors(parameters, "", type), new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>The tensors of a set for a safetensors file, each name behind <paramref name="prefix"/>.</summary>
    internal static IEnumerable<SafetensorsTensor> Tensors(ParameterSet parameters, string prefix, SafetensorsType type = SafetensorsType.F32) =>
        parameters.Layout.Shapes.Select(shape => new SafetensorsTensor(prefix + shape.Name, type, shape.DiskShape,
            stream => TensorNarrowing.Write(stream, prefix + shape.Name, parameters[shape.Name].Span, type)));

    /// <summary>Reads back what <see cref="Tensors"/> gave to a file.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another size.</exception>
    internal static void Fill(ParameterSet parameters, SafetensorsFile file, string prefix)
    {
        foreach (ParameterShape shape in parameters.Layout.Shapes) file.CopyAsF32(prefix + shape.Name, parameters[shape.Name].Span);
    }
}
