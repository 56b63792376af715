using Phf.Encoders;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Tests.Numerics;

namespace Phf.Tests.Encoders;

/// <summary>Logits and scores of transformers' own encoders, from every kind of file, on every backend and vector width.</summary>
public sealed class EncoderGoldenTests
{
    private static readonly string[] Models = ["bert_original", "roberta_unbiased", "distilbert", "bert_tokens"];

    /// <summary>Path of a model, folder of its recorded outputs, backend.</summary>
    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (string backend in TestBackends.Names)
                foreach (string model in Models) cases.Add(model, model, backend);
            return cases;
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public void LogitsAndScores_EqualTransformers(string model, string recorded, string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        AssertEqual(EncoderFiles.Find(Shared.Golden("classifier", model)), recorded, backend);
    }

    [GoldenTheory]
    [InlineData("bert_original")]
    [InlineData("roberta_unbiased")]
    [InlineData("distilbert")]
    public void PyTorchFile_EqualsTransformers(string model)
    {
        using IBackend backend = Backends.CreateCpu(1);
        EncoderFiles files = EncoderFiles.Find(Shared.Golden("classifier", model));
        AssertEqual(files with { WeightsPath = Shared.Golden("classifier", model, "pytorch_model.bin") }, model, backend);
    }

    [GoldenTheory]
    [InlineData("tiny_original.ckpt")]
    [InlineData("tiny_original.legacy.ckpt")]
    public void DetoxifyCheckpoint_EqualsTransformers(string name)
    {
        using var folder = new TemporaryFolder();
        File.Copy(Shared.Golden("classifier", "detoxify_checkpoint", name), folder.At(name));
        File.Copy(Shared.Golden("classifier", "bert_original", "config.json"), folder.At("config.json"));
        using IBackend backend = Backends.CreateCpu(1);

        EncoderFiles files = EncoderFiles.Find(folder.FullName);

        Assert.Equal(["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"], files.Config.Labels);
        Assert.True(files.Config.IsMultiLabel);
        Assert.Equal(folder.At(name), files.WeightsPath);
        AssertEqual(files, "bert_original", backend);
    }

    [GoldenTheory]
    [InlineData("bert_original", 6, true)]
    [InlineData("roberta_unbiased", 16, true)]
    [InlineData("distilbert", 2, false)]
    public void Config_HasLabelsAndMeasure(string model, int labels, bool isMultiLabel)
    {
        EncoderConfig config = EncoderConfig.FromFile(Shared.Golden("classifier", model, "config.json"));
        Assert.Equal((labels, isMultiLabel, 64), (config.Labels.Count, config.IsMultiLabel, config.Context));
    }

    /// <summary>The same bits alone and in any company, for any number of threads.</summary>
    [GoldenTheory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Text_HasTheSameBitsAloneAndInABatch(string backendName)
    {
        foreach (string model in Models)
        {
            EncoderFiles files = EncoderFiles.Find(Shared.Golden("classifier", model));
            using IBackend backend = TestBackends.Create(backendName), other = TestBackends.Create(backendName, threads: 1);
            using Encoder together = Encoder.Load(files, backend), alone = Encoder.Load(files, other);
            EncoderInput[] inputs = Inputs(model, out _);
            EncoderInput[] many = [.. Enumerable.Range(0, 40).Select(i => inputs[i * 5 % inputs.Length])]; // two batches
            float[][] expected = together.Logits(many);
            for (int i = 0; i < many.Length; i++) Assert.Equal(expected[i], Assert.Single(alone.Logits([many[i]])));
        }
    }

    private static void AssertEqual(EncoderFiles files, string recorded, IBackend backend)
    {
        EncoderInput[] inputs = Inputs(recorded, out int room);
        using var golden = SafetensorsFile.Open(Shared.Golden("classifier", recorded, "golden.safetensors"));
        using Encoder encoder = Encoder.Load(files, backend);
        ReadOnlySpan<float> logits = golden.Span<float>("logits"), scores = golden.Span<float>("scores");
        int labels = encoder.Config.Labels.Count, stride = encoder.Config.Task == EncoderTask.Tokens ? room * labels : labels;

        float[][] actual = encoder.Logits(inputs);

        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(encoder.Config.Task == EncoderTask.Tokens ? inputs[i].Ids.Length * labels : labels, actual[i].Length);
            for (int first = 0; first < actual[i].Length; first += labels)
            {
                double[] probabilities = encoder.Probabilities(actual[i].AsSpan(first, labels));
                for (int label = 0; label < labels; label++)
                {
                    Assert.Equal(logits[i * stride + first + label], actual[i][first + label], 2e-5);
                    Assert.Equal(scores[i * stride + first + label], probabilities[label], 3e-6);
                }
            }
        }
    }

    private static EncoderInput[] Inputs(string recorded, out int room)
    {
        using var golden = SafetensorsFile.Open(Shared.Golden("classifier", recorded, "golden.safetensors"));
        SafetensorsEntry entry = golden.Entry("input_ids");
        int batch = (int)entry.Shape[0], time = room = (int)entry.Shape[1];
        long[] ids = golden.Span<long>("input_ids").ToArray(), mask = golden.Span<long>("attention_mask").ToArray();
        long[]? types = golden.Tensors.ContainsKey("token_type_ids") ? golden.Span<long>("token_type_ids").ToArray() : null;
        return [.. Enumerable.Range(0, batch).Select(b =>
        {
            int length = (int)mask.Skip(b * time).Take(time).Sum();
            return new EncoderInput(Part(ids), types is null ? null : Part(types));

            int[] Part(long[] values) => [.. values.Skip(b * time).Take(length).Select(value => (int)value)];
        })];
    }
}
