using System.Globalization;

namespace Phf.Scoring;

/// <summary>
/// How the scorer of an id is made again: its name and the options that the id spells out. Models, lists, patterns, commands and prompts stand there as a hash only, so they must be
/// given; whether they were the right ones, the id of what they make says.
/// </summary>
public sealed record ScorerRecipe
{
    /// <summary>For <see cref="Scorers.Create"/>; of an id that no scorer here has, what stands before the slash.</summary>
    public required string Name { get; init; }

    /// <summary>Rules of <c>pii</c> and <c>pii-full</c>; null where the id is of neither.</summary>
    public PiiRules? Rules { get; init; }

    /// <summary>Today of <c>pii-full</c>; null where the id has none.</summary>
    public DateOnly? Today { get; init; }

    /// <summary>The named entities of <c>pii</c> and <c>pii-full</c>; null where none were looked for.</summary>
    public IReadOnlyList<string>? Entities { get; init; }

    /// <summary>For <c>pep8</c> and <c>pep8-fixed</c>; null where the id has none.</summary>
    public IReadOnlyList<string>? Select { get; init; }

    /// <inheritdoc cref="Select"/>
    public IReadOnlyList<string>? Ignore { get; init; }

    /// <summary>For <c>regex</c>.</summary>
    public RegexMeasure? Measure { get; init; }

    /// <summary>For <c>combine</c>, as <see cref="ScorerOptions.Parts"/>.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <inheritdoc cref="Parts"/>
    public Combination? Combination { get; init; }

    /// <summary>The recipe of an id; of one that no scorer here writes, only its name.</summary>
    public static ScorerRecipe Of(string id)
    {
        int slash = id.IndexOf('/');
        string name = slash < 0 ? id : id[..slash], rest = id[(slash + 1)..];
        return name switch
        {
            "pii" => OfPii(rest),
            "pep8" => OfPep8(rest),
            "regex" => new ScorerRecipe { Name = name, Measure = rest.StartsWith("any-", StringComparison.Ordinal) ? RegexMeasure.Any : RegexMeasure.PerCharacter },
            "combine" => OfCombination(rest),
            _ => new ScorerRecipe { Name = name },
        };
    }

    /// <param name="rest"><c>scrubadub-2.0.0-full-fixed(today=2023-02-16,ner=MODEL:name+organization)</c></param>
    private static ScorerRecipe OfPii(string rest)
    {
        (string set, string within) = Cut(rest);
        string[] settings = within.Split(',');
        string? ner = Setting("ner=");
        return new ScorerRecipe
        {
            Name = set.Contains("-full", StringComparison.Ordinal) ? "pii-full" : "pii",
            Rules = set.EndsWith("-fixed", StringComparison.Ordinal) ? PiiRules.Fixed : PiiRules.Scrubadub,
            Today = DateOnly.TryParseExact(Setting("today="), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly today) ? today : null,
            Entities = ner is null or "none" ? null : ner.Split(':')[^1].Split('+'),
        };

        string? Setting(string key) => settings.FirstOrDefault(setting => setting.StartsWith(key, StringComparison.Ordinal))?[key.Length..];
    }

    /// <param name="rest"><c>pycodestyle-2.8.0-fixed(select=E1+W6)</c> or <c>...(ignore=E501)</c></param>
    private static ScorerRecipe OfPep8(string rest)
    {
        (string rules, string codes) = Cut(rest);
        return new ScorerRecipe
        {
            Name = rules.EndsWith("-fixed", StringComparison.Ordinal) ? "pep8-fixed" : "pep8",
            Select = codes.StartsWith("select=", StringComparison.Ordinal) ? codes["select=".Length..].Split('+') : null,
            Ignore = codes.StartsWith("ignore=", StringComparison.Ordinal) ? codes["ignore=".Length..].Split('+') : null,
        };
    }

    /// <summary>What stands before the brackets and in them.</summary>
    private static (string Before, string Within) Cut(string rest) => rest.IndexOf('(') is >= 0 and var bracket ? (rest[..bracket], rest[(bracket + 1)..].TrimEnd(')')) : (rest, "");

    /// <param name="rest"><c>sum(1*ID,0.5*ID)</c> or <c>max(...)</c>; all parts share their options.</param>
    private static ScorerRecipe OfCombination(string rest)
    {
        int bracket = rest.IndexOf('(');
        var parts = new List<(string Weight, ScorerRecipe Recipe)>();
        foreach (string part in PartsOf(bracket >= 0 && rest[^1] == ')' ? rest[(bracket + 1)..^1] : ""))
            if (part.Split('*', 2) is [var weight, var id]) parts.Add((weight, Of(id)));
        ScorerRecipe[] recipes = [.. parts.Select(part => part.Recipe)];
        return new ScorerRecipe
        {
            Name = "combine",
            Rules = recipes.Select(recipe => recipe.Rules).FirstOrDefault(rules => rules is not null),
            Today = recipes.Select(recipe => recipe.Today).FirstOrDefault(today => today is not null),
            Entities = recipes.Select(recipe => recipe.Entities).FirstOrDefault(entities => entities is not null),
            Select = recipes.Select(recipe => recipe.Select).FirstOrDefault(codes => codes is not null),
            Ignore = recipes.Select(recipe => recipe.Ignore).FirstOrDefault(codes => codes is not null),
            Measure = recipes.Select(recipe => recipe.Measure).FirstOrDefault(measure => measure is not null),
            Parts = [.. parts.Select(part => $"{part.Recipe.Name}={part.Weight}")],
            Combination = rest.StartsWith("max", StringComparison.Ordinal) ? Scoring.Combination.Max : Scoring.Combination.Sum,
        };
    }

    /// <summary>What stands between the commas outside brackets.</summary>
    private static IEnumerable<string> PartsOf(string list)
    {
        int depth = 0, begin = 0;
        for (int i = 0; i < list.Length; i++)
        {
            if (list[i] == '(') depth++;
            else if (list[i] == ')') depth--;
            else if (list[i] == ',' && depth == 0)
            {
                yield return list[begin..i];
                begin = i + 1;
            }
        }
        yield return list[begin..];
    }
}
