using System.CommandLine;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf config</c>: the keys of a configuration, or what files and overrides come to.</summary>
internal static class ConfigVerb
{
    private static readonly Argument<string> Part = new("KEY")
    {
        Description = "a key to explain, or a part of its name, e.g. threshold; without it all are",
        DefaultValueFactory = _ => "",
    };
    private static readonly ConfigOptions Config = new();

    public static Command Create()
    {
        var verb = new Command("config", "The keys of a configuration with types, defaults and meanings; with files, the configuration that they come to.")
        {
            Part, Config.Task, Config.Method, Config.Size, Config.Override,
        };
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            IReadOnlyList<string> files = Config.Files(parsed), overrides = Config.Overrides(parsed);
            if (files.Count == 0 && overrides.Count == 0)
            {
                output.Write(ConfigReference.ToText(parsed.GetRequiredValue(Part)));
                return;
            }
            if (parsed.GetRequiredValue(Part) is { Length: > 0 } key) throw new UsageException($"a key to explain ({key}) and files to read do not go together; give one of them");
            LoadedConfig loaded = ConfigLoader.Load(files, overrides);
            foreach (string note in loaded.Notes) Console.Error.WriteLine($"note: {note}");
            output.Write(loaded.Config.ToYaml());
        });
        return verb;
    }
}
