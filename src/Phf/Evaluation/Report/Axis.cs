using System.Globalization;

namespace Phf.Evaluation.Report;

/// <summary>Maps values to pixels and knows its ticks. A logarithmic axis can end in a band of its own for exact zeros.</summary>
internal sealed class Axis
{
    private const double ZeroBand = 40; // pixels kept for the zeros, break included
    private const double FewestSteps = 2;
    private const double SpanForLog = 20; // largest / smallest positive value from which a linear axis would hide the small ones

    private readonly double _low, _high, _from, _to;
    private readonly double? _zeroAt;

    private Axis(double low, double high, double from, double to, bool logarithmic, double? zeroAt, IEnumerable<(double, string)> ticks)
    {
        (_low, _high, _from, _to, IsLogarithmic, _zeroAt) = (low, high, from, to, logarithmic, zeroAt);
        Ticks = [.. ticks];
    }

    public bool IsLogarithmic { get; }

    /// <summary>Values with their labels, ascending.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>Pixel between the zeros and the smallest positive value; null if zero has no band of its own.</summary>
    public double? Break => _zeroAt is { } zero ? zero + Math.Sign(_to - _from) * ZeroBand * 0.5 : null;

    /// <summary>Pixel of a value.</summary>
    public double Of(double value)
    {
        if (_zeroAt is { } zero && value == 0) return zero;
        double place = IsLogarithmic ? Math.Log(value / _low) / Math.Log(_high / _low) : (value - _low) / (_high - _low);
        return _from + place * (_to - _from);
    }

    /// <summary>Pixel of a value; of one that the axis does not reach, that of its end.</summary>
    public double Clamped(double value)
    {
        if (IsLogarithmic && value <= 0) return _zeroAt ?? _from;
        double pixel = Of(value);
        return Math.Clamp(pixel, Math.Min(_from, _to), Math.Max(_from, _to));
    }

    /// <summary>
    /// For values from 0 up: linear from 0, or logarithmic (with a band for zeros if there are any) where they span more than a factor of 20.
    /// </summary>
    public static Axis ForScores(IReadOnlyCollection<double> values, double from, double to)
    {
        double[] positive = [.. values.Where(value => value > 0)];
        if (values.Any(value => value < 0)) return Linear(values, from, to);
        if (positive.Length == 0) return Linear([0, 1], from, to);
        if (positive.Max() < SpanForLog * positive.Min()) return Linear([0, positive.Max() * 1.08], from, to, tightLow: true);
        if (!values.Contains(0)) return Logarithmic(positive.Min() * 0.7, positive.Max() * 1.5, from, to, zeroAt: null);
        double direction = Math.Sign(to - from);
        return Logarithmic(positive.Min() * 0.8, positive.Max() * 1.5, from + direction * ZeroBand, to, zeroAt: from + direction * 8);
    }

    /// <summary>For losses over a run: logarithmic where they span more than a factor of 3, since the first steps would else flatten all others.</summary>
    public static Axis ForLosses(IReadOnlyCollection<double> values, double from, double to)
    {
        double low = values.Min(), high = values.Max();
        return low > 0 && high > 3 * low ? Logarithmic(low / 1.04, high * 1.04, from, to, zeroAt: null) : Linear(values, from, to);
    }

    /// <summary>For shares from small ones to 1: always logarithmic.</summary>
    public static Axis ForShares(IReadOnlyCollection<double> values, double from, double to) =>
        Logarithmic(Math.Min(values.Min(), 0.1) * 0.8, 1, from, to, zeroAt: null);

    /// <summary>Linear with some air around the values; <paramref name="tightLow"/> begins exactly at the smallest.</summary>
    public static Axis Linear(IReadOnlyCollection<double> values, double from, double to, bool tightLow = false)
    {
        double low = values.Min(), high = values.Max();
        double air = high > low ? (high - low) * 0.08 : Math.Max(Math.Abs(high) * 0.05, 1e-6);
        high += tightLow ? 0 : air;
        low -= tightLow ? 0 : air;
        if (high <= low) high = low + 1;
        int wanted = (int)Math.Clamp(Math.Abs(to - from) / 85, 2, 8);
        double step = NiceStep((high - low) / wanted);
        if (high - low < FewestSteps * step) step = NiceStep(step / 3); // one tick says nothing of the scale
        int decimals = (int)Math.Max(0, Math.Ceiling(-Math.Log10(step) - 1e-9)); // the same for all ticks: 1.2, 1.3
        var ticks = new List<(double, string)>();
        for (long i = (long)Math.Ceiling(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
            ticks.Add((i * step, Label(i * step, decimals)));
        return new Axis(low, high, from, to, logarithmic: false, zeroAt: null, ticks);
    }

    private static Axis Logarithmic(double low, double high, double from, double to, double? zeroAt)
    {
        double decades = Math.Log10(high / low);
        double[] steps = decades > 3.2 ? [1] : decades > 1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
        if (decades is > 0.6 and <= 1) steps = [1, 2, 3, 5];
        var ticks = new List<(double, string)>();
        if (zeroAt is not null) ticks.Add((0, "0"));
        for (int power = (int)Math.Floor(Math.Log10(low)); power <= Math.Ceiling(Math.Log10(high)); power++)
            foreach (double step in steps)
                if (Parse(step, power) is var tick && tick >= low && tick <= high) ticks.Add((tick, Label(tick, decimals: null)));
        return new Axis(low, high, from, to, logarithmic: true, zeroAt, ticks);
    }

    /// <summary>step 10^power to the last bit: 3 * Pow(10, -4) is no round number.</summary>
    private static double Parse(double step, int power) =>
        double.Parse(string.Create(CultureInfo.InvariantCulture, $"{step}e{power}"), CultureInfo.InvariantCulture);

    private static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double part = rough / power;
        return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    }

    private static string Label(double tick, int? decimals)
    {
        if (Math.Abs(tick) < 1e-12) return "0";
        if (Math.Abs(tick) >= 1e5) return Figures.Count(tick);
        return decimals is null ? Figures.Plain(tick) : Figures.Fixed(tick, decimals.Value);
    }
}
