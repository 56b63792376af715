using System.CommandLine;
using Phf.Numerics.Threads;
using Phf.Training;

namespace Phf.Cli.Verbs;

/// <summary><c>phf env</c>: the machine as the engine sees it.</summary>
internal static class EnvVerb
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print one JSON object, as in a run's env.json" };
        var verb = new Command("env", "The machine: processor, SIMD width, cores, memory, versions.") { json };
        verb.SetAction(parsed =>
        {
            var environment = RunEnvironment.Detect();
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json) ? environment.ToJson() : Table(environment));
        });
        return verb;
    }

    private static string Table(RunEnvironment environment)
    {
        (string Name, string Value)[] rows =
        [
            ("Phf", environment.PhfVersion),
            (".NET", environment.DotnetVersion),
            ("system", $"{environment.OperatingSystem}, {environment.Architecture}"),
            ("processor", environment.CpuModel),
            ("logical cores", $"{environment.LogicalCores}"),
            ("threads by default", $"{Cores.Usable}"),
            ("container limit", environment.ContainerCpuLimit is { } cpus ? FormattableString.Invariant($"{cpus:0.##} CPUs") : "none"),
            ("memory", FormattableString.Invariant($"{environment.MemoryBytes / (double)(1L << 30):0.0} GiB")),
            ("best SIMD", environment.BestSimd),
            ("PHF_SIMD", environment.PhfSimd ?? "not set"),
        ];
        return string.Join(Environment.NewLine, rows.Select(row => $"{row.Name,-19} {row.Value}"));
    }
}
