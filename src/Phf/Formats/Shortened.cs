namespace Phf.Formats;

/// <summary>The beginning of what a file, a program or a server said, for messages.</summary>
public static class Shortened
{
    /// <summary>A text of more than <paramref name="most"/> characters is cut there.</summary>
    public static string Of(string text, int most = 40) => text.Length > most ? text[..most] + "..." : text;

    /// <summary>The same on one line and in quotes.</summary>
    public static string OnOneLine(string text, int most) => $"'{Of(text.ReplaceLineEndings(" ").Trim(), most)}'";
}
