namespace Phf.Training.Configuration;

/// <summary>The size of a run by name: <c>paper</c> is the file paper.yml beside the task's; <c>laptop</c> is what the files say by themselves.</summary>
public static class ConfigSize
{
    public const string Laptop = "laptop";

    /// <summary>The files to merge for <paramref name="size"/> behind those of task and method; none for laptop and null.</summary>
    /// <param name="task">The task's file.</param>
    /// <param name="size">Name of a size, path of a size file, or null.</param>
    /// <exception cref="InvalidDataException">There is no such size beside the task.</exception>
    public static IReadOnlyList<string> FilesOf(string task, string? size)
    {
        if (size is null or Laptop) return [];
        if (File.Exists(size)) return [size];
        string beside = Path.Combine(Path.GetDirectoryName(task)!, $"{size}.yml");
        return File.Exists(beside) ? [beside]
            : throw new InvalidDataException($"no size '{size}': neither {size} nor {beside} is a file; the files of the task as they are make the size {Laptop}");
    }
}
