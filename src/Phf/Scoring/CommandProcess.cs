using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using Phf.Formats;

namespace Phf.Scoring;

/// <summary>One running copy of the command of a <see cref="CommandScorer"/>. Disposing ends it and what it started.</summary>
internal sealed class CommandProcess : IDisposable
{
    private const int ShownCharacters = 200, LongestAnswer = 1 << 16;
    private static readonly TimeSpan PatienceWithTheDying = TimeSpan.FromSeconds(2);
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _command;
    private readonly Process _process;
    private readonly StringBuilder _complaints = new(); // the end of standard error
    private readonly Task _listening;
    private readonly char[] _output = new char[LongestAnswer];
    private int _read, _filled; // of _output
    private Task<string?> _next; // the next line of standard output, null at its end

    private CommandProcess(string command, Process process)
    {
        (_command, _process) = (command, process);
        _listening = Task.Run(ListenToComplaints);
        _next = ReadLine();
    }

    /// <summary>Starts the system's shell with the command line.</summary>
    public static CommandProcess Start(string command)
    {
        bool windows = OperatingSystem.IsWindows();
        var start = new ProcessStartInfo(windows ? "cmd.exe" : "/bin/sh")
        {
            ArgumentList = { windows ? "/c" : "-c", command },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        return new CommandProcess(command, Process.Start(start)!);
    }

    /// <summary>The command's score of a text; null when it ended instead.</summary>
    /// <exception cref="InvalidDataException">No answer in time, one that is no finite number, or more than one to the text before.</exception>
    public double? Ask(string text, TimeSpan timeout)
    {
        if (_next is { IsCompletedSuccessfully: true, Result: { } more })
            throw new InvalidDataException($"the command '{_command}' wrote '{Shown(more)}' without being asked; it must write one line for each line it reads, and nothing else");
        Task<string?> answer = Exchange(text);
        if (Task.WaitAny([answer], timeout) < 0)
            throw new InvalidDataException(
                $"the command '{_command}' gave no answer within {timeout.TotalSeconds:0.###} s; it must write, and flush, a line for each line it reads "
                + "(or allow it more with --timeout)");
        if (answer.GetAwaiter().GetResult() is not { } line) return null;
        _next = ReadLine();
        return Parse(line);
    }

    /// <summary>How the command ended: exit code and last words.</summary>
    public string End()
    {
        string code = _process.WaitForExit(PatienceWithTheDying) ? $"exit code {_process.ExitCode}" : "it closed its output";
        _listening.Wait(PatienceWithTheDying);
        lock (_complaints) return _complaints.Length == 0 ? code : $"{code}, its last words: {_complaints.ToString().Trim()}";
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
        _process.Dispose();
    }

    private async Task ListenToComplaints()
    {
        while (await _process.StandardError.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lock (_complaints)
            {
                _complaints.Append(line).Append(' ');
                if (_complaints.Length > ShownCharacters) _complaints.Remove(0, _complaints.Length - ShownCharacters);
            }
        }
    }

    private async Task<string?> Exchange(string text)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync($"{{\"text\": {JsonSerializer.Serialize(text, Json)}}}").ConfigureAwait(false);
            await _process.StandardInput.FlushAsync().ConfigureAwait(false);
            return await _next.ConfigureAwait(false);
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    /// <summary>The next line, null at the end of the output.</summary>
    private async Task<string?> ReadLine()
    {
        int searched = _read;
        while (true)
        {
            int end = _output.AsSpan(searched.._filled).IndexOf('\n');
            if (end >= 0)
            {
                string line = new(_output.AsSpan(_read..(searched + end)));
                _read = searched + end + 1;
                return line;
            }
            _output.AsSpan(_read.._filled).CopyTo(_output);
            (_read, _filled) = (0, _filled - _read);
            searched = _filled;
            if (_filled == LongestAnswer)
                throw new InvalidDataException($"the command '{_command}' wrote '{Shown(new string(_output))}' and no end of the line within {LongestAnswer} characters; a line with a number was expected");
            int read = await _process.StandardOutput.ReadAsync(_output.AsMemory(_filled)).ConfigureAwait(false);
            if (read == 0) return null;
            _filled += read;
        }
    }

    private double Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement score = document.RootElement;
            if (score.ValueKind == JsonValueKind.Object && score.TryGetProperty("score", out JsonElement field)) score = field;
            if (score.ValueKind == JsonValueKind.Number && score.TryGetDouble(out double number) && double.IsFinite(number)) return number;
        }
        catch (JsonException)
        {
            // Told below, with what was written instead.
        }
        throw new InvalidDataException($"the command '{_command}' answered '{Shown(line)}'; a line that is a finite number, or {{\"score\": number}}, was expected");
    }

    private static string Shown(string line) => Shortened.Of(line, ShownCharacters).TrimEnd('\r');
}
