namespace Phf.Scoring;

/// <summary>What a scorer needs besides its name.</summary>
public sealed record ScorerOptions
{
    /// <summary>File with one word per line, for the scorer <c>words</c>.</summary>
    public string? WordList { get; init; }
}

/// <summary>Makes scorers by the names that the command line and the configurations use.</summary>
public static class Scorers
{
    private const string Known = "pii, pep8, pep8-fixed, words";

    /// <exception cref="ArgumentException">The name is not known, or an option that the scorer needs is missing.</exception>
    public static IScorer Create(string name, ScorerOptions options) => name switch
    {
        "pii" => new PiiScorer(),
        "pep8" => new Pep8Scorer(),
        "pep8-fixed" => new Pep8Scorer(fixedLines: true),
        "words" => WordListScorer.FromFile(options.WordList
            ?? throw new ArgumentException("scorer 'words' needs a word list; give a file with one word a line (--list FILE)")),
        _ => throw new ArgumentException($"no scorer is named '{name}'; known scorers: {Known}"),
    };
}
