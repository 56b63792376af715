using System.Text;
using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Tests.Training.Configuration;

public sealed class ConfigLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("phf-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Defaults_AreThoseOfTrainingArguments()
    {
        TrainingSection training = Load("training: {max_steps: 10}").Config.Training;
        Assert.Equal((5e-5, 0.0, 0.9, 0.999, 1e-8, 1.0),
            (training.LearningRate, training.WeightDecay, training.AdamBeta1, training.AdamBeta2, training.AdamEpsilon, training.MaxGradNorm));
        Assert.Equal(("linear", 42L, 8, 500, 500), (training.LrSchedulerType, training.Seed, training.PerDeviceTrainBatchSize, training.SaveSteps, training.LoggingSteps));
        Assert.Equal((0L, 10L), (training.WarmupStepsOf(10), training.TotalSteps(sequenceLength: 128)));
    }

    [Fact]
    public void LastOneWins_MappingsMerge_ListsAndScalarsReplace()
    {
        string task = Write("task.yml", """
            training: {max_steps: 10, learning_rate: 1e-3, weight_decay: 0.1}
            generation: {force_call_on: [1, 2, 3], scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a}, {name: b, num_samples: 8}]}
            """);
        string method = Write("method.yml", "training: {learning_rate: 2e-3}\ngeneration: {force_call_on: [7]}");
        RunConfig config = ConfigLoader.Load([task, method],
        [
            "training.weight_decay=0", "generation.scenario_configs.1.num_samples=64", "dataset.filter_threshold=p50", "training.max_steps=",
            "training.num_tokens=1e7",
        ]).Config;

        Assert.Equal((2e-3, 0.0, (long?)null, (long?)10_000_000),
            (config.Training.LearningRate, config.Training.WeightDecay, config.Training.MaxSteps, config.Training.NumTokens));
        Assert.Equal([7], config.Generation.ForceCallOn);
        Assert.Equal("PIIScorer", config.Generation.ScorerConfig.ClassName);
        Assert.Equal([("a", 32), ("b", 64)], config.Generation.ScenarioConfigs.Select(scenario => (scenario.Name, scenario.NumSamples)));
        Assert.Equal(Threshold.Parse("p50"), config.Dataset.FilterThreshold);
    }

    [Theory]
    [InlineData("3.3E+9", 3_300_000_000L)]
    [InlineData("1e7", 10_000_000L)]
    [InlineData("3_300_000_000", 3_300_000_000L)]
    [InlineData("1__0", null)]
    [InlineData("_10", null)]
    [InlineData("'12'", 12L)]
    [InlineData("9007199254740993", 9007199254740993L)]
    [InlineData("1e17", null)]
    [InlineData("1.5", null)]
    [InlineData("0", null)]
    [InlineData(".inf", null)]
    [InlineData("[1]", null)]
    public void WholeNumbers(string text, long? expected)
    {
        if (expected is not null) Assert.Equal(expected, Load($"training: {{num_tokens: {text}}}").Config.Training.NumTokens);
        else Assert.Contains("expected a whole number, at least 1", Assert.Single(ProblemsOf($"training: {{num_tokens: {text}}}")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("FALSE", false)]
    [InlineData("no", false)]
    [InlineData("null", true)]
    [InlineData("1", null)]
    public void TrueAndFalse(string text, bool? expected)
    {
        string yaml = $"training: {{max_steps: 1}}\nmodel: {{path_or_name: gpt2, from_scratch: {text}}}";
        if (expected is not null) Assert.Equal(expected, Load(yaml).Config.Model.FromScratch);
        else Assert.Contains("model.from_scratch is '1'; expected true or false", Assert.Single(ProblemsOf(yaml)));
    }

    [Fact]
    public void ZeroIsAValue_NullIsNone()
    {
        const string yaml = "training: {max_steps: 1}\nobjective: {name: Unlikelihood, alpha: 0, score_threshold: 0}\ndataset: {filter_threshold: 0.0}";
        RunConfig config = Load(yaml).Config;
        Assert.Equal((0.0, Threshold.At(0), Threshold.At(0)), (config.Objective.Alpha, config.Objective.ScoreThreshold, config.Dataset.FilterThreshold));
        Assert.Null(Load(yaml.Replace("0.0}", "null}")).Config.Dataset.FilterThreshold);
        Assert.Contains("objective.score_threshold is missing", Assert.Single(ProblemsOf(yaml.Replace("score_threshold: 0", "score_threshold: null"))));
    }

    [Fact]
    public void AllProblems_AreToldTogether_WithTheirPlaces()
    {
        string[] problems = ProblemsOf("""
            training:
              max_steps: 1
              learnin_rate: 1e-3
              warmup_ratio: 1.5
              lr_scheduler_type: square
            modle: {}
            dataset:
              conditional_training_config: {thresholds: 1}
            generation:
              force_call_on: 7
              scenario_configs: [{name: a, generate_kwargs: {top_p: 0}}]
            """, "training.seed", "objective.alpha=[]", "generation.scenario_configs.3.name=b", "training=3", "objective.beta=!!python/object {}");
        Assert.Equal(
        [
            "--override training.seed: expected KEY=VALUE, such as training.learning_rate=1e-3",
            "--override generation.scenario_configs.3.name=b: generation.scenario_configs is a list of 1; '3' picks none of them (0 is the first)",
            "--override objective.beta=!!python/object {}: tags (!) are not read; leave the tag out",
            "--override training=3: training is '3'; expected a section (keys and values)",
            "task.yml line 6: unknown key modle; the nearest known key is model",
            "task.yml line 8: dataset.conditional_training_config.thresholds is '1'; expected a list",
            "task.yml line 10: generation.force_call_on is '7'; expected a list",
            "task.yml line 11: generation.scenario_configs.0.generate_kwargs.top_p is '0'; expected a number above 0 and at most 1",
            "--override objective.alpha=[]: objective.alpha is a list; expected a number, at least 0",
        ], problems);
    }

    [Fact]
    public void TrainingProblems_NameKeyPlaceAndRemedy() => Assert.Equal(
        [
            "task.yml line 3: unknown key training.learnin_rate; the nearest known key is training.learning_rate",
            "task.yml line 4: training.warmup_ratio is '1.5'; expected a number from 0 to 1",
            "task.yml line 5: training.lr_scheduler_type is 'square'; expected one of linear, cosine, constant, wsd, warmup_stable_decay",
            "task.yml line 6: training.tokens_already_seen is '-5'; expected a whole number, at least 0, or auto",
        ],
        ProblemsOf("training:\n  max_steps: 1\n  learnin_rate: 1e-3\n  warmup_ratio: 1.5\n  lr_scheduler_type: square\n  tokens_already_seen: -5"));

    [Theory]
    [InlineData("model: {n_layer: 4}", "model.n_layer", "model.gpt2_config_kwargs.n_layer")]
    [InlineData("learning_rate: 1", "learning_rate", "training.learning_rate")]
    [InlineData("generation: {scenario_configs: [{name: a, prefx: b}]}", "generation.scenario_configs.0.prefx", "generation.scenario_configs.prefix")]
    [InlineData("training: {batch_size: 8}", "training.batch_size", "generation.batch_size")]
    public void UnknownKey_NamesTheNearest(string yaml, string unknown, string nearest) =>
        Assert.Equal($"task.yml line 1: unknown key {unknown}; the nearest known key is {nearest}", ProblemsOf(yaml)[0]);

    [Theory]
    [InlineData("training: {}", "training.num_tokens is missing")]
    [InlineData("training: {max_steps: -1}", "training.num_tokens is missing")]
    [InlineData("training: {max_steps: 1, effective_batch_size: 12}", "training.effective_batch_size is 12, no multiple")]
    [InlineData("training: {max_steps: 1, sequence_length: 300}\nmodel: {gpt2_config_kwargs: {n_positions: 256}}", "training.sequence_length is 300, longer than")]
    [InlineData("training: {max_steps: 1}\nmodel: {gpt2_config_kwargs: {n_embd: 100, n_head: 8}}", "n_embd is 100, no multiple of n_head = 8")]
    [InlineData("training: {max_steps: 1}\nmodel: {from_scratch: false}", "model.path_or_name is missing")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: RWR}", "objective.beta is missing; RWR needs it")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: AWR}", "objective.beta is missing; AWR needs it")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: AWR, beta: 1, alpha: 1.5}", "objective.alpha is 1.5; for AWR it is a share above 0 and at most 1")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: AWR, beta: 1, alpha: 0}", "objective.alpha is 0; for AWR")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: RWR, beta: 1, use_head_train_steps: 5}", "objective.use_head_train_steps is no parameter of RWR")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: MLE, beta: 2}", "objective.beta is no parameter of MLE")]
    [InlineData("training: {max_steps: 1}\nobjective: {name: Unlikelihood, alpha: 1}", "objective.score_threshold is missing")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scenario_configs: [{name: a}]}", "generation.scorer_config.class_name is missing")]
    [InlineData("training: {max_steps: 1}\ngeneration: {metrics_configs: [{class_name: NGramStats}]}", "generation.metrics_configs.0.n is missing; NGramStats needs it")]
    [InlineData("training: {max_steps: 1}\ngeneration: {metrics_configs: [{class_name: Lenght}]}", "one of Length, NGramStats, SelfBlEU, Compilability")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a}, {name: a}]}", "scenario_configs.1.name is 'a'")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, generate_kwargs: {max_new_tokens: 3, min_new_tokens: 4, min_length: 30}}]}",
        "generate_kwargs.min_new_tokens is 4, above max_new_tokens = 3")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, best_of: 4, reject_above: 0}]}",
        "best_of is 4, and reject_above is given; they choose in different ways")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, guidance: 1}]}",
        "guidance is for models with tags, and dataset.conditional_training_config is not set")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, max_prompt_tokens: 4}]}",
        "max_prompt_tokens cuts prompts, and there is no prompts_path")]
    [InlineData("training: {max_steps: 1}\ntokenizer: {special_tokens: ['<|aligned|>', '<|misaligned|>']}\ndataset: {conditional_training_config: {threshold: 0, tag_unit: document}}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, tags: retag}]}",
        "tags is retag, which puts a tag before every segment, and tag_unit is document")]
    [InlineData("training: {max_steps: 1}\ngeneration: {scorer_config: {class_name: PIIScorer}, scenario_configs: [{name: a, generate_kwargs: {min_length: 30}}]}",
        "generate_kwargs.min_length is 30, above max_length = 20")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {threshold: 0}}\ntokenizer: {special_tokens: ['<|aligned|>']}",
        "misaligned_prefix is '<|misaligned|>', which is no token of its own")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {drop_token_fraction: 0.1}}\ntokenizer: {special_tokens: ['<|aligned|>', '<|misaligned|>']}",
        "line 2: dataset.conditional_training_config has no threshold; give threshold")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {threshold: 0, prefixes: [a, b]}}\ntokenizer: {special_tokens: [a, b]}",
        "threshold is for two tags, thresholds and prefixes are for more; give one of both forms")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {thresholds: [0, p90], prefixes: [a, b, c], misaligned_prefix: c}}\ntokenizer: {special_tokens: [a, b, c]}",
        "prefixes name all tags, aligned_prefix and misaligned_prefix name two")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {thresholds: [0, p90], prefixes: [a, b]}}\ntokenizer: {special_tokens: [a, b]}",
        "prefixes are 2 and thresholds 2; give one prefix more than thresholds")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {thresholds: [0, p90], prefixes: [a, b, a]}}\ntokenizer: {special_tokens: [a, b]}",
        "prefixes.2 is 'a', as prefixes.0 is; give different tags")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {threshold: 0, tag_form: text}}\ntokenizer: {special_tokens: ['<|misaligned|>']}",
        "misaligned_prefix is '<|misaligned|>', which is one token of tokenizer.special_tokens; take it out there")]
    [InlineData("training: {max_steps: 1}\ndataset: {conditional_training_config: {threshold: 0, tag_form: text, aligned_prefix: ''}}", "aligned_prefix is empty")]
    [InlineData("training: {max_steps: 1}\nmodel: {gpt2_config_kwargs: {attn_pdrop: 0.1}}", "attn_pdrop is not supported: there is no dropout here")]
    [InlineData("training: {max_steps: 1}\ndataset: {is_split_by_sentences: false}", "is_split_by_sentences is not supported")]
    public void ValuesThatDoNotFitTogether(string yaml, string problem) => Assert.Contains(problem, Assert.Single(ProblemsOf(yaml)));

    [Fact]
    public void Notes_TellEachKeyWithoutEffectOnce()
    {
        string task = Write("task.yml", "training:\n  max_steps: 1\n  fp16: true\nkl_gpt3_callback: {every_n_steps: 1000, gpt3_kwargs: {any: [1]}}");
        string method = Write("method.yml", "training: {fp16: false}");
        Assert.Equal(
            [
                $"{method} line 1: training.fp16 has no effect: everything is computed in 32-bit floats",
                $"{task} line 4: kl_gpt3_callback.every_n_steps has no effect: the KL is estimated by phf evaluate, not while training",
                $"{task} line 4: kl_gpt3_callback.gpt3_kwargs has no effect: GPT-3 is not asked; phf evaluate --reference names the reference LM",
            ],
            ConfigLoader.Load([task, method], []).Notes);
    }

    [Theory]
    [InlineData("a: &x [1]\nb: *x", "line 1: anchors and aliases")]
    [InlineData("a: 1\nb: !!int 3", "line 2: tags (!) are not read")]
    [InlineData("training: {seed: 1}\nmodel: {}\ntraining: {seed: 2}", "line 3: key training stands here and at")]
    [InlineData("training: {seed: 1", "no valid YAML")]
    [InlineData("a: 1\n---\nb: 2", "line 2: a second document begins")]
    [InlineData("- 1\n- 2", "expected sections")]
    [InlineData("? [a, b]\n: 1", "a key must be a plain word")]
    public void HostileYaml_IsRefused(string yaml, string problem) => Assert.Contains(problem, ProblemsOf(yaml)[0]);

    [Fact]
    public void Messages_QuoteStrangersShortly_AndWithoutControlCharacters()
    {
        string problem = ProblemsOf($"\"a\\e[31m{new string('b', 1000)}\": 1")[0];
        Assert.StartsWith("task.yml line 1: unknown key a?[31mbbb", problem);
        Assert.True(problem.Length < 250, problem);
    }

    [Fact]
    public void DeepLongMissingAndBinaryFiles_AreRefused()
    {
        Assert.Contains("nested deeper than 32 levels", ProblemsOf(new string('[', 100_000))[0]);
        Assert.Contains("nested deeper than 32 levels", ProblemsOf("training: {max_steps: 1}", "a=" + new string('[', 1000))[0]);
        Assert.Contains("more than 20000 keys and values", ProblemsOf($"a: [{string.Join(',', Enumerable.Repeat("1", 20_000))}]")[0]);
        Assert.Contains("is larger than 1 MB", ProblemsOf(new string('#', (1 << 20) + 1))[0]);
        File.WriteAllBytes(Path.Combine(_folder, "binary.yml"), [0x61, 0x3a, 0xff, 0xfe]);
        string message = Assert.Throws<InvalidDataException>(() => ConfigLoader.Load([Path.Combine(_folder, "binary.yml"), Path.Combine(_folder, "none.yml")], [])).Message;
        Assert.Contains("binary.yml: no UTF-8 text\n", message);
        Assert.Contains("none.yml does not exist", message);
    }

    [Fact]
    public void ByteOrderMarkAndEmptyFile_AreNoProblem()
    {
        File.WriteAllText(Path.Combine(_folder, "bom.yml"), "training: {max_steps: 3}", Encoding.UTF8);
        Assert.Equal(3, ConfigLoader.Load([Path.Combine(_folder, "bom.yml"), Write("empty.yml", "# nothing\n")], []).Config.Training.MaxSteps);
    }

    [Fact]
    public void ToYaml_ReadsBackToTheSame()
    {
        string yaml = Load("""
            training: {num_tokens: 3.3E+9, learning_rate: 0.1, adam_epsilon: 1e-12, output_dir: 'yes'}
            dataset: {data: "a\\b: \"c\" #d \u2028 \U0001F600", filter_threshold: p99.5, conditional_training_config: {threshold: 1e-7}}
            tokenizer: {special_tokens: ["<|aligned|>", "<|misaligned|>", "null", "0"]}
            model: {num_additional_tokens: 2, model_kwargs: {value_head_config: {is_detached: true}}}
            generation:
              scorer_config: {class_name: PIIScorer}
              metrics_configs: [{class_name: Length}, {class_name: NGramStats, n: 2}]
              scenario_configs: [{name: "~", prefix: "", generate_kwargs: {bad_words_ids: [[1, 2], [3]], bad_words: [a]}}]
            """).Config.ToYaml();
        LoadedConfig again = ConfigLoader.Load([Write("again.yml", yaml)], []);
        Assert.Equal(yaml, again.Config.ToYaml());
        Assert.Empty(again.Notes);
        Assert.Equal("a\\b: \"c\" #d \u2028 \U0001F600", again.Config.Dataset.Data);
        Assert.Equal(["<|aligned|>", "<|misaligned|>", "null", "0"], again.Config.Tokenizer.SpecialTokens);
        Assert.Equal(("~", "", "yes"), (again.Config.Generation.ScenarioConfigs[0].Name, again.Config.Generation.ScenarioConfigs[0].Prefix, again.Config.Training.OutputDir));
    }

    [Fact]
    public void TotalSteps_RoundsDown_AndRefusesLessThanOne()
    {
        var training = new TrainingSection { NumTokens = 4095, EffectiveBatchSize = 16 };
        Assert.Equal(1, training.TotalSteps(sequenceLength: 128));
        Assert.Contains("one step takes 16 sequences of 256 = 4096 tokens", Assert.Throws<InvalidDataException>(() => training.TotalSteps(256)).Message);
        Assert.Equal(0, (training with { MaxSteps = 0 }).TotalSteps(256));
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("n_embed", "n_embd", 1)]
    [InlineData("same", "same", 0)]
    public void Distance_CountsChangedLetters(string a, string b, int expected)
    {
        Assert.Equal(expected, NearestKey.Distance(a, b));
        Assert.Equal(expected, NearestKey.Distance(b, a));
    }

    private LoadedConfig Load(string yaml) => ConfigLoader.Load([Write("task.yml", yaml)], []);

    private string[] ProblemsOf(string yaml, params string[] overrides)
    {
        string file = Write("task.yml", yaml);
        string message = Assert.Throws<InvalidDataException>(() => ConfigLoader.Load([file], overrides)).Message;
        return message.Replace(file, "task.yml").Split('\n');
    }

    private string Write(string name, string yaml)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, yaml);
        return path;
    }
}
