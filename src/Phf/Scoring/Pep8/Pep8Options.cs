namespace Phf.Scoring.Pep8;

/// <summary>What is checked; the defaults are pycodestyle's when it is called without options, as the paper does.</summary>
public sealed record Pep8Options
{
    /// <summary>The codes (by prefix) that are off when neither <see cref="Select"/> nor <see cref="Ignore"/> is given.</summary>
    public static readonly IReadOnlyList<string> DefaultIgnore = ["E121", "E123", "E126", "E226", "E24", "E704", "W503", "W504"];

    /// <summary>If not empty, only codes that start with one of these are reported, and <see cref="Ignore"/> has no effect.</summary>
    public IReadOnlyList<string> Select { get; init; } = [];

    /// <summary>If not empty, codes that start with one of these are not reported; it replaces <see cref="DefaultIgnore"/>.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Longest line in code points (E501).</summary>
    public int MaxLineLength { get; init; } = 79;

    /// <summary>Longest line of comments and docstrings in code points (W505); null: not checked.</summary>
    public int? MaxDocLength { get; init; }

    /// <summary>Closing brackets hang with the indentation of the lines before (E133) instead of the opening line's (E123).</summary>
    public bool HangClosing { get; init; }

    /// <summary>Columns of one level of indentation.</summary>
    public int IndentSize { get; init; } = 4;

    internal bool Reports(string code)
    {
        if (Select.Count > 0) return StartsWithAny(code, Select);
        return !StartsWithAny(code, Ignore.Count > 0 ? Ignore : DefaultIgnore);
    }

    private static bool StartsWithAny(string code, IReadOnlyList<string> prefixes)
    {
        for (int i = 0; i < prefixes.Count; i++)
            if (code.StartsWith(prefixes[i], StringComparison.Ordinal)) return true;
        return false;
    }
}
