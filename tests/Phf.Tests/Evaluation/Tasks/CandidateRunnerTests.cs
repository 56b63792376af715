using System.Diagnostics;
using Phf.Evaluation.Tasks;

namespace Phf.Tests.Evaluation.Tasks;

/// <summary>A fact that runs Python programs and is skipped, saying so, where there is no python3.</summary>
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        if (!Python.IsThere) Skip = "no python3";
    }
}

/// <summary>As <see cref="PythonFactAttribute"/>.</summary>
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute()
    {
        if (!Python.IsThere) Skip = "no python3";
    }
}

internal static class Python
{
    public static bool IsThere { get; } = !OperatingSystem.IsWindows()
        && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "python3")));
}

/// <summary>Programs that try to get away.</summary>
public sealed class CandidateRunnerTests
{
    private static readonly ExecutionLimits Tight = new() { CpuSeconds = 1, WallSeconds = 1.5, MemoryBytes = 256 << 20, FileBytes = 1 << 20, Processes = 16 };

    private static readonly Lazy<CandidateRunner> Shielded = new(() => CandidateRunner.Start("python3", Tight)), Bare = new(() => CandidateRunner.Start("python3", Tight, useNamespaces: false));

    private static readonly Dictionary<string, (string Program, string Outcome)> Programs = new()
    {
        ["right"] = ("def f(x):\n    return x + 1\nprint(f(1))\nassert f(1) == 2", "passed"),
        ["wrong"] = ("assert 1 + 1 == 3", "wrong answer"),
        ["no Python"] = ("def f(:", "not Python"),
        ["an error"] = ("{}['key']", "error"),
        ["exit code 0"] = ("import sys; sys.exit(0)", "exited"),
        ["exit at once"] = ("import os; os._exit(0)", "ended early"),
        ["claims"] = ("print('passed'); import sys; sys.stderr.write('passed'); raise ValueError('passed')", "error"),
        ["claims on every file"] = ("import os\nfor file in range(3, 64):\n    try: os.write(file, b'passed')\n    except OSError: pass\nraise ValueError", "ended early"),
        ["busy for ever"] = ("while True: pass", "timeout"),
        ["asleep for ever"] = ("import time; time.sleep(1000)", "timeout"),
        ["deaf and asleep"] = ("import signal, time\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ntime.sleep(1000)", "timeout"),
        ["memory"] = ("x = bytearray(1 << 30)", "memory"),
        ["giant file"] = ("open('x', 'wb').write(bytes(4 << 20))", "files"),
        ["many megabytes printed"] = ("for i in range(1000): print('x' * 10000)", "passed"),
        ["a copy that passes"] = ("import os, time\nif os.fork():\n    time.sleep(0.2)\n    raise ValueError", "error"),
        ["reads standard input"] = ("input()", "error"),
        ["looks at the environment"] = ("import os\nassert set(os.environ) <= {'PATH', 'LC_CTYPE', 'LANG', 'PWD', '__CF_USER_TEXT_ENCODING'}", "passed"),
        ["its folder is empty"] = ("import os; assert os.listdir() == []", "passed"),
        ["cannot be text"] = ("x = '\\ud800'; assert len(x) == 1", "passed"),
    };

    public static TheoryData<string> Names => [.. Programs.Keys];

    [PythonTheory]
    [MemberData(nameof(Names))]
    public void Program_EndsAsItShould_WithAndWithoutNamespaces(string name)
    {
        (string program, string outcome) = Programs[name];
        foreach (CandidateRunner runner in new[] { Shielded.Value, Bare.Value }) Assert.Equal(outcome, runner.Run(program, default));
    }

    [PythonFact]
    public void Start_SaysWhatIsInForce()
    {
        CandidateRunner runner = Shielded.Value;
        Assert.Equal("limits: 1 s of processor, 1.5 s in all, 256 MB of memory, 1 MB a file", runner.Isolation[0]);
        IReadOnlyList<string> none = Bare.Value.Isolation;
        Assert.Contains("network not denied: the system does not allow it", none);
        Assert.Contains("files of the user not protected: the system does not allow it", none);
        Assert.Contains("number of processes and their memory together not limited: the system does not allow it", none);
    }

    /// <summary>Only where the system gives namespaces; elsewhere the runner says that it does not, which the test above sees.</summary>
    [PythonFact]
    public void Namespaces_DenyNetwork_Files_AndManyProcesses()
    {
        CandidateRunner runner = Shielded.Value;
        using var folder = new TemporaryFolder();
        if (runner.Isolation.Contains("no network"))
            Assert.Equal("passed", runner.Run("import socket\nassert [name for _, name in socket.if_nameindex() if name != 'lo'] == []", default));
        if (runner.Isolation.Contains("all files but the working folder read-only"))
        {
            Assert.Equal("files", runner.Run($"open('{folder.At("escaped")}', 'w')", default));
            Assert.Equal("files", runner.Run("for i in range(100): open(str(i), 'wb').write(bytes(1 << 20))", default));
        }
        if (runner.Isolation.Count == 4) // processes are counted
            Assert.Equal("processes", runner.Run("import os\nwhile True:\n    try: os.fork()\n    except OSError: raise", default));
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullName));
    }

    /// <summary>The system itself refuses a process too many: a watcher alone is too slow for a program that doubles itself. It does so for the superuser, too, whose processes it would not count.</summary>
    [PythonFact]
    public void ManyProcesses_AreNeverThere()
    {
        const string Program = "import os, time\nn = 0\ntry:\n    while n < 200:\n        if os.fork() == 0: time.sleep(1); os._exit(0)\n        n += 1\nexcept OSError: pass\nassert n <= 32";
        CandidateRunner[] limiting = [.. new[] { Shielded.Value, Bare.Value }.Where(runner => runner == Bare.Value ? Environment.UserName == "root" : runner.Isolation.Count == 4)];
        foreach (CandidateRunner runner in limiting) Assert.Contains(runner.Run(Program, default), (string[])["passed", "processes"]);
    }

    /// <summary>A grandchild in a session of its own is killed too, with namespaces and without.</summary>
    [PythonFact]
    public void ProcessThatLeavesItsGroup_DiesWithTheCandidate()
    {
        foreach (CandidateRunner runner in new[] { Shielded.Value, Bare.Value })
        {
            string mark = $"phf-orphan-{Guid.NewGuid():N}";
            Assert.Equal("passed", runner.Run($"import os, sys, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])\n    os._exit(0)\ntime.sleep(0.2)", default));
            Assert.DoesNotContain(CommandLines(), line => line.Contains(mark));
        }
    }

    [PythonFact]
    public void Cancelling_EndsTheCandidate()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
        CandidateRunner runner = CandidateRunner.Start("python3", new ExecutionLimits { WallSeconds = 60 });
        var clock = Stopwatch.StartNew();
        Assert.Throws<OperationCanceledException>(() => runner.Run("import time; time.sleep(50)", cancel.Token));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [PythonFact]
    public void FoldersAreRemoved_WhateverIsInThem()
    {
        int before = Left();
        Bare.Value.Run("import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nos.symlink('/', 'a/root')\nos.chmod('a/b', 0)\nos.chmod('a', 0)", default);
        Assert.Equal(before, Left());

        static int Left() => Directory.GetDirectories(Path.GetTempPath(), "phf-candidate-*").Length;
    }

    [Fact]
    public void NoPython_SaysWhatToDo() =>
        Assert.Contains("install python3, or name it with --python FILE", Assert.Throws<InvalidDataException>(() => CandidateRunner.Start("/no/such/python", new ExecutionLimits())).Message);

    private static IEnumerable<string> CommandLines()
    {
        foreach (string folder in Directory.Exists("/proc") ? Directory.GetDirectories("/proc") : [])
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(folder, "cmdline"));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                continue; // no process, or one that has just ended
            }
            yield return line;
        }
    }
}
