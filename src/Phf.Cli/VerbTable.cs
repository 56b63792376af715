using System.CommandLine;
using Phf.Cli.Verbs;

namespace Phf.Cli;

/// <summary>The verbs of the command line, one file each in Verbs/.</summary>
internal static class VerbTable
{
    public static IEnumerable<Command> All() =>
    [
        EnvVerb.Create(),
        PackVerb.Create(),
        ScoreVerb.Create(),
        TokenizerVerb.Create(),
        ReportVerb.Create(),
    ];
}
