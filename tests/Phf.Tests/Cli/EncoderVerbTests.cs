using System.Text.Json;
using Phf.Evaluation;
using Phf.Tests.Encoders;

namespace Phf.Tests.Cli;

/// <summary>Encoders as a user gives them to phf score, evaluate and sweep.</summary>
public sealed class EncoderVerbTests(EncoderVerbTests.Fixture fixture) : IClassFixture<EncoderVerbTests.Fixture>
{
    [Fact]
    public void Toxicity_ByAModelFolder_KeepsOrder_AndTellsOfLongTexts()
    {
        string texts = fixture.Texts("documents.txt", [.. Enumerable.Range(0, 400).Select(i => i % 5 == 0 ? "the bad cat." : i == 7 ? string.Concat(Enumerable.Repeat("the cat ", 20)) : "the cat.")]);
        CliResult result = Score(texts, "toxicity.jsonl", "--scorer", "toxicity", "--model", fixture.Toxicity, "--segment", "document");
        result.Succeeded();
        Assert.Matches(@"note: toxicity/bert-[0-9a-f]{12}: 1 of 400 texts are longer than the 16 tokens that the model reads, and were scored by their beginning", result.Error);
        double[] scores = [.. Lines("toxicity.jsonl").Select(line => line.GetProperty("avg_score").GetDouble())];
        Assert.Equal(400, scores.Length);
        for (int i = 0; i < scores.Length; i++) Assert.Equal(i % 5 == 0, scores[i] > 0.5);

        Score(texts, "one-thread.jsonl", "--scorer", "toxicity", "--model", fixture.Toxicity, "--segment", "document", "--threads", "1").Succeeded();
        Assert.Equal(File.ReadAllText(fixture.At("toxicity.jsonl")), File.ReadAllText(fixture.At("one-thread.jsonl")));
    }

    [Fact]
    public void Toxicity_ByARoberta()
    {
        string texts = fixture.Texts("roberta.txt", ["the bad cat.", "the cat."]);
        Score(texts, "roberta.jsonl", "--scorer", "toxicity", "--model", TinyEncoder.WriteRoberta(fixture.At("roberta"))).Succeeded();
        JsonElement[] lines = Lines("roberta.jsonl");
        Assert.All(lines, line => Assert.Matches("^toxicity/roberta-[0-9a-f]{12}$", line.GetProperty("scorer").GetString()));
        double[] scores = [.. lines.Select(line => line.GetProperty("avg_score").GetDouble())];
        Assert.True(scores[0] > scores[1] + 0.1, string.Join(' ', scores));
    }

    /// <summary>transformers, and so Detoxify, cuts where the tokenizer's files say, which may be before the model's last position.</summary>
    [Fact]
    public void ModelMaxLength_CutsTexts_AndIsInTheId()
    {
        string texts = fixture.Texts("long.txt", ["the cat met the cat, bad", "bad"]);
        string model = TinyEncoder.OfTexts(("toxic", ["bad"])).Write(fixture.At("short"));
        Score(texts, "whole.jsonl", "--scorer", "toxicity", "--model", model).Succeeded();
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), "{\"model_max_length\": 1000000000000000019884624838656}");
        Score(texts, "unlimited.jsonl", "--scorer", "toxicity", "--model", model).Succeeded();
        Assert.Equal(File.ReadAllText(fixture.At("whole.jsonl")), File.ReadAllText(fixture.At("unlimited.jsonl")));
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), "{\"model_max_length\": 6}");
        CliResult cut = Score(texts, "short.jsonl", "--scorer", "toxicity", "--model", model).Succeeded();
        Assert.Contains("1 of 2 texts are longer than the 6 tokens that the model reads", cut.Error);
        JsonElement[] whole = Lines("whole.jsonl"), lines = Lines("short.jsonl");
        Assert.True(lines[0].GetProperty("avg_score").GetDouble() < whole[0].GetProperty("avg_score").GetDouble());
        Assert.Equal(whole[1].GetProperty("avg_score").GetDouble(), lines[1].GetProperty("avg_score").GetDouble());
        Assert.NotEqual(whole[0].GetProperty("scorer").GetString(), lines[0].GetProperty("scorer").GetString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), "{\"model_max_length\": 0}");
        Score(texts, "zero.jsonl", "--scorer", "toxicity", "--model", model).Failed(1, "model_max_length is 0; a number, at least 1, was expected");
    }

    [Fact]
    public void PartsOfACombination_MayBeEncoders()
    {
        string texts = fixture.Texts("combined.txt", ["the bad cat.", "the cat."]);
        Score(texts, "combined.jsonl", "--scorer", "combine", "--part", "toxicity=2", "--part", "pii", "--model", fixture.Toxicity, "--ner", fixture.Names).Succeeded();
        JsonElement[] lines = Lines("combined.jsonl");
        Assert.Matches(@"^combine/sum\(2\*toxicity/bert-[0-9a-f]{12},1\*pii/scrubadub-2\.0\.0-default\(ner=bert-[0-9a-f]{12}:name\+organization\)\)$", lines[0].GetProperty("scorer").GetString());
        Assert.True(lines[0].GetProperty("avg_score").GetDouble() > 1);
    }

    [Fact]
    public void NamedEntities_CountAsPersonalInformation()
    {
        string texts = fixture.Texts("names.txt", ["alice smith met the cat in paris.", "the cat met the cat."]);
        Score(texts, "names.jsonl", "--scorer", "pii", "--ner", fixture.Names, "--spans").Succeeded();
        Assert.Equal([1.0 / 33, 0], Lines("names.jsonl").Select(line => line.GetProperty("avg_score").GetDouble()));
        Score(texts, "places.jsonl", "--scorer", "pii-full", "--ner", fixture.Names, "--ner-type", "location").Succeeded();
        JsonElement first = Lines("places.jsonl")[0];
        Assert.Equal(1.0 / 33, first.GetProperty("avg_score").GetDouble());
        Assert.EndsWith(":location)", first.GetProperty("scorer").GetString());
        Score(texts, "none.jsonl", "--scorer", "pii", "--ner", "none").Succeeded();
        Assert.All(Lines("none.jsonl"), line => Assert.Equal(("pii/scrubadub-2.0.0-default", 0), (line.GetProperty("scorer").GetString(), line.GetProperty("avg_score").GetDouble())));
    }

    [Fact]
    public void ModelsThatDoNotFit_SayWhy()
    {
        string texts = fixture.Texts("some.txt", ["the cat."]);
        Fails("has no label 'toxicity'; it has joy, anger", "--scorer", "toxicity", "--model", fixture.Feelings);
        Fails("gives labels to tokens, not to texts", "--scorer", "toxicity", "--model", fixture.Names);
        Fails("gives labels to texts, not to tokens", "--scorer", "pii", "--ner", fixture.Toxicity);
        Fails("no such file or folder", "--scorer", "pii", "--ner", fixture.At("nowhere"));
        Score(texts, "not.jsonl", "--scorer", "pii", "--ner-type", "colour").Failed(2, "colour");
        Assert.False(File.Exists(fixture.At("not.jsonl")));

        void Fails(string message, params string[] arguments) => Score(texts, "not.jsonl", arguments).Failed(1, message);
    }

    [Fact]
    public void Inspect_SaysWhatAnEncoderIsGoodFor()
    {
        string found = CliProcess.Run("inspect", fixture.Toxicity).Succeeded().Output;
        Assert.Contains("bert for texts: 1 layers, 2 heads, width 20, texts of 16 tokens, vocabulary 20, gelu", found);
        Assert.Contains("toxic, obscene (a probability each)", found);
        Assert.Matches(@"parameters +│ 3,370 ", found);
        Assert.Contains($"yes: phf score --scorer toxicity --model {fixture.Toxicity}", found);
        Assert.Contains($"yes: phf score --scorer pii --ner {fixture.Names}", CliProcess.Run("inspect", fixture.Names).Succeeded().Output);
        Assert.Contains("no: it has no label for toxicity", CliProcess.Run("inspect", fixture.Feelings).Succeeded().Output);
        string broken = TinyEncoder.OfTexts(("toxic", [])).Write(fixture.At("broken"));
        File.Delete(Path.Combine(broken, "vocab.txt"));
        Assert.Matches("(?s)usable +│ no: .*vocab", CliProcess.Run("inspect", broken).Succeeded().Output);
        Assert.Contains("bert.pooler.dense.weight\tF32\t[20, 20]", CliProcess.Run("inspect", fixture.Toxicity, "--tensors").Succeeded().Output);
    }

    [Fact]
    public void ClassifierEval_MeasuresAnEncoder()
    {
        string texts = fixture.Texts("labelled.csv", ["text,label", "the bad cat,1", "the cat,0", "bad,1", "the,0"]);
        Assert.Matches(@"AUC +│ 1\.0000 ", CliProcess.Run("classifier", "evaluate", texts, "--model", fixture.Toxicity).Succeeded().Output);
    }

    [Fact]
    public void Evaluate_AndSweep_ScoreSamplesByAnEncoder()
    {
        using var workspace = new CliWorkspace();
        string run = workspace.TrainedRun("run");
        CliResult result = CliProcess.Run("evaluate", run, "--scorer", "toxicity", "--model", fixture.Toxicity, "--samples", "4", "--threads", "1").Succeeded();
        Assert.Contains("note: the data was scored by words/", result.Error);
        string scorer = EvaluationFiles.ReadResult(run)!.Scorer;
        Assert.StartsWith("toxicity/bert-", scorer);

        string grid = workspace.At("grid.yml");
        File.WriteAllText(workspace.At("mle.yml"), "objective: {name: MLE}");
        File.WriteAllText(grid, $"""
            task: {workspace.Config}
            methods: [{workspace.At("mle.yml")}]
            data: {workspace.Data}
            output: {workspace.At("sweep")}
            evaluate:
              scorer: toxicity
              model: {fixture.Toxicity}
              samples: 4
            """);
        CliProcess.Run("sweep", grid, "--threads", "1").Succeeded();
        string evaluated = Path.GetDirectoryName(Assert.Single(Directory.GetFiles(workspace.At("sweep"), "evaluation.json", SearchOption.AllDirectories)))!;
        Assert.Equal(scorer, EvaluationFiles.ReadResult(evaluated)!.Scorer);
    }

    private CliResult Score(string texts, string output, params string[] more) =>
        CliProcess.Run(["score", texts, "-o", fixture.At(output), .. more]);

    private JsonElement[] Lines(string name) => [.. File.ReadLines(fixture.At(name)).Select(line => JsonDocument.Parse(line).RootElement)];

    public sealed class Fixture : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Fixture()
        {
            Toxicity = TinyEncoder.OfTexts(("toxic", ["bad"]), ("obscene", [])).Write(At("toxicity"));
            Feelings = TinyEncoder.OfTexts(("joy", []), ("anger", [])).Write(At("feelings"));
            Names = TinyEncoder.OfTokens(("O", []), ("B-PER", ["alice"]), ("I-PER", ["smith"]), ("B-LOC", ["paris"])).Write(At("names"));
        }

        public string Toxicity { get; }

        public string Feelings { get; }

        public string Names { get; }

        public string At(string name) => _folder.At(name);

        public string Texts(string name, string[] documents)
        {
            File.WriteAllLines(At(name), documents);
            return At(name);
        }

        public void Dispose() => _folder.Dispose();
    }
}
