using System.CommandLine;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>The options that name a configuration, the same for every verb that takes one.</summary>
internal sealed class ConfigOptions
{
    public Option<string[]> Task { get; } = new("--task") { Description = "configuration of the task: model, steps, samples (YAML)", HelpName = "FILE" };

    public Option<string[]> Method { get; } = new("--method")
    {
        Description = "configuration of the method: objective, tags, filter (YAML); wins over the task's",
        HelpName = "FILE",
    };

    public Option<string?> Size { get; } = new("--size")
    {
        Description = "laptop (the files as they are), paper (paper.yml beside the task), or a file; wins over task and method",
        HelpName = "NAME",
    };

    public Option<string[]> Override { get; } = new("--override")
    {
        Description = "single settings that win over all files, e.g. training.num_tokens=1e6; phf config lists the keys",
        HelpName = "KEY=VALUE",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>The files in the order of merging; none where none was given.</summary>
    /// <exception cref="UsageException">A size without a task.</exception>
    /// <exception cref="InvalidDataException">There is no such size.</exception>
    public IReadOnlyList<string> Files(ParseResult parsed)
    {
        string[] tasks = parsed.GetValue(Task) ?? [];
        string? size = parsed.GetValue(Size);
        if (size is not null && tasks.Length == 0) throw new UsageException($"--size {size} needs the task that it is for; give --task FILE");
        return [.. tasks, .. parsed.GetValue(Method) ?? [], .. tasks.Length == 0 ? [] : ConfigSize.FilesOf(tasks[0], size)];
    }

    public IReadOnlyList<string> Overrides(ParseResult parsed) => parsed.GetValue(Override) ?? [];
}
