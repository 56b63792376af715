using System.Text.Json;
using Phf.Alignment.Methods;
using Phf.Formats;

namespace Phf.Tests.Alignment;

public sealed class PreferenceGoldenTests
{
    private const double Exact = 1e-9;

    public static TheoryData<string> Names =>
        [.. "dpo_beta0.1 dpo_smooth0.1_beta0.1 ipo_beta0.1 ipo_length_mean_beta0.1 dpo_beta0.5 dpo_smooth0.1_beta0.5 ipo_beta0.5 ipo_length_mean_beta0.5 orpo_lambda0.1 simpo_beta2_gamma1 simpo_beta2.5_gamma1.4".Split(' ')];

    [GoldenTheory]
    [MemberData(nameof(Names))]
    public void LossOnPairs_AndItsDerivatives(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Shared.Golden("dpg", "preferences_f64.safetensors"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("dpg", "preferences.json")));
        JsonElement entry = Entry(json, name);
        PairLoss[] losses = [.. Pairs(file).Select(pair => Loss(entry, name, pair))];
        int n = losses.Length;
        Assert.Equal(entry.GetProperty("loss").GetDouble(), losses.Average(loss => loss.Loss), Exact);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.per_pair").ToArray(), [.. losses.Select(loss => loss.Loss)]);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.dloss_dpolicy_chosen").ToArray(), [.. losses.Select(loss => loss.DChosen / n)]);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.dloss_dpolicy_rejected").ToArray(), [.. losses.Select(loss => loss.DRejected / n)]);
    }

    [GoldenTheory]
    [InlineData("kto_beta0.1")]
    [InlineData("kto_beta0.5")]
    public void Kto_LossOnTexts_AndItsDerivatives(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Shared.Golden("dpg", "preferences_f64.safetensors"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("dpg", "preferences.json")));
        JsonElement entry = Entry(json, name);
        double beta = entry.GetProperty("beta").GetDouble();
        double[] mismatched = [.. file.Span<double>("kto_mismatched_logratio_chosen"), .. file.Span<double>("kto_mismatched_logratio_rejected")];
        double z0 = PreferenceLosses.KtoReferencePoint(mismatched);
        Assert.Equal(entry.GetProperty("z0").GetDouble(), z0, Exact);
        var good = Pairs(file).Select(pair => PreferenceLosses.Kto(pair.Chosen - pair.ReferenceChosen, isDesirable: true, beta, z0, entry.GetProperty("lambda_desirable").GetDouble())).ToArray();
        var bad = Pairs(file).Select(pair => PreferenceLosses.Kto(pair.Rejected - pair.ReferenceRejected, isDesirable: false, beta, z0, entry.GetProperty("lambda_undesirable").GetDouble())).ToArray();
        int n = good.Length + bad.Length;
        Assert.Equal(entry.GetProperty("loss").GetDouble(), good.Concat(bad).Average(text => text.Loss), Exact);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.per_pair").ToArray(), [.. good.Concat(bad).Select(text => text.Loss)]);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.dloss_dpolicy_chosen").ToArray(), [.. good.Select(text => text.Slope / n)]);
        TinyLanguage.AssertEqual(file.Span<double>($"{name}.dloss_dpolicy_rejected").ToArray(), [.. bad.Select(text => text.Slope / n)]);
    }

    [Theory]
    [InlineData(2.0, -1.0)]
    [InlineData(-3.0, 4.0)]
    public void Cringe_SlopeIsThatOfTheLoss(double negative, double positive)
    {
        const double h = 1e-6;
        double by(double change) => PreferenceLosses.Cringe(negative + change, positive).Loss;
        Assert.Equal((by(h) - by(-h)) / (2 * h), PreferenceLosses.Cringe(negative, positive).Slope, 1e-8);
        Assert.True(by(0) > 0);
    }

    [Fact]
    public void Losses_FarOut_StayFinite()
    {
        foreach (PairLogProbs pair in new[] { new PairLogProbs(-1, -5000, -3000, -2, 3, 7), new PairLogProbs(-5000, -1, -2, -3000, 7, 3), new PairLogProbs(0, 0, -2, -2, 1, 1) })
            foreach (PairLoss loss in new[] { PreferenceLosses.Dpo(pair, 1), PreferenceLosses.Ipo(pair, 1), PreferenceLosses.Orpo(pair, 0.1), PreferenceLosses.SimPo(pair, 2, 1) })
                Assert.True(double.IsFinite(loss.Loss) && double.IsFinite(loss.DChosen) && double.IsFinite(loss.DRejected), $"{pair}: {loss}");
    }

    private static PairLoss Loss(JsonElement entry, string name, in PairLogProbs pair) => name[..3] switch
    {
        "dpo" => PreferenceLosses.Dpo(pair, Number(entry, "beta"), Number(entry, "label_smoothing")),
        "ipo" => PreferenceLosses.Ipo(pair, Number(entry, "beta"), byLength: name.Contains("length_mean", StringComparison.Ordinal)),
        "orp" => PreferenceLosses.Orpo(pair, Number(entry, "lambda")),
        _ => PreferenceLosses.SimPo(pair, Number(entry, "beta"), Number(entry, "gamma")),
    };

    private static IEnumerable<PairLogProbs> Pairs(SafetensorsFile file)
    {
        double[][] columns = [.. new[] { "policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected", "length_chosen", "length_rejected" }.Select(name => file.Span<double>(name).ToArray())];
        return Enumerable.Range(0, columns[0].Length).Select(i => new PairLogProbs(columns[0][i], columns[1][i], columns[2][i], columns[3][i], (int)columns[4][i], (int)columns[5][i]));
    }

    private static JsonElement Entry(JsonDocument json, string name) =>
        json.RootElement.GetProperty("losses").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == name);

    private static double Number(JsonElement entry, string name) => entry.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : 0;
}
