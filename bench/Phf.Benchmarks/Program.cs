using Phf.Benchmarks;
using Phf.Numerics.Backend;

if (args is ["pep8", .. string[] paths]) return Pep8Benchmark.Run(paths);

// dotnet run -c Release --project bench/Phf.Benchmarks -- gemm | step [NAME] | profile NAME     (PHF_SIMD forces a width, PHF_THREADS the threads)
int threads = int.TryParse(Environment.GetEnvironmentVariable("PHF_THREADS"), out int value) ? value : 0;
SimdWidth width = Backends.DefaultWidth;
using IBackend backend = Backends.CreateCpu(threads, width);
switch (args)
{
    case ["gemm"]: GemmBenchmark.Run(backend, width); return 0;
    case ["step"]: StepBenchmark.Run(backend, width, only: null); return 0;
    case ["step", string name]: StepBenchmark.Run(backend, width, name); return 0;
    case ["profile", string name]:
        using (var timed = new TimedBackend(backend)) StepBenchmark.Run(timed, width, name);
        return 0;
    default:
        Console.Error.WriteLine("usage: Phf.Benchmarks pep8 FILES_OR_FOLDERS | gemm | step [quickstart|tiny|small|124M] | profile NAME");
        return 2;
}
