using System.Text;
using Phf.Formats;

namespace Phf.Training.Configuration;

/// <summary>A configuration and what there is to tell about it: keys that were accepted and have no effect.</summary>
public sealed record LoadedConfig(RunConfig Config, IReadOnlyList<string> Notes);

/// <summary>Reads configurations: files in order (task, method), then overrides; the last one wins.</summary>
public static class ConfigLoader
{
    private const int MaxFileBytes = 1 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Merges <paramref name="files"/> (YAML in the reference's schema) and then <paramref name="overrides"/> ("training.learning_rate=1e-3"; the value
    /// is YAML, a number in the path picks an item of a list). Mappings are merged, lists and scalars replaced; null resets a key to its default.
    /// Throws <see cref="InvalidDataException"/> naming every problem, one per line, with its place.
    /// </summary>
    public static LoadedConfig Load(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        var problems = new List<string>();
        var merged = MappingNode.Empty(new Place("configuration", 0));
        foreach (string file in files) merged = Collect(problems, merged, () => merged.MergedWith(ReadFile(file)));
        foreach (string text in overrides) merged = Collect(problems, merged, () => Override.Parse(text).ApplyTo(merged));

        var binder = new ConfigBinder();
        var config = (RunConfig)binder.BindSection(typeof(RunConfig), merged, path: "");
        problems.AddRange(binder.Problems);
        if (problems.Count == 0) problems.AddRange(ConfigChecks.ProblemsIn(config, merged)); // they compare values, so all values must be there
        if (problems.Count > 0) throw new InvalidDataException(string.Join('\n', problems));
        return new LoadedConfig(config, binder.Notes);
    }

    private static MappingNode Collect(List<string> problems, MappingNode merged, Func<MappingNode> next)
    {
        try
        {
            return next();
        }
        catch (InvalidDataException problem)
        {
            problems.Add(problem.Message);
            return merged;
        }
    }

    private static MappingNode ReadFile(string file)
    {
        try
        {
            ConfigNode root = YamlReader.Read(ReadText(file), file, hasLines: true);
            return root switch
            {
                MappingNode mapping => mapping,
                ScalarNode { IsNull: true } => MappingNode.Empty(root.Place),
                _ => throw new InvalidDataException($"{root.Place}: expected sections (dataset, model, training, ...)"),
            };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(problem.Message, problem);
        }
        catch (DecoderFallbackException problem)
        {
            throw new InvalidDataException($"{file}: no UTF-8 text", problem);
        }
    }

    private static string ReadText(string path)
    {
        using InputFile file = InputFile.Open(path);
        byte[] bytes = new byte[MaxFileBytes + 1];
        int length = 0;
        for (int read; (read = file.Read(bytes.AsSpan(length))) > 0;) length += read;
        if (length > MaxFileBytes) throw new InvalidDataException($"{path}: longer than {MaxFileBytes} bytes; no configuration is");
        return StrictUtf8.GetString(bytes, 0, length).TrimStart('\uFEFF'); // editors on Windows write the mark
    }
}
