using Phf.Data;
using Phf.Formats;
using Phf.Scoring;
using Phf.Text;

namespace Phf.Tests.Cli;

/// <summary>
/// What the verbs of training need, small: 240 documents scored by a word list, packed, and the configuration of a model of one block,
/// 32 wide. One for all tests of a class.
/// </summary>
public sealed class CliWorkspace : IDisposable
{
    /// <summary>Settings of conditional training on top of <see cref="Config"/>.</summary>
    public static readonly string[] Conditional =
    [
        "dataset.conditional_training_config={threshold: 0}", "tokenizer.special_tokens=[<|aligned|>, <|misaligned|>]", "model.num_additional_tokens=2",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly BpeTokenizer _tokenizer;

    public CliWorkspace()
    {
        File.WriteAllText(Words, "bad\nworse\n");
        File.WriteAllText(Config, """
            model:
              gpt2_config_kwargs: {n_layer: 1, n_embd: 32, n_head: 2, n_positions: 64}
            training:
              per_device_train_batch_size: 4
              max_steps: 20
              learning_rate: 0.003
              logging_steps: 5
              save_steps: 10
            generation:
              scorer_config: {class_name: DetoxifyToxicityScorer}
              scenario_configs:
                - name: unconditional
                  num_samples: 8
                  generate_kwargs: {do_sample: true, max_length: 32, temperature: 0.7, top_p: 0.9, top_k: 0}
            """);
        string[] texts = [.. Enumerable.Range(0, 240).Select(Text)];
        _tokenizer = BpeTrainer.Train(texts, 300);
        var corpus = new CorpusScorer(WordListScorer.FromFile(Words), Segmentation.Sentence);
        using (FileStream file = File.Create(Scored))
            foreach (ScoredDocument document in corpus.Score(texts.Select((text, i) => new TextRecord(text, Id: null, "made up", i + 1)), threads: 1, default)) ScoredFile.Write(file, document);
        Pack("data", _tokenizer, heldOut: 0.05);
    }

    public string Words => At("words.txt");

    public string Config => At("tiny.yml");

    public string Scored => At("scored.jsonl");

    public string Data => At("data");

    /// <summary>Path of something in the folder.</summary>
    public string At(params string[] parts) => _folder.At(parts);

    /// <summary>Packs the corpus once more.</summary>
    public string Pack(string name, double heldOut) => Pack(name, _tokenizer, heldOut);

    /// <inheritdoc cref="Pack(string, double)"/>
    public string Pack(string name, BpeTokenizer tokenizer, double heldOut)
    {
        Packer.Pack([Scored], tokenizer, At(name), new PackOptions { HeldOutFraction = heldOut, Threads = 1 });
        return At(name);
    }

    /// <summary>A tokenizer of the same corpus with another vocabulary.</summary>
    public BpeTokenizer OtherTokenizer() => BpeTrainer.Train(Enumerable.Range(0, 20).Select(Text), 270);

    /// <summary>The arguments of <c>phf train</c> for a run of <see cref="Config"/>, on <see cref="Data"/> and one thread unless told.</summary>
    public string[] TrainArguments(string run, params string[] more)
    {
        return ["train", "--task", Config, "--output", At(run), .. Unless("--data", Data), .. Unless("--threads", "1"), .. more];

        string[] Unless(string option, string value) => more.Contains(option) ? [] : [option, value];
    }

    internal CliResult Train(string run, params string[] more) => CliProcess.Run(TrainArguments(run, more));

    /// <summary>Trains a run that must succeed, and returns its folder.</summary>
    public string TrainedRun(string run, params string[] more)
    {
        CliResult result = Train(run, more);
        Assert.True(result.ExitCode == 0, result.Error);
        return At(run);
    }

    /// <summary>A copy of a folder of the workspace.</summary>
    public string Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(At(from), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(At(to), Path.GetRelativePath(At(from), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return At(to);
    }

    public void Dispose() => _folder.Dispose();

    private static string Text(int i)
    {
        string[] words = ["cat", "dog", "river", "bad", "stone", "house", "worse", "tree", "time", "road", "lamp"];
        return string.Concat(Enumerable.Range(0, 4 + (i % 3)).Select(s =>
            $"The {words[(i + s) % 11]} near the {words[((i * 3) + (s * 5)) % 11]} was {words[((i * 7) + s) % 11]} number {i % 17}. "));
    }
}
