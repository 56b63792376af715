using System.Text.Json;
using Phf.Alignment.Methods;
using Phf.Formats;

namespace Phf.Tests.Alignment;

public sealed class PpoGoldenTests
{
    private const double Exact = 1e-9;

    [GoldenFact]
    public void RewardsAdvantagesAndBothLosses()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Shared.Golden("dpg", "ppo_f64.safetensors"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("dpg", "ppo.json")));
        int[] lengths = [.. json.RootElement.GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        double[][] old = Rows("logp_old"), fresh = Rows("logp_new"), prior = Rows("logp_ref"), values = Rows("values"), valuesOld = Rows("values_old");
        double[] score = file.Span<double>("score").ToArray();

        double[][] rewards = [.. old.Select((text, i) => Advantages.TokenRewards(text, prior[i], score[i], Number("beta")))];
        double[][] advantages = [.. rewards.Select((text, i) => Advantages.Generalised(text, valuesOld[i], Number("gamma"), Number("lambda")))];
        double[][] returns = [.. advantages.Select((text, i) => Advantages.Returns(text, valuesOld[i]))];
        AssertRows("rewards", rewards);
        AssertRows("advantages", advantages);
        AssertRows("returns", returns);
        Advantages.Whiten(advantages);
        AssertRows("advantages_whitened", advantages);

        int tokens = lengths.Sum();
        TokenLoss[][] policy = [.. fresh.Select((text, i) => text.Select((log, t) => ClippedLoss.Policy(log, old[i][t], advantages[i][t], Number("clip"))).ToArray())];
        TokenLoss[][] value = [.. values.Select((text, i) => text.Select((v, t) => ClippedLoss.Value(v, valuesOld[i][t], returns[i][t], Number("value_clip"))).ToArray())];
        double coefficient = Number("value_coefficient");
        AssertRows("dloss_dlogp_new", [.. policy.Select(text => text.Select(token => token.Slope / tokens).ToArray())]);
        AssertRows("dloss_dvalues", [.. value.Select(text => text.Select(token => coefficient * token.Slope / tokens).ToArray())]);
        double policyLoss = policy.Sum(text => text.Sum(token => token.Loss)) / tokens, valueLoss = value.Sum(text => text.Sum(token => token.Loss)) / tokens;
        Assert.Equal(Number("policy_loss"), policyLoss, Exact);
        Assert.Equal(Number("value_loss"), valueLoss, Exact);
        Assert.Equal(Number("total"), policyLoss + coefficient * valueLoss, Exact);
        Assert.Equal(Number("clip_fraction"), policy.Sum(text => text.Count(token => token.IsClipped)) / (double)tokens, Exact);

        double Number(string name) => json.RootElement.GetProperty(name).GetDouble();

        double[][] Rows(string name)
        {
            double[] all = file.Span<double>(name).ToArray();
            return [.. lengths.Select((length, i) => all[(i * 9)..(i * 9 + length)])];
        }

        void AssertRows(string name, double[][] actual)
        {
            double[][] expected = Rows(name);
            for (int i = 0; i < expected.Length; i++) TinyLanguage.AssertEqual(expected[i], actual[i]);
        }
    }

    [Fact]
    public void Whiten_OneTokenOrEqualOnes_StayFinite()
    {
        double[][] one = [[3]], equal = [[2, 2], [2]];
        Advantages.Whiten(one);
        Advantages.Whiten(equal);
        Assert.Equal(3, one[0][0]);
        Assert.All(equal.SelectMany(text => text), advantage => Assert.Equal(0, advantage));
    }

    [Theory]
    [InlineData(12, 1.02)] // far above: the most that one step may do
    [InlineData(6.6, 1.01)]
    [InlineData(0, 0.98)]
    public void Controller_LeadsBetaTowardsTheKl(double kl, double factor)
    {
        Assert.Equal(0.3 * factor, new KlController(0.3, TargetKl: 6).After(kl).Beta, 1e-12);
        Assert.Equal(0.3, new KlController(0.3, TargetKl: null).After(kl).Beta);
    }
}
