using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

/// <summary>
/// NaN and infinity are never dropped: wherever the reference's result is not finite, neither is the engine's. So a run stops at the
/// first bad number instead of training on.
/// </summary>
public sealed class NonFiniteTests
{
    private static readonly Dictionary<string, Operation> Small = new()
    {
        ["Embed"] = Operations.Embed(35, 19),
        ["EmbedBackward"] = Operations.EmbedBackward(35, 19),
        ["LayerNorm"] = Operations.LayerNorm(5, 35),
        ["LayerNormBackward"] = Operations.LayerNormBackward(67, 35),
        ["Linear"] = Operations.Linear(17, 19, 35, withResidual: true),
        ["Linear of few rows"] = Operations.Linear(3, 19, 32, withResidual: false),
        ["LinearActivation gelu"] = Operations.LinearActivation(17, 19, 35, Activation.GeluTanh),
        ["LinearActivation relu"] = Operations.LinearActivation(17, 19, 35, Activation.Relu),
        ["LinearActivation erf gelu"] = Operations.LinearActivation(17, 19, 35, Activation.Gelu),
        ["LinearActivation silu"] = Operations.LinearActivation(17, 19, 35, Activation.Silu),
        ["LinearBackward"] = Operations.LinearBackward(17, 19, 35),
        ["ActivationBackward gelu"] = Operations.ActivationBackward(3, 21, Activation.GeluTanh),
        ["ActivationBackward relu"] = Operations.ActivationBackward(3, 21, Activation.Relu),
        ["ActivationBackward erf gelu"] = Operations.ActivationBackward(3, 21, Activation.Gelu),
        ["ActivationBackward silu"] = Operations.ActivationBackward(3, 21, Activation.Silu),
        ["Attention"] = Operations.Attention(2, 45, 2, 5),
        ["AttentionBackward"] = Operations.AttentionBackward(2, 45, 2, 5),
        ["WholeAttention"] = Operations.WholeAttention(2, 5, 21, 2),
        ["AttentionStep"] = Operations.AttentionStep(2, 19, 2, 5, position: 17),
        ["Logits"] = Operations.Logits(5, 19, 35),
        ["Classify"] = Operations.Classify(11, 7, 37, spread: 2, withNegative: true, withGradient: true),
        ["Classify without gradient"] = Operations.Classify(11, 7, 37, spread: 2, withNegative: false, withGradient: false),
        ["SquaredNorm"] = Operations.SquaredNorm(2100),
        ["AdamW"] = Operations.AdamW(35),
    };

    public static TheoryData<string, float> Cases
    {
        get
        {
            var cases = new TheoryData<string, float>();
            foreach (string name in TestBackends.CpuNames)
                foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity }) cases.Add(name, value);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void BadNumberInAnyInput_ShowsInTheOutput(string name, float value)
    {
        using IBackend reference = Backends.CreateReference(), backend = TestBackends.Create(name);
        foreach ((string operation, Operation run) in Small)
        {
            using var counting = new TestMemory();
            run(reference, counting);
            for (int input = 0; input < counting.Inputs; input++)
                foreach (double place in new[] { 0, 0.48, 1 })
                {
                    var poison = new Poison(input, place, value);
                    using TestMemory truth = new(1, poison), memory = new(1, poison);
                    bool any = AssertShows(run(reference, truth), run(backend, memory), $"{operation} with {poison}");
                    if (float.IsNaN(value) && IsRead(operation, input, place)) Assert.True(any, $"{operation} with {poison}: the output is finite");
                }
        }
    }

    /// <summary>Places that an operation need not read: table rows that no token names, cached positions behind the current one.</summary>
    private static bool IsRead(string operation, int input, double place) => operation switch
    {
        "Embed" => input > 1 || place is 0 or 1,
        "AttentionStep" => input == 0 || place == 0,
        "Classify without gradient" => input < 2,
        _ => true,
    };

    private static bool AssertShows(Tensor[] expected, Tensor[] actual, string what)
    {
        bool any = false;
        for (int i = 0; i < expected.Length; i++)
            for (int j = 0; j < expected[i].Span.Length; j++)
            {
                if (float.IsFinite(expected[i].Span[j])) continue;
                any = true;
                Assert.True(!float.IsFinite(actual[i].Span[j]), $"{what}: result {i}, element {j} is {actual[i].Span[j]}, the reference's {expected[i].Span[j]}");
            }
        return any;
    }
}
