namespace Phf.Cli;

/// <summary>Times to come, as the console tells them.</summary>
internal static class Durations
{
    /// <summary><c>2h05m</c> from an hour on, <c>3m07s</c> below.</summary>
    public static string Text(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(long)time.TotalHours}h{time.Minutes:D2}m" : $"{time.Minutes}m{time.Seconds:D2}s";
}
