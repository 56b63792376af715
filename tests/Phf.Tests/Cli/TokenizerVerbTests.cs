using Phf.Text;

namespace Phf.Tests.Cli;

public sealed class TokenizerVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("phf-tokenizer-verb-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Train_JsonScoredAndPlainText_IsTheLibrarysTokenizer()
    {
        string json = Write("a.jsonl", "{\"text\": \"the cat sat\"}\n{\"body\": 1}\n{\"texts\": [\"the mat. \", \"the rat.\"], \"scores\": [0, 1]}\n");
        string plain = Write("b.txt", "the end\n");
        string output = Path.Combine(_folder, "tokenizer");
        CliResult result = CliProcess.Run("tokenizer", "train", json, plain, "-o", output, "--vocab-size", "262");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("skipped", result.Output);
        BpeTokenizer expected = BpeTrainer.Train(["the cat sat", "the mat. the rat.", "the end"], 262);
        Assert.Equal(expected.Fingerprint, BpeTokenizer.FromDirectory(output).Fingerprint);

        string[] again = ["tokenizer", "train", json, "-o", output, "--vocab-size", "300"];
        CliResult refused = CliProcess.Run(again);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--force", refused.Error);
        Assert.Equal(0, CliProcess.Run([.. again, "--force"]).ExitCode);
        Assert.NotEqual(expected.Fingerprint, BpeTokenizer.FromDirectory(output).Fingerprint);
    }

    [Fact]
    public void Train_TooSmallVocabulary_IsBadUsage()
    {
        CliResult result = CliProcess.Run("tokenizer", "train", Write("a.txt", "a\n"), "-o", Path.Combine(_folder, "out"), "--vocab-size", "256");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("257", result.Error);
    }

    [Fact]
    public void Train_NothingUsable_WritesNothing()
    {
        string output = Path.Combine(_folder, "out");
        CliResult result = CliProcess.Run("tokenizer", "train", Write("a.jsonl", "{\"body\": \"x\"}\n"), "-o", output, "--vocab-size", "300");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("a.jsonl line 1", result.Error);
        Assert.False(Directory.Exists(output));
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
