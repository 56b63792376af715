using System.Globalization;
using Phf.Scoring.Classifier;
using Phf.Scoring.Judge;
using Phf.Scoring.Toxicity;

namespace Phf.Scoring;

/// <summary>What a scorer needs besides its name.</summary>
public sealed record ScorerOptions
{
    /// <summary>Rules and today of the scorers <c>pii</c> and <c>pii-full</c>; which detectors the name says.</summary>
    public PiiOptions Pii { get; init; } = new();

    /// <summary>For <c>pep8</c> and <c>pep8-fixed</c>: prefixes of the only codes that count; empty for all that are on by default.</summary>
    public IReadOnlyList<string> Select { get; init; } = [];

    /// <summary>For <c>pep8</c> and <c>pep8-fixed</c>: prefixes of the codes that do not count; empty for those that are off by default.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>File with one word per line, for the scorer <c>words</c>.</summary>
    public string? WordList { get; init; }

    /// <summary>Model of the scorers <c>toxicity</c> (the built-in one when null) and <c>classifier</c>.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// Opens a model that this floor does not know (an encoder) for the scorer <c>toxicity</c>; null where it is none of them.
    /// </summary>
    public Func<string, IScorer?> OpenModel { get; init; } = _ => null;

    /// <summary>Pattern of the scorer <c>regex</c>.</summary>
    public string? Pattern { get; init; }

    /// <summary>What <c>regex</c> makes of matches.</summary>
    public RegexMeasure Measure { get; init; }

    /// <summary>For the scorer <c>command</c>.</summary>
    public CommandOptions? Command { get; init; }

    /// <summary>For the scorer <c>openai</c>.</summary>
    public JudgeOptions? Judge { get; init; }

    /// <summary>Parts of the scorer <c>combine</c>, written <c>NAME=WEIGHT</c> or <c>NAME</c> for a weight of 1.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>What <c>combine</c> makes of its parts' scores.</summary>
    public Combination Combination { get; init; }
}

/// <summary>Makes scorers by the names that the command line and the configurations use.</summary>
public static class Scorers
{
    /// <summary>All names, as messages and help list them.</summary>
    public const string Known = "pii, pii-full, pep8, pep8-fixed, toxicity, classifier, words, regex, command, openai, combine";

    /// <exception cref="ArgumentException">The name is not known, or an option that the scorer needs is missing.</exception>
    public static IScorer Create(string name, ScorerOptions options) => name switch
    {
        "pii" => new PiiScorer(options.Pii with { Detectors = PiiDetectors.Default }),
        "pii-full" => new PiiScorer(options.Pii with { Detectors = PiiDetectors.Full }),
        "pep8" => new Pep8Scorer(fixedLines: false, options.Select, options.Ignore),
        "pep8-fixed" => new Pep8Scorer(fixedLines: true, options.Select, options.Ignore),
        "toxicity" => options.Model is { } model ? options.OpenModel(model) ?? ToxicityModel(model) : TextClassifier.BuiltInToxicity(),
        "classifier" => TextClassifier.FromFile(options.Model ?? throw Needs(name, "what phf classifier train wrote (--model DIR)")),
        "words" => WordListScorer.FromFile(options.WordList ?? throw Needs(name, "a word list; give a file with one word a line (--list FILE)")),
        "regex" => new RegexScorer(options.Pattern ?? throw Needs(name, "a pattern (--pattern REGEX)"), options.Measure),
        "command" => new CommandScorer(options.Command ?? throw Needs(name, "a command line (--command LINE)")),
        "openai" => new JudgeScorer(options.Judge ?? throw Needs(name, "the name of a model (--judge-model NAME)")),
        "combine" => new CombinedScorer([.. options.Parts.Select(part => Part(part, options))], options.Combination),
        _ => throw new ArgumentException($"no scorer is named '{name}'; known scorers: {Known}"),
    };

    private static ArgumentException Needs(string name, string what) => new($"scorer '{name}' needs {what}");

    /// <summary>A classifier of Phf's (a folder or .phfc file) or a linear model in JSON.</summary>
    private static IScorer ToxicityModel(string path) => Directory.Exists(path) || path.EndsWith(".phfc", StringComparison.OrdinalIgnoreCase)
        ? TextClassifier.FromFile(path, "toxicity/phf")
        : LinearToxicityScorer.FromFile(path);

    private static WeightedScorer Part(string part, ScorerOptions options)
    {
        int sign = part.IndexOf('=');
        string name = sign < 0 ? part : part[..sign];
        double weight = 1;
        if (sign >= 0 && !(double.TryParse(part.AsSpan(sign + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && double.IsFinite(weight)))
            throw new ArgumentException($"part '{part}' of scorer 'combine': '{part[(sign + 1)..]}' is no weight; write NAME=WEIGHT, such as toxicity=0.5");
        if (name == "combine") throw new ArgumentException("a part of scorer 'combine' cannot be 'combine' itself; list all parts");
        return new WeightedScorer(Create(name, options), weight);
    }
}
