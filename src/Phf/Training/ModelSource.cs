using Phf.Formats.Hub;

namespace Phf.Training;

/// <summary>Where a model lies: a checkpoint of a run, or a model directory of its own.</summary>
/// <param name="Directory">The folder with config.json, model.safetensors and the tokenizer.</param>
/// <param name="Run">The run it belongs to; null for a model directory.</param>
public sealed record ModelSource(string Directory, RunDirectory? Run)
{
    /// <summary>
    /// Finds the model behind a path: a run (its newest checkpoint, or its best where it keeps that), a checkpoint of a run, or a Hugging Face model directory;
    /// or behind a name on the Hub, if it is on this machine.
    /// </summary>
    /// <exception cref="InvalidDataException">None of these.</exception>
    public static ModelSource Find(string pathOrName)
    {
        string path = pathOrName;
        if (!System.IO.Directory.Exists(path))
        {
            var hub = HubFolders.FromEnvironment();
            path = hub.FindModel(path) ?? throw new InvalidDataException(
                $"{path}: no such folder; give a run, a checkpoint or a model directory{hub.AdviceFor(new HubRepository(path))}");
        }
        string full = Path.TrimEndingDirectorySeparator(path);
        if (File.Exists(Path.Combine(full, "config.yml")))
        {
            RunDirectory run = RunDirectory.Open(full);
            return new ModelSource(run.ModelCheckpoint(), run);
        }
        if (!File.Exists(Path.Combine(full, "config.json")))
            throw new InvalidDataException($"{path}: neither a run (config.yml) nor a model directory (config.json)");
        // Other programs call their model directories checkpoint-500 too: only in a run is one without COMPLETE unfinished.
        string? parent = Path.GetDirectoryName(Path.GetFullPath(full));
        bool isOfRun = Path.GetFileName(full).StartsWith(Checkpoint.Prefix, StringComparison.Ordinal)
            && parent is not null && File.Exists(Path.Combine(parent, "config.yml"));
        if (isOfRun && !Checkpoint.IsComplete(full)) throw new InvalidDataException($"{path} is an unfinished checkpoint (it has no COMPLETE); use an older one");
        return new ModelSource(full, isOfRun ? RunDirectory.Open(parent!) : null);
    }
}
