namespace Phf.Training.Configuration;

/// <summary>Finds the known key that a mistyped one was most likely meant to be.</summary>
internal static class NearestKey
{
    /// <summary>
    /// The one of the dotted paths nearest to <paramref name="unknown"/>: fewest changed letters in the last name; another section counts as one more.
    /// </summary>
    public static string To(string unknown, IReadOnlyList<string> known)
    {
        (string section, string name) = Split(WithoutIndices(unknown));
        return known.MinBy(path =>
        {
            (string knownSection, string knownName) = Split(path);
            return Distance(name, knownName) + (knownSection == section ? 0 : 1);
        })!;
    }

    /// <summary>The dotted paths of all keys under a section.</summary>
    public static IReadOnlyList<string> KnownIn(Type section) => [.. PathsIn(section, "")];

    /// <summary>Levenshtein distance: the fewest insertions, deletions and replacements of one letter.</summary>
    internal static int Distance(string a, string b)
    {
        if (a.Length > 200) return a.Length; // nobody mistypes that much; keeps the cost of hostile keys bounded
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[b.Length];
    }

    private static IEnumerable<string> PathsIn(Type section, string prefix) => ConfigKey.Of(section)
        .SelectMany(key => (IEnumerable<string>)[prefix + key.Name, .. key.IsSection ? PathsIn(key.InnermostType, $"{prefix}{key.Name}.") : []]);

    private static string WithoutIndices(string path) => string.Join('.', path.Split('.').Where(part => !int.TryParse(part, out _)));

    private static (string Section, string Name) Split(string path)
    {
        int dot = path.LastIndexOf('.');
        return dot < 0 ? ("", path) : (path[..dot], path[(dot + 1)..]);
    }
}
