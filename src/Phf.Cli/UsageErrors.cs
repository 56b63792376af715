using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Phf.Cli;

/// <summary>What is wrong with a command line, said without the names of .NET's types.</summary>
internal static partial class UsageErrors
{
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["System.Int32"] = "a whole number",
        ["System.Int64"] = "a whole number",
        ["System.UInt64"] = "a whole number, 0 or more,",
        ["System.Double"] = "a number",
    };

    public static void Write(ParseResult parsed, TextWriter output)
    {
        string[] messages = [.. parsed.Errors.Select(Message).Distinct()];
        // A verb that does not exist is also one that is missing.
        if (messages.Length > 1) messages = [.. messages.Where(message => !message.StartsWith("Required command", StringComparison.Ordinal))];
        if (messages.Length == 0 && MistakenOption(parsed) is { } option) messages = [$"{option} is neither an option nor a file"];
        foreach (string message in messages) output.WriteLine($"phf: {message}");
        Command verb = parsed.CommandResult.Command;
        string path = verb.Name;
        for (SymbolResult? above = parsed.CommandResult.Parent; above is CommandResult parent; above = parent.Parent) path = $"{parent.Command.Name} {path}";
        output.WriteLine($"phf: see '{path} --help'" + (path == "phf" ? "" : " or 'phf --help'"));
    }

    /// <summary>What was meant as an option and, where a verb takes any number of files, read as one; null where all is well.</summary>
    public static string? MistakenOption(ParseResult parsed) => parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
        .Select(token => token.Value).FirstOrDefault(value => value.Length > 1 && value[0] == '-' && !Path.Exists(value));

    private static string Message(ParseError error)
    {
        Match mistyped = Mistyped().Match(error.Message);
        string? expected = mistyped.Success && typeof(Phf.Scoring.IScorer).Assembly.GetType(mistyped.Groups["type"].Value) is { IsEnum: true } words
            ? string.Join(" or ", Enum.GetNames(words).Select(word => word.ToLowerInvariant()))
            : Expected.GetValueOrDefault(mistyped.Groups["type"].Value);
        return expected is null ? error.Message : $"{mistyped.Groups["option"].Value} {mistyped.Groups["value"].Value}: {expected} was expected";
    }

    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*)' for option '(?<option>.*)' as expected type '(System\.Nullable`1\[)?(?<type>[\w.]+)\]?'\.( Did you mean .*)?$", RegexOptions.Singleline)]
    private static partial Regex Mistyped();
}
