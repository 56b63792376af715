using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Phf.Tests.Cli;

/// <summary>What a finished process left: its exit code and the whole of both streams.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error);

/// <summary>The built command line (Phf.Cli.dll beside the tests) as a process of its own. Disposing kills it if it still runs.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;
    private readonly string _commandLine;

    private CliProcess(ProcessStartInfo start, string commandLine)
    {
        _commandLine = commandLine;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Runs <c>phf arguments</c> to its end, one minute at most.</summary>
    public static CliResult Run(params string[] arguments)
    {
        using CliProcess process = Start(arguments);
        return process.Wait();
    }

    /// <summary>
    /// Starts <c>phf arguments</c>. <paramref name="environment"/> adds or replaces variables; <paramref name="folder"/> is the working folder.
    /// </summary>
    public static CliProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo
        {
            FileName = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Phf.Cli.dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return new CliProcess(start, $"phf {string.Join(' ', arguments)}");
    }

    /// <summary>Sends SIGINT, what Ctrl-C does. Unix only.</summary>
    public void Interrupt()
    {
        const int sigint = 2;
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("SIGINT cannot be sent to another process on Windows");
        if (Kill(_process.Id, sigint) != 0) throw new InvalidOperationException($"{_commandLine}: no process {_process.Id} to interrupt");
    }

    /// <summary>Waits for the end, one minute unless told; throws <see cref="TimeoutException"/> when it takes longer.</summary>
    public CliResult Wait(TimeSpan? timeout = null)
    {
        TimeSpan limit = timeout ?? DefaultTimeout;
        if (!_process.WaitForExit(limit)) throw new TimeoutException($"{_commandLine}: still running after {limit.TotalSeconds:0} s");
        return new CliResult(_process.ExitCode, _output.GetAwaiter().GetResult(), _error.GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int processId, int signal);
}
