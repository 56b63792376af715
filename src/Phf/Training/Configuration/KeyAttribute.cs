namespace Phf.Training.Configuration;

/// <summary>
/// Marks an init property as a key of the configuration and documents it: the name on disk is the property's in snake_case, the default is what a
/// new record holds. The checks, the help text, docs/configuration.md and config.yml are all made from these marks.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeyAttribute(string help) : Attribute
{
    /// <summary>What the key means, with its unit; one or two sentences.</summary>
    public string Help { get; } = help;

    /// <summary>Smallest allowed number.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>A number that the value must exceed.</summary>
    public double Above { get; init; } = double.NegativeInfinity;

    /// <summary>Largest allowed number.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>A number that the value must stay below; only beside <see cref="Min"/>.</summary>
    public double Below { get; init; } = double.PositiveInfinity;

    /// <summary>The allowed words; empty allows any text.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>Whether the key must be given where its section is.</summary>
    public bool Required { get; init; }

    /// <summary>For a key of the reference of which only the default is supported: why, and what to do instead.</summary>
    public string? OnlyDefault { get; init; }
}

/// <summary>
/// Names keys of the reference that change nothing here. They are accepted, whatever their value, and told once, with the reason. Only keys that
/// cannot change the trained weights may be named so.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class WithoutEffectAttribute(string reason, params string[] names) : Attribute
{
    public string Reason { get; } = reason;

    public IReadOnlyList<string> Names { get; } = names;
}
