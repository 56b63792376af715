namespace Phf.Tests;

/// <summary>Finds the folder of recorded reference outputs and real data, <c>../shared</c> beside the repository; absent on a user's machine.</summary>
internal static class Shared
{
    public static readonly string RepositoryRoot = FindRepositoryRoot();
    private static readonly string Root = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared"));

    public static bool Exists => Directory.Exists(Root);

    public static string Golden(params string[] parts) => Path.Combine([Root, "golden", .. parts]);

    public static string Data(params string[] parts) => Path.Combine([Root, "data", .. parts]);

    private static string FindRepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Phf.slnx"))) return folder.FullName;
        throw new InvalidOperationException($"Phf.slnx not found above {AppContext.BaseDirectory}");
    }
}

/// <summary>A fact that reads ../shared and is skipped, saying so, where that folder is absent.</summary>
public sealed class GoldenFactAttribute : FactAttribute
{
    public GoldenFactAttribute()
    {
        if (!Shared.Exists) Skip = "../shared (recorded reference outputs) is absent";
    }
}

/// <summary>A theory that reads ../shared and is skipped, saying so, where that folder is absent.</summary>
public sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute()
    {
        if (!Shared.Exists) Skip = "../shared (recorded reference outputs) is absent";
    }
}
