using System.Text.Json;
using Phf.Formats;

namespace Phf.Cli.Replication;

/// <summary>What is known of a step that was begun.</summary>
/// <param name="Settings">All that decides its result.</param>
/// <param name="Seconds">What the sitting took that finished it; null while it is not done.</param>
internal sealed record StepRecord(string Settings, double? Seconds);

/// <summary>Remembers in small files, one a step, what was done with what settings, so that a later call goes on behind it.</summary>
internal sealed class StepRecords(string folder)
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Null for a step that was never begun.</summary>
    /// <exception cref="InvalidDataException">The file is no record.</exception>
    public StepRecord? Read(string step)
    {
        string path = PathOf(step);
        if (!File.Exists(path)) return null;
        try
        {
            if (JsonSerializer.Deserialize<StepRecord>(File.ReadAllText(path), Options) is { Settings: not null } record) return record;
        }
        catch (JsonException)
        {
            // told below
        }
        throw new InvalidDataException($"{path} is no record of a step; delete it and what the step wrote, and the step is done again");
    }

    public void Write(string step, StepRecord record)
    {
        Directory.CreateDirectory(folder);
        DurableFile.WriteText(PathOf(step), JsonSerializer.Serialize(record, Options) + "\n");
    }

    private string PathOf(string step) => Path.Combine(folder, $"{step}.json");
}
