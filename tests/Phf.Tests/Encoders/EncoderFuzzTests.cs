using Phf.Encoders;
using Phf.Numerics.Backend;
using Phf.Tests.Formats.Fuzz;

namespace Phf.Tests.Encoders;

/// <summary>A model directory with a damaged config.json: however it disagrees with the weights, no memory is taken for a model that is not there.</summary>
public sealed class EncoderFuzzTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void DamagedConfig_IsReadOrRefused(ulong seed)
    {
        using var folder = new FuzzFolder();
        TinyEncoder model = seed == 0 ? TinyEncoder.OfTexts(("toxicity", []), ("obscene", [])) : TinyEncoder.OfTokens(("O", []), ("B-PER", []));
        model.Write(folder.FullName);
        IBackend backend = Backends.CreateReference(); // holds nothing
        var format = new FuzzFormat("config.json", _ => Encoder.Load(EncoderFiles.Find(folder.FullName), backend).Dispose(), FixedBytes: 400_000, File.ReadAllBytes(folder.At("config.json")));
        FuzzResult result = FuzzRun.Run(format, folder, seed, done => done < 3_000);
        Assert.InRange(result.Refused, result.Mutants / 20, result.Mutants - 1);
    }
}
