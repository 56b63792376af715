namespace Phf.Browser;

/// <summary>A fact that needs a Chromium, and is skipped, saying so, where there is none.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    private const string Variable = "PHF_CHROMIUM";
    private static readonly string[] Usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

    public BrowserFactAttribute()
    {
        if (Chromium is null) Skip = $"no Chromium among {string.Join(", ", Usual)}; install one, or name its program in {Variable}";
    }

    /// <summary>The program that the variable names, else a usual one; null where there is none.</summary>
    public static string? Chromium => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Usual.FirstOrDefault(File.Exists);
}
