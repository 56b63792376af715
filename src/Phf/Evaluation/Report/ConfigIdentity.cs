using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Phf.Evaluation.Report;

/// <summary>What a config.yml says about which run this is.</summary>
/// <param name="Objective"><c>objective.name</c>; null where it is not given.</param>
/// <param name="Seed"><c>training.seed</c>; null where it is not given.</param>
/// <param name="Rest">Everything that runs of one setting share, so without the seed, the run's folder and the number of threads; null where that cannot be read.</param>
internal sealed partial record ConfigIdentity(string? Objective, string? Seed, string? Rest)
{
    private const int LongestRest = 200_000, DeepestNode = 24; // aliases make large and endless trees of small files
    private static readonly ConfigIdentity Unknown = new(null, null, null);

    /// <summary>Reads a configuration; a broken one is unknown, and shown as it is in the report.</summary>
    public static ConfigIdentity Of(string? configuration)
    {
        if (configuration is null) return Unknown;
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(configuration));
            if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode root) return Unknown;
            var rest = new StringBuilder();
            bool isWhole = Append(rest, root, path: "", depth: 0);
            return new ConfigIdentity(Scalar(root, "objective", "name"), Scalar(root, "training", "seed"), isWhole ? rest.ToString() : null);
        }
        catch (YamlException)
        {
            return Unknown;
        }
    }

    /// <summary>A name without what says the seed in it: <c>mle-s2</c> and <c>mle-seed=2</c> are <c>mle</c>.</summary>
    public static string WithoutSeed(string name) => SeedInName().Replace(name, "");

    private static string? Scalar(YamlMappingNode root, string section, string key) =>
        root.Children.TryGetValue(section, out YamlNode? node) && node is YamlMappingNode mapping
            && mapping.Children.TryGetValue(key, out YamlNode? value) ? (value as YamlScalarNode)?.Value : null;

    /// <summary>Writes a node in a form of its own; false where it is too large or too deep.</summary>
    private static bool Append(StringBuilder text, YamlNode node, string path, int depth)
    {
        if (depth > DeepestNode || text.Length > LongestRest) return false;
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                {
                    string inner = $"{path}.{(key as YamlScalarNode)?.Value}";
                    if (inner is ".training.seed" or ".training.output_dir" or ".training.threads") continue; // the result is the same for any number of threads
                    if (!Append(text, value, inner, depth + 1)) return false;
                }
                return true;
            case YamlSequenceNode sequence:
                int i = 0;
                return sequence.Children.All(child => Append(text, child, $"{path}[{i++}]", depth + 1));
            default:
                // A run that is finetuned from another has that one's seed in the path of its model.
                text.Append(path).Append('=').Append(WithoutSeed((node as YamlScalarNode)?.Value ?? "")).Append('\n');
                return true;
        }
    }

    [GeneratedRegex(@"(?:^|(?<=[/\\])|[-_. ])s(?:eed)?[-_=]?[0-9]+(?![A-Za-z0-9])")]
    private static partial Regex SeedInName();
}
