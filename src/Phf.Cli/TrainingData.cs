using System.Globalization;
using System.Text;
using Phf.Data;
using Phf.Formats;
using Phf.Formats.Hub;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>
/// The data of a run whose configuration names datasets of the Hugging Face Hub: found on this machine, and packed if it is scored text. What was
/// packed is kept, so the next run finds it.
/// </summary>
internal static class TrainingData
{
    private const double HeldOut = 0.02; // as phf pack
    private const int MostNamed = 3; // the reference's files name 39 datasets of one kind

    /// <summary>The configuration with <c>dataset.data</c> set, where <c>dataset.datasets</c> must be looked up for it.</summary>
    /// <exception cref="InvalidDataException">Not everything was found; the message says where was looked and what to do.</exception>
    public static RunConfig Located(RunConfig config, CancellationToken cancel)
    {
        if (config.Dataset.Datasets.Count == 0) return config;
        if (config.Dataset.Data is { } given)
        {
            Console.Error.WriteLine($"note: data is read from {given}, so the names in dataset.datasets are not looked up");
            return config;
        }
        var hub = HubFolders.FromEnvironment();
        FoundDataset[] found = [.. Found(config.Dataset.Datasets, hub)];
        string data = found switch
        {
            [{ Packed: { } only }] => only,
            _ when found.FirstOrDefault(one => one.Packed is not null) is { } packed => throw new InvalidDataException(
                $"dataset.datasets names {found.Length} datasets, and {packed.Packed} is packed by itself; a run reads one packed folder: "
                + "pack the scored files of all of them together (phf pack A B ... -o DIR) and give --data DIR"),
            _ => Packed([.. found.SelectMany(one => one.ScoredFiles).Distinct()], config.Tokenizer.PathOrName, hub, cancel),
        };
        Console.Error.WriteLine($"note: dataset.datasets was found on this machine; data is read from {data}");
        return config with { Dataset = config.Dataset with { Data = data } };
    }

    private static IEnumerable<FoundDataset> Found(IReadOnlyList<string> names, HubFolders hub)
    {
        (string Name, FoundDataset? Dataset)[] all = [.. names.Select(name => (name, hub.FindDataset(name)))];
        string[] missing = [.. all.Where(one => one.Dataset is null).Select(one => one.Name)];
        if (missing.Length == 0) return all.Select(one => one.Dataset!);
        string named = string.Join(", ", missing.Take(MostNamed)) + (missing.Length > MostNamed ? $" and {missing.Length - MostNamed} more" : "");
        throw new InvalidDataException(
            $"no data: dataset.datasets names datasets of the Hugging Face Hub, and {missing.Length} of {names.Count} are not on this machine: {named}\n"
            + $"JSON lines with texts and scores, or packed data, are wanted of {missing[0]}{hub.AdviceFor(new HubRepository(missing[0], IsDataset: true))} (Parquet files must be written as JSON lines first)\n"
            + "to replace them by your own text: phf score, phf tokenizer train and phf pack, then --data DIR with the folder that phf pack wrote");
    }

    /// <summary>Packs scored files into a folder whose name says what it was made from; one that is there already is taken as it is.</summary>
    private static string Packed(string[] files, string? tokenizerName, HubFolders hub, CancellationToken cancel)
    {
        string folder = tokenizerName is null ? throw new InvalidDataException(
                $"{files[0]} is scored text; to pack it a tokenizer is needed: set tokenizer.path_or_name, or pack it (phf pack) and give --data DIR")
            : Directory.Exists(tokenizerName) ? tokenizerName
            : hub.FindTokenizer(tokenizerName) ?? throw new InvalidDataException(
                $"{files[0]} is scored text; to pack it the tokenizer {tokenizerName} is needed, which is not on this machine{hub.AdviceFor(new HubRepository(tokenizerName))}; "
                + "or pack with another one (phf pack) and give --data DIR");
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(folder);
        var identity = new StringBuilder(tokenizer.Fingerprint);
        foreach (FileInfo file in files.Select(file => new FileInfo(file)))
            identity.Append(CultureInfo.InvariantCulture, $"\n{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        string packed = Path.Combine(hub.DataRoot, $"packed-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(identity.ToString())).AsSpan(0, 8))}");
        if (Directory.Exists(packed)) return packed;
        Directory.CreateDirectory(hub.DataRoot);
        ConsoleProgress.Run($"packing {packed}, once", "documents", InputFile.TotalBytes(files), progress => Packer.Pack(files, tokenizer, packed, new PackOptions
        {
            HeldOutFraction = HeldOut,
            Cancellation = cancel,
            Progress = (bytes, documents) => progress.Report(bytes, documents),
        }));
        return packed;
    }
}
