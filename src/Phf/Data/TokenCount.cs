using System.Globalization;

namespace Phf.Data;

/// <summary>A number of tokens, or <c>auto</c>: what an earlier run says.</summary>
public readonly record struct TokenCount
{
    /// <summary>Taken from the run that the model comes from.</summary>
    public static readonly TokenCount Auto = new() { IsAuto = true };

    /// <summary>The number; 0 where it is <see cref="Auto"/>.</summary>
    public long Value { get; private init; }

    public bool IsAuto { get; private init; }

    public static TokenCount Of(long tokens) => tokens >= 0
        ? new TokenCount { Value = tokens }
        : throw new ArgumentException($"a number of tokens is at least 0, not {tokens}");

    public override string ToString() => IsAuto ? "auto" : Value.ToString(CultureInfo.InvariantCulture);
}
