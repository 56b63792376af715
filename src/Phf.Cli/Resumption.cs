using Phf.Training;

namespace Phf.Cli;

/// <summary>What <c>phf train --resume</c> asks for.</summary>
/// <param name="MayGoOn">Whether a run in the folder is gone on with; else it is in the way.</param>
/// <param name="Checkpoint">From which checkpoint; null for the newest.</param>
/// <param name="Output">The run's folder, where a checkpoint names it; else null.</param>
internal sealed record Resumption(bool MayGoOn, string? Checkpoint, string? Output)
{
    public const string Auto = "auto", Never = "never";

    /// <param name="choice">auto, never, or the folder of a checkpoint.</param>
    /// <param name="output">--output; null without.</param>
    /// <exception cref="UsageException">The checkpoint is none, or that of another run.</exception>
    public static Resumption Of(string choice, string? output)
    {
        if (choice is Auto or Never) return new Resumption(choice == Auto, null, null);
        string path = Path.TrimEndingDirectorySeparator(choice);
        ModelSource source = ModelSource.Find(path);
        if (source.Run is null || source.Directory != path)
            throw new UsageException($"--resume {choice}: auto, never or the folder of a run's checkpoint was expected; for a run give --resume auto --output {choice}");
        string run = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (output is not null && Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)) != run)
            throw new UsageException($"--resume {choice} is a checkpoint of {run}, not of {output}; to start another run from it, set model.path_or_name to it "
                + "and model.from_scratch to false");
        return new Resumption(MayGoOn: true, path, output ?? Path.GetDirectoryName(path) ?? run);
    }
}
