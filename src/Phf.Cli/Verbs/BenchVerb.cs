using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Phf.Cli.Bench;
using Phf.Formats;
using Phf.Numerics.Backend;

namespace Phf.Cli.Verbs;

/// <summary><c>phf bench</c>: the engine's speed on this machine, against the machine's own limits.</summary>
internal static class BenchVerb
{
    private static readonly string[] Parts = ["gemm", "step", "decode", "encode"];
    private static readonly Argument<string[]> Chosen = new("PART") { Description = "gemm, step, decode, encode; without it, all", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string[]> Models = new("--model") { Description = $"training steps to measure: {string.Join(", ", StepBench.Names)}; without it, all", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Profile = new("--profile") { Description = "also where the time of each step or generation goes, by operation" };
    private static readonly Option<string?> Json = new("--json") { Description = "write the machine and every figure to a file, too", HelpName = "FILE" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();
    private static readonly JsonSerializerOptions AsJson = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        Chosen.AcceptOnlyFromAmong(Parts);
        Models.AcceptOnlyFromAmong([.. StepBench.Names]);
        var verb = new Command("bench", "Measure the engine: products, training steps, generation, encoders, as shares of what the machine can do.") { Chosen, Models, Profile, Json, Threads };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        string[] parts = parsed.GetValue(Chosen) is { Length: > 0 } chosen ? chosen : Parts;
        IReadOnlyList<string> models = parsed.GetValue(Models) is { Length: > 0 } named ? named : StepBench.Names;
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        var machine = BenchMachine.Measure(backend);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{machine.Backend}: at most {machine.PeakGflops:F0} GFLOP/s of multiply-adds and {machine.MemoryGigabytesPerSecond:F1} GB/s from memory, measured now"));
        var lines = new List<BenchLine>();
        foreach (BenchLine line in Measured(parts, models, backend, machine, parsed.GetValue(Profile) ? output : null))
        {
            cancel.ThrowIfCancellationRequested();
            lines.Add(line);
            output.WriteLine(Row(line));
        }
        List<BenchLine> products = [.. lines.Where(line => line.Part == "gemm")];
        if (products.Count > 0) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"products, geometric mean: {GemmBench.GeometricMean(products):P0} of peak"));
        if (parsed.GetValue(Json) is { } file)
        {
            using DurableFile json = DurableFile.Create(file);
            JsonSerializer.Serialize(json.Stream, new { machine, lines }, AsJson);
            json.Commit();
        }
        return ExitCode.Done;
    }

    private static IEnumerable<BenchLine> Measured(string[] parts, IReadOnlyList<string> models, IBackend backend, BenchMachine machine, TextWriter? profile)
    {
        using TimedBackend? timed = profile is null ? null : new TimedBackend(backend);
        IBackend watched = timed ?? backend;
        if (parts.Contains("gemm"))
            foreach (BenchLine line in GemmBench.Run(backend, machine)) yield return line;
        if (parts.Contains("step"))
            foreach (string model in models)
            {
                yield return StepBench.Run(watched, machine, model);
                if (timed is not null) OperationTable.Write(profile!, timed, machine);
            }
        IEnumerable<BenchLine> decode = parts.Contains("decode") ? DecodeBench.Run(watched, machine) : [], encode = parts.Contains("encode") ? EncodeBench.Run(watched, machine) : [];
        foreach (BenchLine line in decode.Concat(encode))
        {
            yield return line;
            if (timed is not null) OperationTable.Write(profile!, timed, machine);
        }
    }

    private static string Row(BenchLine line) => string.Create(CultureInfo.InvariantCulture,
        $"{line.Part,-7}{line.Name,-26}{line.Seconds * 1e3,10:F1} ms{line.Gflops,8:F0} GFLOP/s = {line.OfPeak,4:P0} of peak")
        + (line.TokensPerSecond is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"{tokens,9:N0} tokens/s") : "")
        + (line.OfMemory is { } share ? string.Create(CultureInfo.InvariantCulture, $"{line.WeightGigabytesPerSecond,7:F1} GB/s of weights = {share:P0} of memory") : "");
}
