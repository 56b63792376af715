using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Phf.Tests;

/// <summary>The floors of the house: a folder uses only folders below it, or itself. Read from the source, not from the assemblies.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Namespaces with their floor. Two of the same floor do not know each other; the longest name that fits counts.</summary>
    private static readonly Dictionary<string, int> Floors = new()
    {
        ["Phf.Cli"] = 8,
        ["Phf.Web"] = 8,
        ["Phf.Evaluation"] = 6,
        ["Phf.Alignment"] = 7,
        ["Phf.Training"] = 5,
        ["Phf.Generation"] = 5,
        ["Phf.Model"] = 4,
        ["Phf.Encoders"] = 4,
        ["Phf.Objectives"] = 4,
        ["Phf.Data"] = 3,
        ["Phf.Scoring"] = 2,
        ["Phf.Text"] = 1,
        ["Phf.Formats"] = 1,
        ["Phf.Numerics"] = 1, // the backends; on the floor of Text and Formats, which so know no tensors
        ["Phf.Numerics.Memory"] = 0,
        ["Phf.Numerics.Threads"] = 0,
        ["Phf.Numerics.Random"] = 0,
    };

    private static readonly string Source = Path.Combine(Shared.RepositoryRoot, "src");

    [Fact]
    public void Sources_UseOnlyFloorsBelow()
    {
        string[] files = [.. Directory.GetFiles(Source, "*.cs", SearchOption.AllDirectories).Where(IsSource)];
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => Violations(NamespaceOfFolder(file), Path.GetRelativePath(Source, file), File.ReadAllText(file))));
    }

    [Fact]
    public void OnlyNumerics_MayUseUnsafeCode()
    {
        IEnumerable<string> projects = Directory.GetFiles(Shared.RepositoryRoot, "*.*proj", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Shared.RepositoryRoot, "Directory.Build.*"));
        Assert.Equal(["Phf.Numerics.csproj"], projects.Where(AllowsUnsafeCode).Select(project => Path.GetFileName(project)));
    }

    [Theory]
    [InlineData("Phf.Text", "namespace Phf.Text;\nusing Phf.Training;", "Phf.Training")]
    [InlineData("Phf.Text", "namespace Phf.Text;\nusing Phf.Formats;", "Phf.Formats")]
    [InlineData("Phf.Formats", "namespace Phf.Formats;\nusing Phf.Numerics;", "Phf.Numerics")]
    [InlineData("Phf.Training.Configuration", "using static Phf.Generation.Sampler;\nnamespace Phf.Training.Configuration;", "Phf.Generation")]
    [InlineData("Phf.Data", "namespace Phf.Data;\nglobal using Weights = Phf.Model.Weights;", "Phf.Model")]
    [InlineData("Phf.Scoring", "namespace Phf.Scoring;\nvar cursor = new Phf.Data.DataCursor(0, 0, 0);", "Phf.Data")]
    [InlineData("Phf.Numerics.Memory", "namespace Phf.Numerics.Memory;\nusing Phf.Numerics.Backend.Cpu;", "Phf.Numerics.Backend.Cpu")]
    [InlineData("Phf.Numerics.Backend.Cpu", "namespace Phf.Numerics.Backend.Cpu;\nusing Phf.Formats;", "Phf.Formats")]
    [InlineData("Phf.Evaluation", "namespace Phf.Evaluation;\nusing Phf.Cli.Verbs;", "Phf.Cli")]
    [InlineData("Phf.Data", "namespace Phf.Data;\nusing Phf.Misc;", "Phf.Misc")]
    [InlineData("Phf.Data", "namespace Phf.Elsewhere;", "Phf.Elsewhere")]
    [InlineData("Phf", "namespace Phf;", "no floor")]
    public void Checker_FindsTheViolation(string folder, string source, string named) =>
        Assert.Contains(named, Assert.Single(Violations(folder, "x.cs", source)));

    [Theory]
    [InlineData("Phf.Training", "using System.Text;\nusing Phf.Data;\nusing Phf.Model;\nusing Phf.Training.Configuration;\nnamespace Phf.Training;")]
    [InlineData("Phf.Formats", "using Phf.Numerics.Memory;\nnamespace Phf.Formats; // not Phf.Training.Trainer\n/// <see cref=\"Phf.Cli.Program\"/>")]
    [InlineData("Phf.Numerics.Backend.Cpu", "using Phf.Numerics.Threads;\nnamespace Phf.Numerics.Backend.Cpu;")]
    [InlineData("Phf.Cli", "Run(); // a file of top-level statements has no namespace")]
    public void Checker_LetsPass(string folder, string source) => Assert.Empty(Violations(folder, "x.cs", source));

    /// <summary>What <paramref name="source"/>, in the folder of the namespace <paramref name="folder"/>, uses and may not.</summary>
    private static IEnumerable<string> Violations(string folder, string file, string source)
    {
        string code = Comment().Replace(source, "");
        if (Declared().Match(code) is { Success: true } declared && declared.Groups[1].Value != folder)
            yield return $"{file}: namespace {declared.Groups[1].Value} in the folder of {folder}";
        if (FloorOf(folder) is not { } own)
        {
            yield return $"{file}: {folder} has no floor; add it to {nameof(Floors)} or move the file";
            yield break;
        }
        IEnumerable<string> used = Used().Matches(Declared().Replace(code, "")).Select(match => match.Value)
            .Where(name => !IsWithin(name, folder) && !IsWithin(folder, name)).Distinct();
        foreach (string name in used)
            if (FloorOf(name) is not { } floor || (floor.Height >= own.Height && floor.Name != own.Name))
                yield return $"{file}: {folder} uses {name}, which is not below it";
    }

    /// <summary>The longest known name that <paramref name="name"/> lies within.</summary>
    private static (string Name, int Height)? FloorOf(string name) =>
        Floors.Keys.Where(floor => IsWithin(name, floor)).MaxBy(floor => floor.Length) is { } found ? (found, Floors[found]) : null;

    private static bool IsWithin(string name, string outer) => name == outer || name.StartsWith(outer + ".", StringComparison.Ordinal);

    private static string NamespaceOfFolder(string file) =>
        Path.GetRelativePath(Source, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');

    private static bool IsSource(string file) => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj");

    private static bool AllowsUnsafeCode(string project) =>
        XDocument.Load(project).Descendants().Any(element => element.Name.LocalName == "AllowUnsafeBlocks" && element.Value.Trim() == "true");

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Declared();

    /// <summary>Phf and the capitalised names behind it: a namespace, or a type's full name, which lies on the same floor.</summary>
    [GeneratedRegex(@"(?<![\w.])Phf(\.[A-Z]\w*)+")]
    private static partial Regex Used();
}
