using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Objectives;
using Phf.Tests.Numerics;

namespace Phf.Tests.Objectives;

/// <summary>The recorded inputs and outputs, and a run of one objective on them.</summary>
internal sealed class ObjectiveGolden : IDisposable
{
    public const int Rows = 96, Time = 24;
    private const int Vocabulary = 101;
    private const double Tolerance = 2e-6; // of the largest gradient

    private readonly IBackend _backend;
    private readonly TestMemory _memory = new();
    private readonly SafetensorsFile _inputs = Open("inputs"), _gradients = Open("gradients"), _variants = Open("correct_variants_f64");
    private readonly JsonDocument _json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("objectives", "golden.json")));
    private readonly int[] _labels;
    private readonly Tensor _identity, _dHidden, _dTable;

    public ObjectiveGolden(string backendName)
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

    /// <summary>As the objective gave them, and the log-probabilities of the targets.</summary>
    public float[] Weights { get; private set; } = [];

    public float[] LogProbs { get; private set; } = [];

    /// <summary>The score of each target.</summary>
    public float[] Scores(string name) => Columns($"token_scores.{name}", first: 1);

    /// <summary>The value at the position before each target.</summary>
    public float[] Values(string name) => Columns(name, first: 0);

    public IEnumerable<JsonElement> Cases(string group) => _json.RootElement.GetProperty(group).EnumerateArray();

    public double[] Gradients(string name) => [.. _gradients.Span<float>(name).ToArray().Select(value => (double)value)];

    public double[] VariantGradients(string name) => _variants.Span<double>(name).ToArray();

    /// <summary>The mean loss and its gradients, weighted as the trainer does.</summary>
    public void Compute(IObjective objective, string scoresName, string logitsName, ReadOnlySpan<float> values = default)
    {
        float[] positive = new float[Rows], negative = new float[Rows], logProbs = new float[Rows], logComplements = new float[Rows];
        objective.Weigh(Scores(scoresName), new TokenKind[Rows], values, positive, negative);
        Weights = [.. positive];
        AlignedFraction = positive.Count(weight => weight == 1) / (double)Rows;
        for (int i = 0; i < Rows; i++)
        {
            positive[i] *= 1f / Rows;
            negative[i] *= 1f / Rows;
        }
        Tensor hidden = _memory.Of(Rows, Vocabulary, _inputs.Span<float>($"logits.{logitsName}"));
        var weights = new TokenWeights(positive, objective.IsLikelihoodOnly ? default : negative);
        _backend.Classify(hidden, _identity, _labels, weights, logProbs, logComplements, _dHidden, _dTable);
        LogProbs = logProbs;
        Loss = Enumerable.Range(0, Rows).Sum(i => -(double)positive[i] * logProbs[i] - (negative[i] == 0 ? 0 : (double)negative[i] * logComplements[i]));
    }

    public void AssertGradients(double[] expected, string name)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - _dHidden.Span[i]) <= Tolerance * scale,
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

    /// <summary>24 of the 25 columns of a recorded [4, 25] tensor, flattened.</summary>
    private float[] Columns(string name, int first)
    {
        float[] recorded = _inputs.Span<float>(name).ToArray();
        return [.. Enumerable.Range(0, Rows / Time).SelectMany(row => recorded.Skip(row * (Time + 1) + first).Take(Time))];
    }

    private static SafetensorsFile Open(string name) => SafetensorsFile.Open(Shared.Golden("objectives", $"{name}.safetensors"));
}
