using System.CommandLine;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli.Verbs;

/// <summary><c>phf export</c>: a model alone, as transformers opens it, in 32 or 16 bits.</summary>
internal static class ExportVerb
{
    private static readonly Argument<string> Source = new("MODEL") { Description = "folder of a run (its newest checkpoint), of a checkpoint or of a model; or a name of the Hub, once downloaded" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create", Required = true, HelpName = "DIR" };
    private static readonly Option<string> Type = new("--dtype") { Description = "of the weights: float32, float16 or bfloat16", DefaultValueFactory = _ => "float32" };
    private static readonly Option<bool> Force = new("--force") { Description = "write into a folder that is not empty" };

    public static Command Create()
    {
        Type.AcceptOnlyFromAmong("float32", "float16", "bfloat16");
        var verb = new Command("export", "Write a model alone, as Hugging Face transformers opens it: weights, tokenizer, model card.") { Source, Output, Type, Force };
        verb.SetAction(parsed => Run(parsed));
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        string output = parsed.GetRequiredValue(Output), type = parsed.GetRequiredValue(Type);
        OutputFolders.Check(output, parsed.GetValue(Force));
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(source.Directory);
        using IBackend backend = Backends.CreateReference(); // nothing is computed
        using Gpt2 model = Gpt2Weights.Load(source.Directory, backend);
        string card = Path.Combine(source.Directory, ModelDirectory.CardName);
        SafetensorsType stored = type switch { "float16" => SafetensorsType.F16, "bfloat16" => SafetensorsType.BF16, _ => SafetensorsType.F32 };
        ModelDirectory.Write(output, model, tokenizer, File.Exists(card) ? File.ReadAllText(card) : ModelCard.Text(model.Config), stored);
        SummaryTable.Write(output,
        [
            ("from", source.Directory),
            ("parameters", $"{SummaryTable.Count(model.Parameters.Layout.Count)} as {type}"),
            ("weights", $"{SummaryTable.Count(new FileInfo(Path.Combine(output, Gpt2Weights.FileName)).Length)} bytes"),
        ]);
        return ExitCode.Done;
    }
}
