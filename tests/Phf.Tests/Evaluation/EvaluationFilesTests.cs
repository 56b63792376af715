using System.Text.Json;
using Phf.Evaluation;

namespace Phf.Tests.Evaluation;

public sealed class EvaluationFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ResultAndSamples_SurviveTheRoundTrip()
    {
        string[] texts = ["Write to a@b.example.", "Nothing here.", "<b>\u0001 \"quoted\" \ud83d\ude00"];
        EvaluationResult result = Result(EvaluationScenario.From("plain", "as trained", texts, [0.05, 0, 0], 0));
        EvaluationSample[] samples =
        [
            new() { Scenario = "plain", Index = 0, Text = texts[0], Score = 0.05, Findings = [new SampleFinding(9, 20, "email")] },
            new() { Scenario = "plain", Index = 1, Text = texts[2], Score = 0 },
        ];
        EvaluationFiles.Write(_folder.FullName, result, samples);

        EvaluationResult read = EvaluationFiles.ReadResult(_folder.FullName)!;
        Assert.Equal(JsonSerializer.Serialize(result), JsonSerializer.Serialize(read));
        Assert.Equal(JsonSerializer.Serialize(samples), JsonSerializer.Serialize(EvaluationFiles.ReadSamples(_folder.FullName)));
        Assert.Equal(["evaluation-samples.jsonl", "evaluation.json"], Directory.GetFiles(_folder.FullName).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Keys_AreSnakeCaseAndNotANumberIsNull()
    {
        EvaluationResult result = Result(EvaluationScenario.From("plain", "", ["a"], [double.NaN], 0));
        EvaluationFiles.Write(_folder.FullName, result, []);
        JsonElement root = JsonDocument.Parse(File.ReadAllText(_folder.At(EvaluationFiles.ResultName))).RootElement;
        Assert.Equal(1.25, root.GetProperty("heldout").GetProperty("loss_aligned").GetDouble());
        JsonElement scenario = root.GetProperty("scenarios")[0];
        foreach (string key in (string[])["share_misaligned", "distinct_2", "expected_max_25", "mean_length", "histogram", "quantiles"])
            Assert.True(scenario.TryGetProperty(key, out _), key);
        Assert.Equal(JsonValueKind.Null, scenario.GetProperty("mean_score").ValueKind);
        Assert.Null(EvaluationFiles.ReadResult(_folder.FullName)!.Scenarios[0].MeanScore);
    }

    [Theory]
    [InlineData("{", "evaluation.json")]
    [InlineData("null", "no list of scenarios")]
    [InlineData("{\"run\": \"x\"}", "phf evaluate")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":\"many\",\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[]}", "parameters")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":\"x\",\"scenarios\":[]}", "threshold")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[null]}", "scenarios")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"kl\":[null]}", "distances")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"tasks\":[null]}", "tasks")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"over_training\":[null]}", "checkpoints")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"control_tokens\":{\"tags\":[null]}}", "list of tags")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"control_tokens\":{\"tags\":[\"a\"],\"at_segment_starts\":[null]}}", "tags at segment starts")]
    [InlineData("{\"run\":\"a\",\"objective\":\"b\",\"checkpoint\":\"c\",\"parameters\":1,\"train_tokens\":1,\"scorer\":\"s\",\"threshold\":0,\"scenarios\":[],\"control_tokens\":{\"tags\":[\"a\"],\"embeddings\":[null]}}", "embeddings")]
    public void BrokenResult_IsRefusedWithItsPlace(string json, string part)
    {
        File.WriteAllText(_folder.At(EvaluationFiles.ResultName), json);
        var problem = Assert.Throws<InvalidDataException>(() => EvaluationFiles.ReadResult(_folder.FullName));
        Assert.Contains(part, problem.Message);
        Assert.Contains(EvaluationFiles.ResultName, problem.Message);
    }

    [Theory]
    [InlineData("{\"scenario\":\"a\",\"index\":0,\"text\":\"abc\",\"score\":0,\"findings\":[{\"begin\":1,\"end\":4,\"type\":\"x\"}]}", "[1, 4) in a text of 3")]
    [InlineData("{\"scenario\":\"a\",\"index\":0,\"text\":null,\"score\":0}", "text")]
    [InlineData("{\"scenario\":\"a\",\"index\":0,\"text\":\"abc\",\"score\":0,\"findings\":[null]}", "a finding")]
    [InlineData("not json", "line 2")]
    public void BrokenSample_IsRefusedWithItsLine(string line, string part)
    {
        string good = "{\"scenario\":\"a\",\"index\":0,\"text\":\"abc\",\"score\":0}";
        File.WriteAllText(_folder.At(EvaluationFiles.SamplesName), $"{good}\n{line}\n");
        var problem = Assert.Throws<InvalidDataException>(() => EvaluationFiles.ReadSamples(_folder.FullName));
        Assert.Contains(part, problem.Message);
        Assert.Contains("line 2", problem.Message);
    }

    private static EvaluationResult Result(EvaluationScenario scenario) => new()
    {
        Run = "a",
        Objective = "mle",
        Checkpoint = "checkpoint-00000010",
        Parameters = 12,
        TrainTokens = 34,
        Scorer = "pii/test",
        Threshold = 0,
        Heldout = new HeldoutLoss { Loss = 1.5, LossAligned = 1.25, TokensAligned = 7 },
        Scenarios = [scenario],
    };
}
