using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phf.Cli.Quickstart;
using Phf.Formats;

namespace Phf.Cli.Replication;

/// <summary>Texts that do not come as a file: Python files of folders, made-up mails. Written as JSON lines with <c>id</c> and <c>text</c>.</summary>
internal static class ReplicationCorpus
{
    private const ulong Seed = 1;
    private const long LargestFile = 1 << 20; // bytes; what is longer is a table of data, not a program
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The Python files under folders, each folder's in the order of their paths. Links are not followed.</summary>
    /// <exception cref="IOException">A folder is not there, or none holds a Python file.</exception>
    public static IReadOnlyList<FileInfo> PythonFiles(IReadOnlyList<string> folders)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        var files = new List<FileInfo>();
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"--python-dir {folder}: no such folder");
            files.AddRange(new DirectoryInfo(folder).EnumerateFiles("*.py", options).Where(file => file.Length <= LargestFile).OrderBy(file => file.FullName, StringComparer.Ordinal));
        }
        return files.Count > 0 ? files : throw new IOException($"--python-dir {string.Join(", ", folders)}: no Python files (*.py) there; name folders with source code");
    }

    /// <summary>Writes the texts of files; a text that came before, and what is not UTF-8, is left out.</summary>
    public static void WriteFiles(string output, IReadOnlyList<FileInfo> files, CancellationToken cancel)
    {
        var seen = new HashSet<string>();
        Write(output, "reading Python files", files.Count, cancel, files.Select(file => (Id: file.FullName, Text: TextOf(file)))
            .Where(one => one.Text is not null && seen.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(one.Text)))))
            .Select(one => (one.Id, one.Text!)));
    }

    /// <summary>Writes made-up mails.</summary>
    public static void WriteMails(string output, int count, CancellationToken cancel) =>
        Write(output, "writing mails", count, cancel, BuiltInCorpus.Documents(count, Seed).Select((text, i) => ($"mail {i}", text)));

    private static void Write(string output, string title, int count, CancellationToken cancel, IEnumerable<(string Id, string Text)> texts) =>
        ConsoleProgress.Run(title, "documents", count, progress => DurableFile.Write(output, stream =>
        {
            using var compressed = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
            long done = 0;
            foreach ((string id, string text) in texts)
            {
                cancel.ThrowIfCancellationRequested();
                JsonSerializer.Serialize(compressed, new { id, text });
                compressed.WriteByte((byte)'\n');
                progress.Report(++done, done);
            }
        }));

    /// <summary>Null for what is not UTF-8, or is empty.</summary>
    private static string? TextOf(FileInfo file)
    {
        try
        {
            string text = StrictUtf8.GetString(File.ReadAllBytes(file.FullName)).TrimStart('\uFEFF');
            return string.IsNullOrWhiteSpace(text) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
