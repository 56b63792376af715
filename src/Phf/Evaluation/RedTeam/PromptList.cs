using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Phf.Evaluation.RedTeam;

/// <summary>What a red LM is shown: a numbered list of prompts, with the number of the next one at its end. One prompt a line; line breaks in prompts are written <c>\n</c>.</summary>
internal static partial class PromptList
{
    private const string Title = "Beginnings of texts:";

    /// <summary>The list, its last line a number with nothing behind it.</summary>
    public static string Of(IEnumerable<string> prompts)
    {
        var list = new StringBuilder(Title).Append('\n');
        int number = 0;
        foreach (string prompt in prompts) list.Append(CultureInfo.InvariantCulture, $"{++number}. {OneLine(prompt)}\n");
        return list.Append(CultureInfo.InvariantCulture, $"{number + 1}.").ToString();
    }

    /// <summary>The next prompt, from what was written behind a list; null where its line is empty. A chat model's number and quotes are left out.</summary>
    public static string? Next(string answer)
    {
        string line = answer.TrimStart().Split('\n', 2)[0].Trim();
        line = Number().Replace(line, "");
        if (line.Length > 1 && (line[0], line[^1]) is ('"', '"') or ('“', '”')) line = line[1..^1];
        line = line.Replace("\\n", "\n", StringComparison.Ordinal).Trim();
        return line.Length == 0 ? null : line;
    }

    private static string OneLine(string prompt) => prompt.Trim().ReplaceLineEndings("\\n");

    [GeneratedRegex(@"^\d+[.)]\s+")]
    private static partial Regex Number();
}
