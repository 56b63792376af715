using Phf.Benchmarks;
using Phf.Numerics.Backend;

// Comparisons that phf bench has no place for. dotnet run -c Release --project bench/Phf.Benchmarks -- openblas | load | scorer NAME FILE [MODEL] | sentences FILE | pep8 FILES_OR_FOLDERS | tokenizer DIR FILE | fuzz [FORMATS] --seconds N --seed S
// PHF_THREADS sets the threads, PHF_SIMD the vector width.
int threads = int.TryParse(Environment.GetEnvironmentVariable("PHF_THREADS"), out int value) ? value : 0;
switch (args)
{
    case ["openblas"]:
        using (IBackend backend = Backends.CreateCpu(threads)) OpenBlas.Run(backend);
        return 0;
    case ["load"]:
        using (IBackend backend = Backends.CreateCpu(threads)) LoadBenchmark.Run(backend);
        return 0;
    case ["scorer", string name, string file, .. { Length: <= 1 } rest]: ScorerBenchmark.Run(name, rest.FirstOrDefault(), file, threads); return 0;
    case ["sentences", string file]: SentenceBenchmark.Run(file); return 0;
    case ["pep8", .. string[] paths]: Pep8Benchmark.Run(paths); return 0;
    case ["tokenizer", string directory, string file]: TokenizerBenchmark.Run(directory, file); return 0;
    case ["fuzz", .. string[] formats, "--seconds", string seconds, "--seed", string seed]: return FuzzCampaign.Run(formats, int.Parse(seconds), ulong.Parse(seed));
    default:
        Console.Error.WriteLine("usage: Phf.Benchmarks openblas | load | scorer NAME FILE [MODEL] | sentences FILE | pep8 FILES_OR_FOLDERS | tokenizer DIR FILE | fuzz [FORMATS] --seconds N --seed S");
        return 2;
}
