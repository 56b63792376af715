namespace Phf.Cli;

/// <summary>Files that a verb is about to write.</summary>
internal static class OutputFiles
{
    /// <exception cref="IOException">It is one of the inputs, or exists and <paramref name="force"/> is not given.</exception>
    public static void Check(string path, bool force, IEnumerable<string> inputs)
    {
        if (!File.Exists(path)) return;
        string target = Real(path);
        if (inputs.Any(input => File.Exists(input) && Real(input) == target)) throw new IOException($"{path} is also an input, which would be lost; name another output");
        if (!force) throw new IOException($"{path} exists; choose another name, or replace it with --force");
    }

    private static string Real(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
}
