using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Phf.Tests.Cli;

/// <summary>What a finished process left: its exit code and the whole of both streams.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    /// <summary>Asserts that the process succeeded; returns this.</summary>
    public CliResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>Asserts the exit code and one clear message: it begins with <c>phf: </c>, holds <paramref name="message"/>, and no stack trace.</summary>
    public void Failed(int exitCode, string message)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}: {Error}");
        Assert.Contains(message, Error);
        Assert.StartsWith("phf: ", Error);
        Assert.DoesNotContain("   at ", Error);
        Assert.DoesNotContain("Exception", Error);
    }
}

/// <summary>The built command line (Phf.Cli.dll beside the tests) as a process of its own. Disposing kills it if it still runs.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StreamText _output, _error;
    private readonly string _commandLine;

    private CliProcess(ProcessStartInfo start, string commandLine)
    {
        _commandLine = commandLine;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = new StreamText(_process.StandardOutput);
        _error = new StreamText(_process.StandardError);
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

    /// <summary>Ends the process as nothing can prevent or notice: SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits until <paramref name="happened"/> is true; throws when the process ends before, or after a minute.</summary>
    public void WaitUntil(Func<bool> happened)
    {
        var clock = Stopwatch.StartNew();
        while (!happened())
        {
            if (_process.HasExited && !happened()) throw new InvalidOperationException($"{_commandLine}: ended too early: {Wait()}");
            if (clock.Elapsed > DefaultTimeout) throw new TimeoutException($"{_commandLine}: what was waited for has not happened");
            Thread.Sleep(1);
        }
    }

    /// <summary>Waits until standard output has <paramref name="text"/>, while the process runs.</summary>
    public void WaitForOutput(string text) => WaitUntil(() => _output.SoFar.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until standard error has <paramref name="text"/>, while the process runs.</summary>
    public void WaitForError(string text) => WaitUntil(() => _error.SoFar.Contains(text, StringComparison.Ordinal));

    public int Id => _process.Id;

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Waits for the end, one minute unless told; throws <see cref="TimeoutException"/> when it takes longer.</summary>
    public CliResult Wait(TimeSpan? timeout = null)
    {
        TimeSpan limit = timeout ?? DefaultTimeout;
        if (!_process.WaitForExit(limit)) throw new TimeoutException($"{_commandLine}: still running after {limit.TotalSeconds:0} s");
        return new CliResult(_process.ExitCode, _output.Whole, _error.Whole);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int processId, int signal);

    /// <summary>A stream of the process, read while it is written.</summary>
    private sealed class StreamText
    {
        private readonly StringBuilder _text = new();
        private readonly Task _reading;

        public StreamText(StreamReader stream) => _reading = Task.Run(async () =>
        {
            char[] buffer = new char[4096];
            for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
                lock (_text) _text.Append(buffer, 0, count);
        });

        public string SoFar
        {
            get
            {
                lock (_text) return _text.ToString();
            }
        }

        public string Whole
        {
            get
            {
                _reading.GetAwaiter().GetResult();
                return SoFar;
            }
        }
    }
}
