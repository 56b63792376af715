using System.Collections;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Phf.Training.Configuration;

/// <summary>Writes configuration records as YAML that <see cref="ConfigLoader"/> reads back. Keys without a value are left out.</summary>
internal static class ConfigWriter
{
    /// <param name="config">A record with keys.</param>
    public static string Write(object config)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, EmitterSettings.Default.WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        WriteSection(emitter, config);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    /// <summary>A scalar as text: numbers so that they read back exactly, in the invariant culture.</summary>
    public static string ScalarText(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static void WriteSection(IEmitter emitter, object section)
    {
        emitter.Emit(new MappingStart());
        foreach (ConfigKey key in ConfigKey.Of(section.GetType()))
        {
            if (key.Property.GetValue(section) is not { } value) continue;
            emitter.Emit(new Scalar(key.Name));
            WriteValue(emitter, value);
        }
        emitter.Emit(new MappingEnd());
    }

    private static void WriteValue(IEmitter emitter, object value)
    {
        if (value is string text)
            emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.DoubleQuoted, isPlainImplicit: false, isQuotedImplicit: true));
        else if (value is IList items)
        {
            bool isNested = items.Count > 0 && ConfigKey.IsSectionType(items[0]!.GetType());
            emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, isNested ? SequenceStyle.Block : SequenceStyle.Flow));
            foreach (object item in items) WriteValue(emitter, item);
            emitter.Emit(new SequenceEnd());
        }
        else if (ConfigKey.IsSectionType(value.GetType())) WriteSection(emitter, value);
        else emitter.Emit(new Scalar(ScalarText(value)));
    }
}
