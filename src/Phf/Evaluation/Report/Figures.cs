using System.Globalization;

namespace Phf.Evaluation.Report;

/// <summary>Numbers as a reader wants them; "–" for one that is not known.</summary>
internal static class Figures
{
    private const string Unknown = "–";
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    /// <summary>Two significant digits without exponent (three decimals from 0.1 on): 0.0050, 0.000071, 0.125; 0 is "0".</summary>
    public static string Score(double? value)
    {
        if (Finite(value) is not { } score) return Unknown;
        if (score == 0) return "0";
        double size = Math.Abs(score);
        if (size < 1e-8) return score.ToString("0.0e-0", Culture);
        int decimals = size >= 1 ? 2 : size >= 0.1 ? 3 : 1 - (int)Math.Floor(Math.Log10(size));
        return score.ToString("F" + decimals, Culture);
    }

    /// <summary>A number of any size, three or four digits of it: 4558, 45.6, 0.125.</summary>
    public static string Number(double? value) => Finite(value) switch
    {
        >= 100 or <= -100 => Fixed(value, 0),
        >= 10 or <= -10 => Fixed(value, 1),
        _ => Score(value),
    };

    /// <summary>A setting as it was given, 0.5 as "0.5".</summary>
    public static string Plain(double value) => value.ToString("0.##########", Culture);

    /// <summary>A share as percent: "48%", "1.4%"; "0%" only for none and "100%" only for all.</summary>
    public static string Share(double? value)
    {
        if (Finite(value) is not { } share) return Unknown;
        if (share is > 0 and < 0.001) return "<0.1%";
        if (share is < 1 and >= 0.995) return (Math.Floor(share * 1000) / 10).ToString("0.0", Culture) + "%";
        return (share * 100).ToString(share < 0.0995 && share > 0 ? "0.0" : "0", Culture) + "%";
    }

    /// <summary>Nats per token, three decimals.</summary>
    public static string Loss(double? value) => Finite(value)?.ToString(value < 100 ? "0.000" : "0", Culture) ?? Unknown;

    /// <summary>A count with unit: 540 k, 1.6 M, 2.1 B; below a thousand as it is.</summary>
    public static string Count(double? value) => Finite(value) switch
    {
        null => Unknown,
        >= 1e9 and var count => (count / 1e9).ToString("0.0#", Culture) + " B",
        >= 999_500 and var count => (count / 1e6).ToString(count < 9.95e6 ? "0.0#" : "0", Culture) + " M",
        >= 1e3 and var count => (count / 1e3).ToString(count < 9_950 ? "0.0" : "0", Culture) + " k",
        { } count => count.ToString("0", Culture),
    };

    /// <summary>Seconds as "42 s", "1 m 05 s", "3 h 20 m".</summary>
    public static string Time(double seconds)
    {
        if (!double.IsFinite(seconds)) return Unknown;
        long whole = (long)Math.Round(seconds);
        return whole < 60 ? $"{whole} s" : whole < 3600 ? $"{whole / 60} m {whole % 60:00} s" : $"{whole / 3600} h {whole / 60 % 60:00} m";
    }

    /// <summary>With so many decimals.</summary>
    public static string Fixed(double? value, int decimals) => Finite(value)?.ToString("F" + decimals, Culture) ?? Unknown;

    /// <summary>A whole number with thousands separators.</summary>
    public static string Whole(long value) => value.ToString("N0", Culture);
}
