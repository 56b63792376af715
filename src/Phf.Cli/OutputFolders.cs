namespace Phf.Cli;

/// <summary>Folders that a verb is about to fill.</summary>
internal static class OutputFolders
{
    /// <exception cref="IOException">There is a file, or a folder that is not empty and <paramref name="force"/> is not given.</exception>
    public static void Check(string path, bool force)
    {
        if (File.Exists(path)) throw new IOException($"{path} is a file; name a directory");
        if (!force && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new IOException($"{path} exists and is not empty; name another directory or say --force");
    }
}
