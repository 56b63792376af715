using Phf.Formats.Hub;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli;

/// <summary>The tokenizer behind a path: a folder with a tokenizer's files, a run or a model, or one of the files; or behind a name on the Hub, if it is on this machine.</summary>
internal static class TokenizerSource
{
    /// <exception cref="InvalidDataException">Nothing of the kind, or a tokenizer that Phf cannot be; the message names what it asks for.</exception>
    public static BpeTokenizer Open(string path)
    {
        if (File.Exists(path))
            return TokenizerFiles.All.Contains(Path.GetFileName(path)) ? BpeTokenizer.FromDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!)
                : throw new InvalidDataException($"{path} is no file of a tokenizer; those are {string.Join(", ", TokenizerFiles.All)}");
        if (!Directory.Exists(path))
        {
            var hub = HubFolders.FromEnvironment();
            return BpeTokenizer.FromDirectory(hub.FindTokenizer(path)
                ?? throw new InvalidDataException($"{path}: no such folder; give a folder with a tokenizer, a run or a model{hub.AdviceFor(new HubRepository(path))}"));
        }
        return BpeTokenizer.FromDirectory(File.Exists(Path.Combine(path, "config.yml")) ? ModelSource.Find(path).Directory : path);
    }
}
