using System.CommandLine;
using System.Text.Json.Nodes;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf generate</c>: texts from a run or a model directory.</summary>
internal static class GenerateVerb
{
    private static readonly Argument<string> Source = new("RUN") { Description = "a run (its newest checkpoint), a checkpoint or a model directory" };
    private static readonly Option<string> Prompt = new("--prompt") { Description = "text to go on with", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Samples = new("--samples") { Description = "texts to write", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> MaxLength = new("--max-length") { Description = "longest text in tokens, prompt included; 0 for the model's context, at most 256" };
    private static readonly Option<int> MinLength = new("--min-length") { Description = "shortest text in tokens, prompt included" };
    private static readonly Option<double> Temperature = new("--temperature") { DefaultValueFactory = _ => 0.7, Description = "below 1 bolder, 0 for the most probable token each time" };
    private static readonly Option<double> TopP = new("--top-p") { DefaultValueFactory = _ => 0.9, Description = "keep the most probable tokens of this much probability" };
    private static readonly Option<int> TopK = new("--top-k") { Description = "keep this many most probable tokens; 0 for all" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "same seed, same texts" };
    private static readonly Option<string> Tag = new("--tag")
    {
        DefaultValueFactory = _ => "aligned",
        Description = "for a conditionally trained run: begin with the aligned tag (the other one is banned), the misaligned tag, or none",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "one JSON object a line: index, prompt, text" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        Tag.AcceptOnlyFromAmong("aligned", "misaligned", "none");
        var verb = new Command("generate", "Write texts with a trained model.")
        {
            Source, Prompt, Samples, MaxLength, MinLength, Temperature, TopP, TopK, Seed, Tag, Json, Threads,
        };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        int count = parsed.GetValue(Samples);
        if (count < 1) throw new UsageException($"--samples {count}: at least 1 was expected");
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(source.Directory);
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        using Gpt2 model = Gpt2Weights.Load(source.Directory, backend);
        (int[] prefix, int[] banned) = Tags(source, tokenizer, parsed.GetRequiredValue(Tag));
        string prompt = parsed.GetRequiredValue(Prompt);
        int[] ids = [tokenizer.EndOfTextId, .. prefix, .. tokenizer.Encode(prompt)];
        double temperature = parsed.GetValue(Temperature);
        int maxLength = parsed.GetValue(MaxLength);
        var options = new SamplingOptions
        {
            MaxLength = maxLength > 0 ? maxLength : Math.Min(256, model.Config.Positions),
            MinLength = parsed.GetValue(MinLength),
            Sample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = parsed.GetValue(TopP),
            TopK = parsed.GetValue(TopK),
            Banned = banned,
        };
        int[][] written = new Sampler(model, tokenizer.EndOfTextId).Generate([.. Enumerable.Repeat(ids, count)], options, parsed.GetValue(Seed), cancel: cancel);
        TextWriter output = parsed.InvocationConfiguration.Output;
        for (int i = 0; i < count; i++)
        {
            string text = tokenizer.Decode(written[i], skipSpecialTokens: true);
            if (parsed.GetValue(Json)) output.WriteLine(new JsonObject { ["index"] = i, ["prompt"] = prompt, ["text"] = text }.ToJsonString());
            else output.WriteLine((i == 0 ? "" : "---\n") + prompt + text);
        }
        return ExitCode.Done;
    }

    private static (int[] Prefix, int[] Banned) Tags(ModelSource source, BpeTokenizer tokenizer, string choice)
    {
        ConditionalTrainingConfig tags = source.Run?.Config().Dataset.ConditionalTrainingConfig ?? new ConditionalTrainingConfig();
        if (choice == "none" || !tokenizer.TryGetId(tags.AlignedPrefix, out int aligned) || !tokenizer.TryGetId(tags.MisalignedPrefix, out int misaligned))
            return ([], []);
        return choice == "aligned" ? ([aligned], [misaligned]) : ([misaligned], [aligned]);
    }
}
