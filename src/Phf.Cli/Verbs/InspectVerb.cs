using System.CommandLine;
using Phf.Formats;

namespace Phf.Cli.Verbs;

/// <summary><c>phf inspect</c>: what a file or folder is, what is in it, and whether Phf can use it.</summary>
internal static class InspectVerb
{
    private static readonly Argument<string> Target = new("PATH") { Description = "a run, a checkpoint, a model, packed data, a tokenizer, or a file of weights or settings; or a name of the Hub, once downloaded" };
    private static readonly Option<bool> Tensors = new("--tensors") { Description = "list every tensor: name, type, shape, bytes, file" };

    public static Command Create()
    {
        var verb = new Command("inspect", "Say what a file or folder is: tensors, shapes, types, parameters, tokenizer, and whether Phf can use it.") { Target, Tensors };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        string path = parsed.GetRequiredValue(Target);
        Inspection inspection = Inspection.Of(path);
        SummaryTable.Write(path, inspection.Rows);
        if (!parsed.GetValue(Tensors)) return ExitCode.Done;
        if (inspection.WeightsPath is null) throw new InvalidDataException($"{path}: there are no weights, so no tensors to list");
        using WeightFiles weights = WeightFiles.Open(inspection.WeightsPath);
        TextWriter output = parsed.InvocationConfiguration.Output;
        foreach (StoredTensor tensor in weights.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
            output.WriteLine($"{Shown(tensor.Name)}\t{tensor.Type}\t[{string.Join(", ", tensor.Shape)}]\t{tensor.ByteLength}\t{Path.GetFileName(tensor.Path)}");
        return ExitCode.Done;
    }

    /// <summary>A name from a stranger's file must not steer the terminal, nor break the columns.</summary>
    internal static string Shown(string name) => string.Concat(name.Select(letter => char.IsControl(letter) ? '?' : letter));
}
