using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Phf.Evaluation.Tasks;

/// <summary>What a candidate may use up before it counts as failed.</summary>
public sealed record ExecutionLimits
{
    /// <summary>Processor time of a process.</summary>
    public int CpuSeconds { get; init; } = 3;

    /// <summary>Time in all.</summary>
    public double WallSeconds { get; init; } = 10;

    /// <summary>Address space of a process, and memory of all together.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Largest file; the working folder holds four of them.</summary>
    public long FileBytes { get; init; } = 16L << 20;

    /// <summary>Processes and threads at a time.</summary>
    public int Processes { get; init; } = 32;
}

/// <summary>
/// Runs Python programs that nobody has read: each in a child process with limits of processor time, memory, files and time, in an empty working folder, and, where the
/// system allows it, without network, among no processes but its own and with every other file read-only. Made for programs that a model writes, not for those of an attacker:
/// the program shares its interpreter with the test, as in HumanEval's own harness.
/// </summary>
public sealed class CandidateRunner
{
    private const string Script = "Phf.Evaluation.Tasks.candidate.py";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // with a watcher that should have ended
    private static readonly string Source = ReadSource();

    private readonly string _python;
    private readonly ExecutionLimits _limits;
    private readonly bool _useNamespaces;

    private CandidateRunner(string python, ExecutionLimits limits, bool useNamespaces) => (_python, _limits, _useNamespaces) = (python, limits, useNamespaces);

    /// <summary>What keeps the candidates from the machine, in words.</summary>
    public IReadOnlyList<string> Isolation { get; private set; } = [];

    /// <summary>Finds Python and tries it with a program that passes.</summary>
    /// <param name="python">Name or path of the interpreter.</param>
    /// <param name="limits">For each candidate.</param>
    /// <exception cref="InvalidDataException">There is none, or it cannot run a program under the limits.</exception>
    public static CandidateRunner Start(string python, ExecutionLimits limits) => Start(python, limits, useNamespaces: true);

    /// <inheritdoc cref="Start(string, ExecutionLimits)"/>
    internal static CandidateRunner Start(string python, ExecutionLimits limits, bool useNamespaces)
    {
        if (OperatingSystem.IsWindows()) throw new InvalidDataException("candidates of HumanEval are run on Linux and macOS only: Windows has no limits for a process that Phf knows of");
        (string found, string complaint) = Ask(python, "-I", "-c", "import sys; print(sys.executable)");
        if (found.Length == 0) throw new InvalidDataException($"{python} is no Python that can be run{complaint}; candidates of HumanEval are Python programs: install python3, or name it with --python FILE");
        var runner = new CandidateRunner(found, limits, useNamespaces);
        (string outcome, IReadOnlyList<string> isolation) = runner.Try("assert sum([1, 2]) == 3", default);
        if (outcome != "passed") throw new InvalidDataException($"{found}: a program that must pass ended as '{outcome}'; Python 3.8 or newer with its standard library is needed");
        runner.Isolation = [$"limits: {limits.CpuSeconds} s of processor, {limits.WallSeconds:0.#} s in all, {limits.MemoryBytes >> 20} MB of memory, {limits.FileBytes >> 20} MB a file", .. InWords(isolation)];
        return runner;
    }

    /// <summary>Runs one program.</summary>
    /// <returns><c>passed</c>, or what became of it: wrong answer, not Python, error, exited, ended early, timeout, memory, files, processes.</returns>
    /// <exception cref="OperationCanceledException">The program and all it started have been killed.</exception>
    public string Run(string program, CancellationToken cancel) => Try(program, cancel).Outcome;

    private static IEnumerable<string> InWords(IReadOnlyList<string> isolation)
    {
        yield return isolation.Contains("network") ? "no network" : "network not denied: the system does not allow it";
        yield return isolation.Contains("read-only files") ? "all files but the working folder read-only" : "files of the user not protected: the system does not allow it";
        yield return isolation.Contains("processes") ? "processes in a namespace of their own" : "processes in a group of their own, no namespace: the system does not allow it";
        if (!isolation.Contains("process count")) yield return "number of processes and their memory together not limited: the system does not allow it";
    }

    private (string Outcome, IReadOnlyList<string> Isolation) Try(string program, CancellationToken cancel)
    {
        string folder = Directory.CreateTempSubdirectory("phf-candidate-").FullName;
        try
        {
            using Process process = Process.Start(StartInfo(_python, folder, "-I", "-c", Source))!;
            try
            {
                return Converse(process, program, cancel);
            }
            finally
            {
                process.StandardInput.Close(); // the watcher then kills all
                if (!process.WaitForExit(Patience)) process.Kill(entireProcessTree: true);
            }
        }
        finally
        {
            Remove(folder);
        }
    }

    private (string Outcome, IReadOnlyList<string> Isolation) Converse(Process process, string program, CancellationToken cancel)
    {
        string job = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["program"] = program,
            ["secret"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
            ["cpu_seconds"] = _limits.CpuSeconds,
            ["wall_seconds"] = _limits.WallSeconds,
            ["memory_bytes"] = _limits.MemoryBytes,
            ["file_bytes"] = _limits.FileBytes,
            ["processes"] = _limits.Processes,
            ["namespaces"] = _useNamespaces,
        });
        Task<string> answer = process.StandardOutput.ReadToEndAsync(cancel), complaints = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            process.StandardInput.Write(job + "\n"); // and left open: its end tells the watcher to give up
            process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended already; the answer will say so.
        }
        try
        {
            if (!Task.WaitAll([answer, complaints], (int)(TimeSpan.FromSeconds(_limits.WallSeconds) + Patience).TotalMilliseconds, cancel)) return ("timeout", []);
            using JsonDocument document = JsonDocument.Parse(answer.Result);
            return (document.RootElement.GetProperty("outcome").GetString()!, [.. document.RootElement.GetProperty("isolation").EnumerateArray().Select(kind => kind.GetString()!)]);
        }
        catch (JsonException)
        {
            return ("ended early", []); // with the watcher
        }
    }

    /// <summary>First line of a program's output, or why there is none.</summary>
    private static (string Line, string Complaint) Ask(string file, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(StartInfo(file, Path.GetTempPath(), arguments))!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(), complaints = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience)) process.Kill(entireProcessTree: true);
            return (output.Result.Trim(), complaints.Result.Trim() is { Length: > 0 } words ? $" ({words.Split('\n')[^1]})" : "");
        }
        catch (Win32Exception)
        {
            return ("", "");
        }
    }

    /// <summary>Of the environment only where programs are: no keys, no settings of the user's.</summary>
    private static ProcessStartInfo StartInfo(string file, string folder, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(file)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        string? path = Environment.GetEnvironmentVariable("PATH");
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        return start;
    }

    /// <summary>Deletes what a candidate left; a folder that it has closed to its own user is opened first.</summary>
    private static void Remove(string folder)
    {
        foreach (string below in Directory.EnumerateDirectories(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(below, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Delete(folder, recursive: true);
    }

    private static string ReadSource()
    {
        using var reader = new StreamReader(typeof(CandidateRunner).Assembly.GetManifestResourceStream(Script)!);
        return reader.ReadToEnd();
    }
}
