using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Phf.Cli;

// Exit codes: 0 done, 1 failure (one clear message on standard error), 2 bad usage, 130 interrupted.
// A plain command, not a RootCommand: that one is called after the file of the program.
var root = new Command("phf", "Pretraining language models with human preferences.") { new HelpOption(), new VersionOption() };
foreach (Command verb in VerbTable.All()) root.Subcommands.Add(verb);

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0 || UsageErrors.MistakenOption(parsed) is not null)
{
    if (args.Length == 0) root.Parse("--help").Invoke();
    else UsageErrors.Write(parsed, Console.Error);
    return ExitCode.BadUsage;
}

using var interrupt = new CancellationTokenSource();
void Interrupt(PosixSignalContext context)
{
    if (interrupt.IsCancellationRequested) return; // a second Ctrl-C ends the process at once
    context.Cancel = true;
    interrupt.Cancel();
}
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
try
{
    return await parsed.InvokeAsync(configuration, interrupt.Token);
}
catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
{
    Console.Error.WriteLine("phf: interrupted");
    return ExitCode.Interrupted;
}
catch (UsageException problem)
{
    Console.Error.WriteLine($"phf: {problem.Message}");
    return ExitCode.BadUsage;
}
catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException
    or InsufficientMemoryException)
{
    Console.Error.WriteLine($"phf: {problem.Message}");
    return ExitCode.Failure;
}
catch (OutOfMemoryException)
{
    Console.Error.WriteLine("phf: not enough memory; make the model, the batch or the number of samples smaller");
    return ExitCode.Failure;
}
