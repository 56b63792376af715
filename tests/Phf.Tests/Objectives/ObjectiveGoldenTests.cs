using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Objectives;
using Phf.Tests.Numerics;

namespace Phf.Tests.Objectives;

/// <summary>
/// Weights of the objectives through the fused classifier, against the reference code in double precision. The hidden states are the
/// recorded logits and the table is the identity, so that the logits come out exactly.
/// </summary>
public sealed class ObjectiveGoldenTests
{
    private const int Rows = 96, Vocabulary = 101;
    private const double LossTolerance = 2e-6, GradientTolerance = 2e-6; // relative; of the largest gradient

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void LossesAndGradients_EqualTheReference(string backendName)
    {
        using var golden = new Golden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("reference"))
        {
            if (Objective(entry) is not { } objective) continue;
            string name = entry.GetProperty("case").GetString()!, logits = entry.GetProperty("logits").GetString()!;
            bool isStable = entry.TryGetProperty("loss_stable_f64", out JsonElement stable); // unlikelihood without the clamp
            double truth = (isStable ? stable : entry.GetProperty("loss_f64")).GetDouble();
            golden.Compute(objective, entry.GetProperty("token_scores").GetString()!, logits);
            Assert.True(Math.Abs(golden.Loss - truth) <= LossTolerance * Math.Abs(truth), $"{name}: loss {golden.Loss}, expected {truth}");
            // The reference's gradient is 0 where its 1 - p is clamped.
            if (logits != "extreme" || !isStable) golden.AssertGradients(golden.Gradients($"{name}.dlogits"), name);
            cases++;
        }
        Assert.Equal(48, cases);
    }

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void UnlikelihoodAtThresholdZero_EqualsTheFormula(string backendName)
    {
        using var golden = new Golden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("correct_variants"))
        {
            if (!entry.TryGetProperty("threshold", out JsonElement threshold)) continue;
            string name = entry.GetProperty("case").GetString()!;
            var objective = new Unlikelihood(threshold.GetSingle(), entry.GetProperty("alpha").GetSingle());
            golden.Compute(objective, entry.GetProperty("token_scores").GetString()!, entry.GetProperty("logits").GetString()!);
            double truth = entry.GetProperty("loss_stable_f64").GetDouble();
            Assert.True(Math.Abs(golden.Loss - truth) <= LossTolerance * Math.Abs(truth), $"{name}: loss {golden.Loss}, expected {truth}");
            golden.AssertGradients(golden.VariantGradients($"{name}.dlogits"), name);
            Assert.Equal(entry.GetProperty("aligned_fraction").GetDouble(), golden.AlignedFraction, 1e-12);
            cases++;
        }
        Assert.Equal(20, cases);
    }

    /// <summary>The reference takes a threshold of 0 for none: its numbers are the soft variant's. Null for another objective.</summary>
    private static IObjective? Objective(JsonElement entry)
    {
        string name = entry.GetProperty("class").GetString()!;
        if (name == "MLE") return new MaximumLikelihood();
        if (name != "Unlikelihood") return null;
        JsonElement options = entry.GetProperty("options");
        float threshold = options.GetProperty("score_threshold").GetSingle(), alpha = options.GetProperty("alpha").GetSingle();
        return threshold == 0 ? new SoftUnlikelihood(alpha) : new Unlikelihood(threshold, alpha);
    }

    /// <summary>The recorded inputs and outputs, and a run of one objective on them.</summary>
    private sealed class Golden : IDisposable
    {
        private readonly IBackend _backend;
        private readonly TestMemory _memory = new();
        private readonly SafetensorsFile _inputs = Open("inputs"), _gradients = Open("gradients"), _variants = Open("correct_variants_f64");
        private readonly JsonDocument _json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("objectives", "golden.json")));
        private readonly int[] _labels;
        private readonly Tensor _identity, _dHidden, _dTable;

        public Golden(string backendName)
        {
            _backend = TestBackends.Create(backendName);
            _labels = [.. _inputs.Span<long>("labels").ToArray().Select(label => (int)label)];
            _identity = _memory.Of(Vocabulary, Vocabulary, new float[Vocabulary * Vocabulary]);
            for (int i = 0; i < Vocabulary; i++) _identity.Row(i)[i] = 1;
            _dHidden = _memory.Garbage(Rows, Vocabulary);
            _dTable = _memory.Of(Vocabulary, Vocabulary, new float[Vocabulary * Vocabulary]);
        }

        public double Loss { get; private set; }

        public double AlignedFraction { get; private set; }

        public IEnumerable<JsonElement> Cases(string group) => _json.RootElement.GetProperty(group).EnumerateArray();

        public double[] Gradients(string name) => [.. _gradients.Span<float>(name).ToArray().Select(value => (double)value)];

        public double[] VariantGradients(string name) => _variants.Span<double>(name).ToArray();

        /// <summary>The mean loss and its gradients, weighted as the trainer does.</summary>
        public void Compute(IObjective objective, string scoresName, string logitsName)
        {
            float[] recorded = _inputs.Span<float>($"token_scores.{scoresName}").ToArray();
            float[] scores = [.. Enumerable.Range(0, 4).SelectMany(b => recorded[(b * 25 + 1)..((b + 1) * 25)])]; // score of each target
            float[] positive = new float[Rows], negative = new float[Rows], logProbs = new float[Rows], logComplements = new float[Rows];
            objective.Weigh(scores, new TokenKind[Rows], positive, negative);
            AlignedFraction = positive.Count(weight => weight == 1) / (double)Rows;
            for (int i = 0; i < Rows; i++)
            {
                positive[i] *= 1f / Rows;
                negative[i] *= 1f / Rows;
            }
            Tensor hidden = _memory.Of(Rows, Vocabulary, _inputs.Span<float>($"logits.{logitsName}"));
            var weights = new TokenWeights(positive, objective.IsLikelihoodOnly ? default : negative);
            _backend.Classify(hidden, _identity, _labels, weights, logProbs, logComplements, _dHidden, _dTable);
            Loss = Enumerable.Range(0, Rows).Sum(i => -(double)positive[i] * logProbs[i] - (negative[i] == 0 ? 0 : (double)negative[i] * logComplements[i]));
        }

        public void AssertGradients(double[] expected, string name)
        {
            double scale = expected.Max(Math.Abs);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - _dHidden.Span[i]) <= GradientTolerance * scale,
                    $"{name}: gradient {i % Vocabulary} of row {i / Vocabulary} is {_dHidden.Span[i]}, expected {expected[i]}, scale {scale}");
        }

        public void Dispose()
        {
            _backend.Dispose();
            _memory.Dispose();
            _inputs.Dispose();
            _gradients.Dispose();
            _variants.Dispose();
            _json.Dispose();
        }

        private static SafetensorsFile Open(string name) => SafetensorsFile.Open(Shared.Golden("objectives", $"{name}.safetensors"));
    }
}
