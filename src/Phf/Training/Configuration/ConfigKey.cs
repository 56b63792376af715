using System.Reflection;
using System.Text.Json;
using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>One key of a section, as its property and <see cref="KeyAttribute"/> declare it.</summary>
internal sealed record ConfigKey(string Name, PropertyInfo Property, KeyAttribute Rules)
{
    private static readonly Dictionary<Type, string> ScalarNames = new()
    {
        [typeof(bool)] = "true or false",
        [typeof(int)] = "whole number",
        [typeof(long)] = "whole number",
        [typeof(double)] = "number",
        [typeof(string)] = "text",
        [typeof(Threshold)] = "number or percentile",
        [typeof(TokenCount)] = "whole number or auto",
        [typeof(Settings)] = "settings",
    };

    /// <summary>The keys of a section's record, in the order in which they are declared, inherited ones last.</summary>
    public static IReadOnlyList<ConfigKey> Of(Type section) =>
    [
        .. from property in section.GetProperties()
           let rules = property.GetCustomAttribute<KeyAttribute>()
           where rules is not null
           orderby property.DeclaringType == section ? 0 : 1, property.MetadataToken
           select new ConfigKey(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property, rules),
    ];

    /// <summary>The keys that a section accepts without effect: name and reason.</summary>
    public static IEnumerable<(string Name, string Reason)> WithoutEffectIn(Type section) =>
        section.GetCustomAttributes<WithoutEffectAttribute>().SelectMany(group => group.Names.Select(name => (name, group.Reason)));

    /// <summary>The value's type; of a list, its innermost item's; never a <see cref="Nullable{T}"/>.</summary>
    public Type InnermostType
    {
        get
        {
            Type type = Property.PropertyType;
            while (ItemTypeOf(type) is { } item) type = item;
            return Nullable.GetUnderlyingType(type) ?? type;
        }
    }

    /// <summary>Whether the value is a section of its own, or a list of them.</summary>
    public bool IsSection => IsSectionType(InnermostType);

    /// <summary>The value's type in words: "list of whole number".</summary>
    public string TypeName => NameOf(Property.PropertyType);

    public static bool IsSectionType(Type type) => type.Namespace == typeof(ConfigKey).Namespace && type != typeof(Settings);

    /// <summary>The type of a list's items; null when <paramref name="type"/> is no list.</summary>
    public static Type? ItemTypeOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>What a scalar must be, in words: "a whole number, at least 1".</summary>
    public string Expected
    {
        get
        {
            if (Rules.Choices.Length > 0) return $"one of {string.Join(", ", Rules.Choices)}";
            string range = (Rules.Above, Rules.Min, Rules.Max) switch
            {
                _ when Rules.Below < double.PositiveInfinity => $" from {Rules.Min} up to but not including {Rules.Below}",
                ( > double.NegativeInfinity, _, < double.PositiveInfinity) => $" above {Rules.Above} and at most {Rules.Max}",
                ( > double.NegativeInfinity, _, _) => $" above {Rules.Above}",
                (_, > double.NegativeInfinity, < double.PositiveInfinity) => $" from {Rules.Min} to {Rules.Max}",
                (_, > double.NegativeInfinity, _) => $", at least {Rules.Min}",
                _ => "",
            };
            if (InnermostType == typeof(bool)) return "true or false";
            if (InnermostType == typeof(Threshold)) return "a number, or a percentile such as p50";
            if (InnermostType == typeof(TokenCount)) return "a whole number, at least 0, or auto";
            return $"a {ScalarNames[InnermostType]}{range}";
        }
    }

    private static string NameOf(Type type) =>
        ItemTypeOf(type) is { } item ? $"list of {NameOf(item)}"
        : ScalarNames.GetValueOrDefault(Nullable.GetUnderlyingType(type) ?? type, "section");
}
