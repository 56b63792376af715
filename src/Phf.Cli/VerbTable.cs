using System.CommandLine;
using Phf.Cli.Verbs;

namespace Phf.Cli;

/// <summary>The verbs of the command line, one file each in Verbs/.</summary>
internal static class VerbTable
{
    public static IEnumerable<Command> All() =>
    [
        QuickstartVerb.Create(),
        DownloadVerb.Create(),
        ScoreVerb.Create(),
        StatsVerb.Create(),
        SelectVerb.Create(),
        ClassifierVerb.Create(),
        TokenizerVerb.Create(),
        PackVerb.Create(),
        TrainVerb.Create(),
        SweepVerb.Create(),
        ReplicateVerb.Create(),
        AlignVerb.Create(),
        GenerateVerb.Create(),
        LogProbsVerb.Create(),
        EvaluateVerb.Create(),
        RedTeamVerb.Create(),
        FinetuneClassifierVerb.Create(),
        ReportVerb.Create(),
        InspectVerb.Create(),
        ExportVerb.Create(),
        ConfigVerb.Create(),
        EnvVerb.Create(),
        BenchVerb.Create(),
    ];
}
