using Phf.Cli.Quickstart;

namespace Phf.Tests.Cli;

public sealed class QuickstartStoryTests : IDisposable
{
    private const int Runs = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SameSeed_SameBytes_ForAnyThreads()
    {
        Dictionary<string, byte[]> one = Tell("one", threads: 1), two = Tell("two", threads: 2);
        Assert.Equal(one.Keys, two.Keys);
        Assert.All(one, file => Assert.True(file.Value.AsSpan().SequenceEqual(two[file.Key]), file.Key));
        Assert.Equal(2 + (Runs * 4), one.Count);

        Dictionary<string, byte[]> Tell(string name, int threads)
        {
            string folder = _folder.At(name);
            Directory.CreateDirectory(folder);
            var settings = new QuickstartSettings
            {
                Directory = folder,
                Seed = 7,
                Threads = threads,
                Documents = 100,
                VocabularySize = 300,
                TokensPerRun = 2 * 16 * 128,
                Samples = 2,
            };
            new QuickstartStory(settings, CancellationToken.None).Tell();
            string[] compared = ["corpus.jsonl", "scored.jsonl", "model.safetensors", "optimizer.safetensors", "evaluation.json", "evaluation-samples.jsonl"];
            return Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => compared.Contains(Path.GetFileName(file)))
                .ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllBytes);
        }
    }
}
