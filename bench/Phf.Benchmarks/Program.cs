using Phf.Benchmarks;
using Phf.Numerics.Backend;

// dotnet run -c Release --project bench/Phf.Benchmarks -- gemm | step [NAME] | decode | profile NAME | scorer NAME FILE [MODEL]     (PHF_SIMD forces a width, PHF_THREADS the threads)
int threads = int.TryParse(Environment.GetEnvironmentVariable("PHF_THREADS"), out int value) ? value : 0;
SimdWidth width = Backends.DefaultWidth;
using IBackend backend = Backends.CreateCpu(threads, width);
switch (args)
{
    case ["gemm"]: GemmBenchmark.Run(backend, width); return 0;
    case ["decode"]: DecodeBenchmark.Run(backend, width); return 0;
    case ["step"]: StepBenchmark.Run(backend, width, only: null); return 0;
    case ["step", string name]: StepBenchmark.Run(backend, width, name); return 0;
    case ["profile", string name]:
        using (var timed = new TimedBackend(backend))
            if (name == "decode") DecodeBenchmark.Run(timed, width);
            else StepBenchmark.Run(timed, width, name);
        return 0;
    case ["scorer", string name, string file, .. { Length: <= 1 } rest]: ScorerBenchmark.Run(name, rest.FirstOrDefault(), file, threads); return 0;
    default:
        Console.Error.WriteLine("usage: Phf.Benchmarks gemm | step [quickstart|tiny|small|124M] | decode | profile NAME | scorer NAME FILE [MODEL]");
        return 2;
}
