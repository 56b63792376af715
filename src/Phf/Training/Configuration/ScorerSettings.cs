namespace Phf.Training.Configuration;

/// <summary>
/// The options of scorers that a configuration may set; those of phf score have the same names and win where both are given. What a scorer runs or asks (command, openai) is
/// no key: a run may be a stranger's, and evaluating it must start no program and send no key anywhere.
/// </summary>
public abstract record ScorerSettings
{
    [Key("Word list of the scorer words.")]
    public string? List { get; init; }

    [Key("Model of the scorers toxicity and classifier, as phf score --model takes it. Not set: the built-in one of toxicity.")]
    public string? Model { get; init; }

    [Key("Model folder by which pii and pii-full find named entities, as phf score --ner takes it.")]
    public string? Ner { get; init; }

    [Key("The entities that ner looks for. Not set: name and organization.", Choices = ["name", "organization", "location"])]
    public IReadOnlyList<string>? NerTypes { get; init; }

    [Key("Rules of pii and pii-full. Not set: scrubadub.", Choices = ["scrubadub", "fixed"])]
    public string? PiiRules { get; init; }

    [Key("Day from which pii-full counts ages, as in 2026-11-21. Not set: 2023-02-16.")]
    public string? PiiToday { get; init; }

    [Key("Codes that pep8 and pep8-fixed count alone, by prefix, as pycodestyle's --select. Not set: all that are on by default.")]
    public IReadOnlyList<string>? Select { get; init; }

    [Key("Codes that pep8 and pep8-fixed leave out, by prefix, as pycodestyle's --ignore. Not set: those that are off by default.")]
    public IReadOnlyList<string>? Ignore { get; init; }

    [Key("Regular expression of the scorer regex.")]
    public string? Pattern { get; init; }

    [Key("What regex gives: matches per character, or 1 where there is any. Not set: percharacter.", Choices = ["percharacter", "any"])]
    public string? Measure { get; init; }

    [Key("Parts of the scorer combine, each NAME or NAME=WEIGHT.")]
    public IReadOnlyList<string>? Parts { get; init; }

    [Key("What combine makes of its parts. Not set: sum.", Choices = ["sum", "max"])]
    public string? Combine { get; init; }
}
