using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Model;

/// <summary>Reads and writes a GPT-2 as a Hugging Face directory: config.json and model.safetensors.</summary>
public static class Gpt2Weights
{
    public const string FileName = "model.safetensors";
    private const string Prefix = "transformer.", TokenTableName = "transformer.wte.weight";
    private const ulong NewTokenStream = 0x746F6B656E73; // its own random stream, apart from those of Gpt2.Initialize

    /// <summary>Loads a model directory.</summary>
    /// <exception cref="InvalidDataException">Not a GPT-2 that Phf can run, or a tensor is missing, has another shape or is not finite.</exception>
    public static Gpt2 Load(string directory, IBackend backend)
    {
        string configPath = Path.Combine(directory, "config.json");
        if (!File.Exists(configPath)) throw new InvalidDataException($"{directory}: no config.json; expected a model or checkpoint directory");
        Gpt2Config config = Gpt2Config.FromFile(configPath);
        string weights = Path.Combine(directory, FileName);
        if (!File.Exists(weights)) throw new InvalidDataException($"{weights} is missing; a model directory has its weights there");
        CheckShapes(weights, new ParameterLayout(config));
        var model = new Gpt2(config, backend);
        try
        {
            Read(weights, model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads all parameters; names may lack the <c>transformer.</c> prefix, 16-bit floats are widened.</summary>
    public static void Read(string path, Gpt2 model) => Read(path, model, newTokens: 0);

    /// <summary>
    /// Reads a model with fewer tokens. Each row of a new token is the mean of the old rows plus normal noise of deviation 0.01, so
    /// that the new tokens start as plausible and different from each other.
    /// </summary>
    public static void ReadWithNewTokens(string path, Gpt2 model, ulong seed)
    {
        int known;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            SafetensorsEntry table = file.Tensors.TryGetValue(TokenTableName, out SafetensorsEntry? entry) ? entry : file.Entry(TokenTableName[Prefix.Length..]);
            if (table.Shape.Length != 2) throw new InvalidDataException($"{path}: tensor '{table.Name}' has {table.Shape.Length} dimensions, expected are 2");
            known = (int)Math.Min(table.Shape[0], model.Config.VocabularySize);
        }
        Read(path, model, model.Config.VocabularySize - known);
        Tensor rows = model.Parameters.TokenTable;
        var mean = new double[rows.Columns];
        for (int row = 0; row < known; row++)
            for (int c = 0; c < mean.Length; c++) mean[c] += rows.Row(row)[c] / (double)known;
        var random = new Rng(seed, NewTokenStream);
        for (int row = known; row < rows.Rows; row++)
            for (int c = 0; c < mean.Length; c++) rows.Row(row)[c] = (float)(mean[c] + 0.01 * random.NextNormal());
    }

    private static void Read(string path, Gpt2 model, int newTokens)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
        {
            Tensor target = model.Parameters[shape.Name];
            if (shape.Name == TokenTableName) target = target.Slice(0, target.Rows - newTokens);
            SafetensorsEntry entry = Find(file, shape, newTokens);
            file.CopyAsF32(entry.Name, target.Span);
            foreach (float value in target.Span)
                if (!float.IsFinite(value)) throw new InvalidDataException($"{path}: tensor '{entry.Name}' holds {value}");
        }
        Tensor known = model.Parameters.TokenTable;
        if (file.Tensors.TryGetValue("lm_head.weight", out SafetensorsEntry? head)) CheckTied(path, file, head, known.Slice(0, known.Rows - newTokens));
    }

    /// <summary>Before memory is taken for what config.json claims: the file must have it.</summary>
    private static void CheckShapes(string path, ParameterLayout layout)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (ParameterShape shape in layout.Shapes) Find(file, shape, newTokens: 0);
    }

    /// <summary>A parameter's tensor in the file, with or without the <c>transformer.</c> prefix.</summary>
    private static SafetensorsEntry Find(SafetensorsFile file, ParameterShape shape, int newTokens)
    {
        string name = file.Tensors.ContainsKey(shape.Name) ? shape.Name : shape.Name[Prefix.Length..];
        long[] expected = shape.DiskShape;
        if (shape.Name == TokenTableName) expected[0] -= newTokens;
        if (!file.Tensors.TryGetValue(name, out SafetensorsEntry? entry)) throw new InvalidDataException($"{file.Path}: tensor '{shape.Name}' is missing");
        return entry.Shape.SequenceEqual(expected) ? entry : throw new InvalidDataException(
            $"{file.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], expected is [{string.Join(", ", expected)}]");
    }

    /// <summary>Writes model.safetensors, beside and renamed.</summary>
    public static void Write(string path, ParameterSet parameters) =>
        SafetensorsWriter.Write(path, Tensors(parameters, ""), new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>The tensors of a set for a safetensors file, each name behind <paramref name="prefix"/>.</summary>
    internal static IEnumerable<SafetensorsTensor> Tensors(ParameterSet parameters, string prefix) =>
        parameters.Layout.Shapes.Select(shape => new SafetensorsTensor(prefix + shape.Name, SafetensorsType.F32, shape.DiskShape,
            stream => SafetensorsTensor.WriteValues<float>(stream, parameters[shape.Name].Span)));

    private static void CheckTied(string path, SafetensorsFile file, SafetensorsEntry head, Tensor tokenTable)
    {
        var values = new float[tokenTable.Length];
        if (head.Count == tokenTable.Length) file.CopyAsF32("lm_head.weight", values);
        if (!values.AsSpan().SequenceEqual(tokenTable.Span))
            throw new InvalidDataException($"{path}: lm_head.weight differs from transformer.wte.weight; only models with a tied head can be read");
    }
}
