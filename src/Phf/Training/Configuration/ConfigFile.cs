using System.Text;
using Phf.Formats;

namespace Phf.Training.Configuration;

/// <summary>
/// A file of configuration, unbound. Besides its own settings it may name files that it stands on (<c>base: FILE</c> or a list, from its own folder), and have
/// sections <c>with: {NAME: ...}</c>, which hold where a file NAME.yml is given too; NAME+NAME holds where both are. So a size file says in one place what
/// changes for which method.
/// </summary>
internal static class ConfigFile
{
    private const string Base = "base", With = "with";
    private const int MaxBases = 8;
    private const int MaxFileBytes = 1 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The settings of a file in the order of merging: its base's, its own, those of its sections for files among <paramref name="names"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">The names of all files given, without folder and extension.</param>
    /// <exception cref="InvalidDataException">It cannot be read, is no mapping, or has a section for a file that is not there.</exception>
    public static IReadOnlyList<MappingNode> Read(string path, IReadOnlySet<string> names)
    {
        var merged = new List<MappingNode>();
        Collect(path, names, merged, depth: 0);
        return merged;
    }

    private static void Collect(string path, IReadOnlySet<string> names, List<MappingNode> merged, int depth)
    {
        MappingNode file = ReadMapping(path);
        if (file.Entries.TryGetValue(Base, out ConfigEntry? below))
        {
            if (depth == MaxBases) throw new InvalidDataException($"{below.KeyPlace}: {Base} leads through more than {MaxBases} files, perhaps in a circle");
            foreach (ConfigNode node in below.Value is SequenceNode list ? list.Items : [below.Value])
                Collect(Path.Combine(Path.GetDirectoryName(path) ?? "", NameOf(node)), names, merged, depth + 1);
        }
        merged.Add(file with { Entries = file.Entries.Where(entry => entry.Key is not (Base or With)).ToDictionary() });
        if (file.Entries.TryGetValue(With, out ConfigEntry? with)) merged.AddRange(SectionsOf(path, with, names));
    }

    private static string NameOf(ConfigNode node) => node is ScalarNode { IsNull: false } name ? name.Text
        : throw new InvalidDataException($"{node.Place}: {Base} names no file; expected a file or a list of files, from this file's folder");

    private static IEnumerable<MappingNode> SectionsOf(string path, ConfigEntry with, IReadOnlySet<string> names)
    {
        if (with.Value is not MappingNode sections) throw new InvalidDataException($"{with.KeyPlace}: {With} is no section; expected names of files, with settings under each");
        foreach ((string key, ConfigEntry section) in sections.Entries)
        {
            string[] needed = key.Split('+');
            if (needed.FirstOrDefault(name => !IsNear(path, name)) is { } missing)
                throw new InvalidDataException($"{section.KeyPlace}: {With}.{key} is for a file {missing}.yml, which is neither beside {path} nor in a folder there");
            if (section.Value is not MappingNode settings) throw new InvalidDataException($"{section.KeyPlace}: {With}.{key} is no section; expected settings");
            if (needed.All(names.Contains)) yield return settings;
        }
    }

    /// <summary>Whether there is a file NAME.yml beside a file or one folder below: a section for any other is a slip of the pen.</summary>
    private static bool IsNear(string path, string name)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return !name.Contains('/') && (string[])[folder, .. Directory.GetDirectories(folder)] is var near && near.Any(one => File.Exists(Path.Combine(one, $"{name}.yml")));
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

    private static string ReadText(string path) =>
        StrictUtf8.GetString(InputFile.ReadAll(path, MaxFileBytes)).TrimStart('\uFEFF'); // editors on Windows write the mark
}
