using Phf.Formats.Hub;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli;

/// <summary>The tokenizer behind a path: a folder with a tokenizer's files, a run or a model, or one of the files; or behind a name on the Hub, if it is on this machine.</summary>
internal static class TokenizerSource
{
    /// <summary>That of a language model.</summary>
    /// <exception cref="InvalidDataException">Nothing of the kind, or a tokenizer that Phf cannot be; the message names what it asks for.</exception>
    public static BpeTokenizer Open(string path) => BpeTokenizer.FromDirectory(DirectoryOf(path));

    /// <summary>That of a language model or of a classifier.</summary>
    /// <inheritdoc cref="Open"/>
    public static EncoderTokenizer OpenAny(string path) => EncoderTokenizer.FromDirectory(DirectoryOf(path));

    private static string DirectoryOf(string path)
    {
        if (File.Exists(path))
            return TokenizerFiles.All.Contains(Path.GetFileName(path)) ? Path.GetDirectoryName(Path.GetFullPath(path))!
                : throw new InvalidDataException($"{path} is no file of a tokenizer; those are {string.Join(", ", TokenizerFiles.All)}");
        if (Directory.Exists(path)) return File.Exists(Path.Combine(path, "config.yml")) ? ModelSource.Find(path).Directory : path;
        var hub = HubFolders.FromEnvironment();
        return hub.FindTokenizer(path)
            ?? throw new InvalidDataException($"{path}: no such folder; give a folder with a tokenizer, a run or a model{hub.AdviceFor(new HubRepository(path))}");
    }
}
