namespace Phf.Cli;

/// <summary>Exit codes of the process.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failure = 1;
    public const int BadUsage = 2;
    public const int Interrupted = 130;
}

/// <summary>A command line that parses but cannot be meant; ends with exit code 2. The message names the option and the remedy.</summary>
internal sealed class UsageException(string message) : Exception(message);
