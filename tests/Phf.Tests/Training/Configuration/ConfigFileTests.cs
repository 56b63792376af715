using Phf.Training.Configuration;

namespace Phf.Tests.Training.Configuration;

/// <summary>Files that stand on others, and sections that hold together with others.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ConfigFileTests()
    {
        Directory.CreateDirectory(_folder.At("task"));
        Write("common.yml", "training: {max_steps: 5, learning_rate: 0.1, seed: 1}");
        Write("more.yml", "training: {seed: 2}");
        Write("task/pretrain.yml", "base: [../common.yml, ../more.yml]\ntraining: {learning_rate: 0.2}");
        Write("task/finetune.yml", "base: pretrain.yml");
        Write("task/rwr.yml", "objective: {name: RWR, beta: 1}");
        Write("task/mle.yml", "objective: {name: MLE}");
        Write("task/big.yml", """
            training: {learning_rate: 0.3}
            with:
              rwr: {training: {learning_rate: 0.4}, objective: {beta: 4}}
              finetune: {training: {learning_rate: 0.5}}
              finetune+rwr: {objective: {beta: 5}}
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Base_IsReadFirst_FromTheFilesOwnFolder()
    {
        TrainingSection training = Load("task/finetune.yml").Training;
        Assert.Equal((5L, 0.2, 2L), (training.MaxSteps, training.LearningRate, training.Seed));
    }

    [Theory]
    [InlineData("pretrain", "mle", 0.3, null)]
    [InlineData("pretrain", "rwr", 0.4, 4.0)]
    [InlineData("finetune", "mle", 0.5, null)]
    [InlineData("finetune", "rwr", 0.5, 5.0)]
    public void With_HoldsWhereItsFilesAreGiven_LaterSectionsWin(string task, string method, double rate, double? beta)
    {
        RunConfig config = Load($"task/{task}.yml", $"task/{method}.yml", "task/big.yml");
        Assert.Equal((rate, beta), (config.Training.LearningRate, config.Objective.Beta));
    }

    [Fact]
    public void Sections_OfABase_KnowTheFilesOfTheFolderBelow()
    {
        Write("big.yml", "with: {rwr: {objective: {beta: 9}}}");
        Write("task/bigger.yml", "base: ../big.yml");
        Assert.Equal(9, Load("task/pretrain.yml", "task/rwr.yml", "task/bigger.yml").Objective.Beta);
    }

    [Theory]
    [InlineData("with: {conditionnal: {training: {seed: 3}}}", "x.yml line 1: with.conditionnal is for a file conditionnal.yml, which is neither beside")]
    [InlineData("with: {'../task/rwr': {}}", "with.../task/rwr is for a file ../task/rwr.yml")]
    [InlineData("with: {rwr: 3}", "x.yml line 1: with.rwr is no section; expected settings")]
    [InlineData("with: 3", "x.yml line 1: with is no section; expected names of files")]
    [InlineData("base: nowhere.yml", "nowhere.yml does not exist")]
    [InlineData("base: {}", "x.yml line 1: base names no file")]
    [InlineData("base: x.yml", "base leads through more than 8 files, perhaps in a circle")]
    public void BadFile_IsNamed(string text, string expected)
    {
        Write("task/x.yml", text);
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Load("task/pretrain.yml", "task/x.yml")).Message);
    }

    [Fact]
    public void Size_IsAFileBesideTheTask_OrAPath()
    {
        string task = _folder.At("task", "pretrain.yml");
        Assert.Equal([_folder.At("task", "big.yml")], ConfigSize.FilesOf(task, "big"));
        Assert.Equal([_folder.At("more.yml")], ConfigSize.FilesOf(task, _folder.At("more.yml")));
        Assert.Empty(ConfigSize.FilesOf(task, "laptop"));
        Assert.Contains("big.yml is a file", Assert.Throws<InvalidDataException>(() => ConfigSize.FilesOf(_folder.At("common.yml"), "big")).Message);
    }

    private RunConfig Load(params string[] files) => ConfigLoader.Load([.. files.Select(file => _folder.At(file.Split('/')))], []).Config;

    private void Write(string name, string text) => File.WriteAllText(_folder.At(name.Split('/')), text);
}
