namespace Phf.Training.Configuration;

/// <summary>A file of <c>phf sweep</c>: runs that differ in method, seed and the settings of a grid.</summary>
public sealed record SweepSection
{
    [Key("Configuration file of the task.", Required = true)]
    public string Task { get; init; } = "";

    [Key("Size, as of the option --size of phf train.")]
    public string? Size { get; init; }

    [Key("Configuration files of the methods; each file's name is its method's name.", Required = true)]
    public IReadOnlyList<string> Methods { get; init; } = [];

    [Key("Seeds, each for every method and point of the grid. Not set: the one training.seed of the files.", Min = 0)]
    public IReadOnlyList<long>? Seeds { get; init; }

    [Key("Settings of all runs: dotted keys with their values, as for --override.")]
    public Settings? Overrides { get; init; }

    [Key("Settings to vary: dotted keys, each with a list of values; every combination is run. Not set: methods and seeds alone.")]
    public Settings? Grid { get; init; }

    [Key("Folder written by phf pack. Not set: dataset.data of the files.")]
    public string? Data { get; init; }

    [Key("Folder of the sweep: the runs go to runs/ in it, the report beside.", Required = true)]
    public string Output { get; init; } = "";

    [Key("Evaluate each finished run, as phf evaluate does. Not set: losses alone are reported.")]
    public SweepEvaluation? Evaluate { get; init; }
}

/// <summary>Section <c>evaluate</c> of a sweep.</summary>
public sealed record SweepEvaluation : ScorerSettings
{
    [Key("What scores the samples: a scorer of phf score. Not set: what scored the data.")]
    public string? Scorer { get; init; }

    [Key("Names of the scenarios to sample. Not set: all of the configuration.")]
    public IReadOnlyList<string>? Scenarios { get; init; }

    [Key("Samples per scenario. Not set: the configuration's num_samples.", Min = 1)]
    public int? Samples { get; init; }

    [Key("Seed of the samples; each run of one seed of training is sampled with the same.", Min = 0)]
    public long Seed { get; init; } = 1;
}

/// <summary>Settings by dotted key, as they were written; what they mean is found out where they are applied.</summary>
public sealed class Settings
{
    internal Settings(MappingNode written) => Written = written;

    internal MappingNode Written { get; }
}
