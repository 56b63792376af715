using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Objectives;
using Phf.Tests.Numerics;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Forty steps of the trainer's arithmetic against PyTorch: AdamW in two groups, schedule, clipping, accumulation.</summary>
public sealed class TrainingGoldenTests
{
    private const int Batch = 4, Length = 32, Steps = 40;

    private static readonly TrainingSection Recorded = new() { LearningRate = 5e-4, WeightDecay = 0.1, WarmupSteps = 4, MaxGradNorm = 1 };

    public static TheoryData<string, int> Backends
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string name in TestBackends.Names) cases.Add(name, name == "reference" ? 6 : Steps); // the reference takes a second for 6
            return cases;
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Backends))]
    public void OneBatch_EqualsPyTorch(string name, int steps)
    {
        using var run = new Run(name, Recorded, Batch);
        run.Train(steps, "losses", "grad_norms_before_clipping");
        if (steps == Steps) run.AssertFinal();
    }

    [GoldenTheory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void FourAccumulatedBatches_EqualPyTorch(string name)
    {
        using var run = new Run(name, Recorded, batch: 1);
        run.Train(Steps, "accumulation_4x1.losses", "grad_norms_before_clipping");
        run.AssertFinal();
    }

    /// <summary>Clipped gradients hide a constant factor on the loss; these do not.</summary>
    [GoldenTheory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void WithoutClipping_EqualsPyTorch(string name)
    {
        using var run = new Run(name, Recorded with { MaxGradNorm = 0 }, Batch);
        run.Train(Steps, "no_clipping.losses", "no_clipping.grad_norms");
    }

    /// <summary>Gradients from 1e-9 to 10.</summary>
    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void AdamW_EqualsPyTorch(string name)
    {
        using var golden = SafetensorsFile.Open(Shared.Golden("train", "adamw_toy.safetensors"));
        using IBackend backend = TestBackends.Create(name);
        using var arena = new Arena(4 * Arena.SizeOf(1, 17));
        FlatBlock Block()
        {
            long start = arena.Used;
            arena.Take(1, 17);
            return arena.All.Slice(start, 17);
        }
        FlatBlock parameters = Block(), gradients = Block(), first = Block(), second = Block();
        golden.Span<float>("parameter").CopyTo(parameters.Span);
        for (int step = 1; step <= 6; step++)
        {
            golden.Span<float>("gradients").Slice((step - 1) * 17, 17).CopyTo(gradients.Span);
            backend.AdamW(parameters, gradients, first, second, new AdamWStep(step, 0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 1));
            AssertClose(golden.Span<float>("after_each_step.torch").Slice((step - 1) * 17, 17), parameters.Span, 1e-6, $"step {step}");
        }
    }

    [GoldenFact]
    public void Schedules_EqualTransformers()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("train", "schedules.json")));
        int compared = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("schedules").EnumerateArray())
        {
            long warmup = entry.GetProperty("warmup").GetInt64();
            string? kind = entry.GetProperty("name").GetString() switch
            {
                "linear" => "linear",
                "cosine" => "cosine",
                "constant_with_warmup" => "constant",
                "constant" when warmup == 0 => "constant", // transformers' own passes over a warm-up without a word
                _ => null,
            };
            if (kind is null) continue;
            var schedule = new LearningRateSchedule(kind, entry.GetProperty("base_lr").GetDouble(), warmup, entry.GetProperty("steps").GetInt64());
            double[] rates = [.. entry.GetProperty("lr_at_step").EnumerateArray().Select(rate => rate.GetDouble())];
            for (int step = 0; step < rates.Length; step++) Assert.Equal(rates[step], schedule.At(step), 1e-15);
            compared++;
        }
        Assert.Equal(10, compared);
        foreach (JsonElement entry in json.RootElement.GetProperty("warmup_from_ratio").EnumerateArray())
            Assert.Equal(entry.GetProperty("warmup_steps").GetInt64(),
                new TrainingSection { WarmupRatio = entry.GetProperty("ratio").GetDouble() }.WarmupStepsOf(entry.GetProperty("steps").GetInt64()));
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{what}, element {i}: {actual[i]}, expected {expected[i]}");
    }

    /// <summary>A training run on the recorded stream.</summary>
    private sealed class Run : IDisposable
    {
        private readonly IBackend _backend;
        private readonly Gpt2 _model;
        private readonly TrainingStep _step;
        private readonly int _batch;
        private readonly TokenBatch _tokens;
        private readonly TrainingSection _training;
        private readonly SafetensorsFile _stream = SafetensorsFile.Open(Shared.Golden("train", "stream.safetensors"));
        private readonly JsonDocument _json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("train", "golden.json")));

        public Run(string name, TrainingSection training, int batch)
        {
            (_training, _batch) = (training, batch);
            _backend = TestBackends.Create(name);
            _model = Gpt2Weights.Load(Shared.Golden("gpt2", "base"), _backend);
            _step = new TrainingStep(_model, new MaximumLikelihood(), training, batch, Length - 1);
            _tokens = new TokenBatch(batch, Length - 1);
        }

        public void Train(int steps, string losses, string norms)
        {
            var schedule = new LearningRateSchedule(_training.LrSchedulerType, _training.LearningRate, _training.WarmupSteps, Steps);
            double[] expectedLosses = Numbers(losses), expectedNorms = Numbers(norms), rates = Numbers("lrs");
            for (int step = 0; step < steps; step++)
            {
                _step.Begin();
                double loss = 0, rate = schedule.At(step);
                for (int row = 0; row < Batch; row += _batch)
                {
                    Fill(step, row);
                    loss += _step.Accumulate(_tokens, Batch / _batch);
                }
                double norm = _step.Norm();
                _step.Update(step + 1, rate, norm);
                Assert.Equal(rates[step], rate, 1e-15);
                Assert.True(Math.Abs(expectedLosses[step] - loss) <= 1e-5, $"step {step + 1}: loss {loss}, expected {expectedLosses[step]}");
                Assert.True(Math.Abs(expectedNorms[step] - norm) <= 2e-5, $"step {step + 1}: norm {norm}, expected {expectedNorms[step]}");
            }
        }

        /// <summary>Without the key third of c_attn.bias: its gradient is zero but for rounding, which AdamW makes into whole steps.</summary>
        public void AssertFinal()
        {
            using var final = SafetensorsFile.Open(Shared.Golden("train", "final.safetensors"));
            int channels = _model.Config.Channels;
            foreach (ParameterShape shape in _model.Parameters.Layout.Shapes)
            {
                float[] expected = final.Span<float>(shape.Name).ToArray(), actual = _model.Parameters[shape.Name].Span.ToArray();
                if (shape.Name.EndsWith("attn.c_attn.bias", StringComparison.Ordinal)) expected.AsSpan(channels, channels).CopyTo(actual.AsSpan(channels));
                AssertClose(expected, actual, 1e-5, shape.Name);
            }
        }

        public void Dispose()
        {
            _step.Dispose();
            _model.Dispose();
            _backend.Dispose();
            _stream.Dispose();
            _json.Dispose();
        }

        private void Fill(int step, int firstRow)
        {
            ReadOnlySpan<long> stream = _stream.Span<long>("batches");
            for (int row = 0; row < _batch; row++)
                for (int t = 0; t < Length - 1; t++)
                {
                    int from = (step * Batch + firstRow + row) * Length + t, to = row * (Length - 1) + t;
                    (_tokens.Inputs[to], _tokens.Targets[to], _tokens.Kinds[to]) = ((int)stream[from], (int)stream[from + 1], TokenKind.Text);
                }
        }

        private double[] Numbers(string path)
        {
            JsonElement element = _json.RootElement;
            foreach (string name in path.Split('.')) element = element.GetProperty(name);
            return [.. element.EnumerateArray().Select(number => number.GetDouble())];
        }
    }
}
