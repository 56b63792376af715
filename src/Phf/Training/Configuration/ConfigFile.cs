using System.Text;
using Phf.Formats;

namespace Phf.Training.Configuration;

/// <summary>
/// A file of configuration, unbound. Besides its own settings it may have sections <c>with: {NAME: ...}</c>, which hold where the file NAME.yml beside it
/// is given too; NAME+NAME holds where both are. So a size file says in one place what changes for which method.
/// </summary>
internal static class ConfigFile
{
    private const string With = "with";
    private const int MaxFileBytes = 1 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The settings of a file in the order of merging: its own, then those of its sections for files among <paramref name="names"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">The names of all files given, without folder and extension.</param>
    /// <exception cref="InvalidDataException">It cannot be read, is no mapping, or has a section for a file that is not there.</exception>
    public static IEnumerable<MappingNode> Read(string path, IReadOnlySet<string> names)
    {
        MappingNode file = ReadMapping(path);
        if (!file.Entries.TryGetValue(With, out ConfigEntry? with)) return [file];
        if (with.Value is not MappingNode sections) throw new InvalidDataException($"{with.Value.Place}: {With} is no section; expected names of files and settings under each");
        var merged = new List<MappingNode> { file with { Entries = file.Entries.Where(entry => entry.Key != With).ToDictionary() } };
        foreach ((string key, ConfigEntry section) in sections.Entries)
        {
            string[] needed = key.Split('+');
            foreach (string name in needed)
                if (!File.Exists(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $"{name}.yml")))
                    throw new InvalidDataException($"{section.KeyPlace}: {With}.{key} is for a file {name}.yml, which is not beside {path}");
            if (section.Value is not MappingNode settings) throw new InvalidDataException($"{section.KeyPlace}: {With}.{key} is no section; expected settings");
            if (needed.All(names.Contains)) merged.Add(settings);
        }
        return merged;
    }

    /// <summary>The whole file as one mapping.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or is no mapping.</exception>
    public static MappingNode ReadMapping(string path)
    {
        try
        {
            ConfigNode root = YamlReader.Read(ReadText(path), path, hasLines: true);
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
            throw new InvalidDataException($"{path}: no UTF-8 text", problem);
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
