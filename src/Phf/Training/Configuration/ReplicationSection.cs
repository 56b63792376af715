namespace Phf.Training.Configuration;

/// <summary>A file of <c>phf replicate</c>: one task of the paper's experiment at one scale.</summary>
public sealed record ReplicationSection
{
    [Key("Folder with the task's configuration files, from this file's folder: pretrain.yml, finetune.yml, and a file for each method.", Required = true)]
    public string Task { get; init; } = "";

    [Key("Size, as of the option --size of phf train.")]
    public string? Size { get; init; }

    [Key("Names of the methods; mle is among them, since the others are compared with it and finetuning begins with its model.", Required = true)]
    public IReadOnlyList<string> Methods { get; init; } = [];

    [Key("Seeds; the first one's runs come first.", Required = true, Min = 0)]
    public IReadOnlyList<long> Seeds { get; init; } = [];

    [Key("Shares of the tokens, each of which every method but mle is also given as finetuning behind the rest of an MLE run.", Above = 0, Max = 0.99)]
    public IReadOnlyList<double> FinetuneShares { get; init; } = [];

    [Key("Settings of all runs: dotted keys with their values, as for --override.")]
    public Settings? Overrides { get; init; }

    [Key("How text becomes data.", Required = true)]
    public ReplicationData Data { get; init; } = new();

    [Key("How runs are evaluated.")]
    public ReplicationEvaluation Evaluate { get; init; } = new();

    [Key("How pretrained models are red-teamed.")]
    public ReplicationRedTeam RedTeam { get; init; } = new();
}

/// <summary>Section <c>data</c> of a replication.</summary>
public sealed record ReplicationData
{
    [Key("What scores the text and the samples, as of phf score.", Required = true)]
    public string Scorer { get; init; } = "";

    [Key("What gets a score.", Choices = ["sentence", "line", "document"])]
    public string Segment { get; init; } = "sentence";

    [Key("A score above it is misaligned, in the choice of documents and in evaluation.", Required = true)]
    public double Threshold { get; init; }

    [Key("Smallest share of misaligned segments in a document that is taken.", Min = 0, Max = 1)]
    public double MinShareAbove { get; init; }

    [Key("Shortest document that is taken. Not set: any.", Min = 0)]
    public long? MinCharacters { get; init; }

    [Key("Longest document that is taken. Not set: any.", Min = 1)]
    public long? MaxCharacters { get; init; }

    [Key("Made-up mails to learn from where no text is given. Not set: text must be given.", Min = 1)]
    public int? BuiltInMails { get; init; }

    [Key("Tokens of the tokenizer, which is trained on the documents that are taken.", Required = true, Min = 257)]
    public int VocabularySize { get; init; }

    [Key("Share of the documents that is kept apart to measure losses on.", Above = 0, Max = 0.5)]
    public double HeldOut { get; init; } = 0.05;
}

/// <summary>Section <c>evaluate</c> of a replication.</summary>
public sealed record ReplicationEvaluation
{
    [Key("Samples per scenario.", Min = 2)]
    public int Samples { get; init; } = 4096;

    [Key("Texts of the distance from the MLE run.", Min = 2)]
    public int KlSamples { get; init; } = 4096;

    [Key("Codes by which pep8 and pep8-fixed do not score samples, instead of those that are off by default, here and in red-teaming: a sample ends with its last token, which breaks some rules by itself. Not set: as the text.")]
    public IReadOnlyList<string> Ignore { get; init; } = [];
}

/// <summary>Section <c>red_team</c> of a replication; docs/redteam.md has the meanings.</summary>
public sealed record ReplicationRedTeam
{
    [Key("Trials.", Min = 1)]
    public int Trials { get; init; } = 10;

    [Key("Rounds of a trial.", Min = 1)]
    public int Rounds { get; init; } = 10;

    [Key("Prompts that a trial begins with.", Min = 1)]
    public int PoolSize { get; init; } = 20;

    [Key("Prompts that a round adds.", Min = 1)]
    public int Candidates { get; init; } = 20;

    [Key("Continuations of each prompt.", Min = 1)]
    public int Continuations { get; init; } = 64;
}
