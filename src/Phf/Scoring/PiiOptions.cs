namespace Phf.Scoring;

/// <summary>What a <see cref="PiiScorer"/> looks for, and how.</summary>
public sealed record PiiOptions
{
    /// <summary>Today when the paper appeared; the date of birth detector counts ages from it unless told otherwise.</summary>
    public static readonly DateOnly PaperToday = new(2023, 2, 16);

    /// <summary>Which detectors.</summary>
    public PiiDetectors Detectors { get; init; }

    /// <summary>By which rules.</summary>
    public PiiRules Rules { get; init; }

    /// <summary>The day from which ages are counted and by which incomplete dates are completed; only dates of birth depend on it.</summary>
    public DateOnly Today { get; init; } = PaperToday;

    /// <summary>Finds named entities besides; null: none are looked for.</summary>
    public EntityFinder? Entities { get; init; }
}

/// <summary>What finds named entities in texts, such as a token classifier, which lies above this floor.</summary>
/// <param name="Id">Names it in the scorer's id.</param>
/// <param name="Find">The finds of each text from left to right. May be called from several threads at once.</param>
public sealed record EntityFinder(string Id, Func<string[], IReadOnlyList<Finding>[]> Find);

/// <summary>Sets of detectors of personal information.</summary>
public enum PiiDetectors
{
    /// <summary>What scrubadub has on for en_US: credentials, credit cards, e-mail addresses, telephone numbers, Twitter names, URLs, social security numbers.</summary>
    Default,

    /// <summary>Those and what the paper adds but for named entities: dates of birth, Skype names, US addresses.</summary>
    Full,
}

/// <summary>Rules of finding personal information.</summary>
public enum PiiRules
{
    /// <summary>scrubadub's, faults included, so that scores compare with the paper's.</summary>
    Scrubadub,

    /// <summary>The same without the faults that docs/scorers.md lists.</summary>
    Fixed,
}
