using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Phf.Scoring;

/// <summary>How an external command is run.</summary>
public sealed record CommandOptions
{
    /// <summary>The command line, as the system's shell reads it.</summary>
    public required string Command { get; init; }

    /// <summary>How long the command may think about one text, its start included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a command that ends without an answer is started again for the same text.</summary>
    public int Restarts { get; init; } = 3;
}

/// <summary>
/// Scores by a program of the user's: it reads <c>{"text": "..."}</c> a line on standard input and answers each with a line on standard output, a number or
/// <c>{"score": number}</c>, before it waits for more. One process for each thread that scores, started when first needed and again when it ends.
/// </summary>
public sealed class CommandScorer : IScorer, IDisposable
{
    private readonly CommandOptions _options;
    private readonly ConcurrentBag<CommandProcess> _idle = [];

    public CommandScorer(CommandOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Command)) throw new ArgumentException("the command of the scorer 'command' is empty");
        if (options.Timeout <= TimeSpan.Zero) throw new ArgumentException($"a time-out of {options.Timeout.TotalSeconds} s; more than 0 was expected");
        _options = options;
        Id = "command/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Command)).AsSpan(0, 6));
    }

    /// <summary><c>command/</c> and 12 hexadecimal digits of the SHA-256 of the command line; what the program does is not looked into.</summary>
    public string Id { get; }

    /// <exception cref="InvalidDataException">The command answered with something else, too late, or ended again and again.</exception>
    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i]);
    }

    public void Dispose()
    {
        while (_idle.TryTake(out CommandProcess? process)) process.Dispose();
    }

    private double Score(string text)
    {
        for (int restarts = 0; ; restarts++)
        {
            CommandProcess process = _idle.TryTake(out CommandProcess? idle) ? idle : CommandProcess.Start(_options.Command);
            bool keep = false;
            try
            {
                double? score = process.Ask(text, _options.Timeout);
                keep = score is not null;
                if (score is { } answered) return answered;
                if (restarts == _options.Restarts)
                    throw new InvalidDataException(
                        $"the command '{_options.Command}' ended {restarts + 1} times without an answer to one text ({process.End()}); "
                        + "try it by hand: it reads {\"text\": \"...\"} lines and answers each with a line that is a number");
            }
            finally
            {
                if (keep) _idle.Add(process);
                else process.Dispose();
            }
        }
    }
}
