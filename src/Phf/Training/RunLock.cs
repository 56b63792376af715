using System.Globalization;

namespace Phf.Training;

/// <summary>
/// Keeps a second process from training in the same folder. The lock is the operating system's, on an open file, so that it ends with its
/// process, however that ends; the process's number stands in a file beside it, for the message. The locked file stays, empty: to
/// delete it would let two processes hold one each.
/// </summary>
internal sealed class RunLock : IDisposable
{
    public const string LockName = "train.lock", HolderName = "train.pid";

    private readonly FileStream _lock;
    private readonly string _holder;

    private RunLock(FileStream file, string holder) => (_lock, _holder) = (file, holder);

    /// <summary>Takes the lock of a run's folder, which is made if there is none.</summary>
    /// <exception cref="IOException">Another process, or another trainer of this one, has it.</exception>
    public static RunLock Take(string directory)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, LockName), holder = Path.Combine(directory, HolderName);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (File.Exists(path))
        {
            string process = File.Exists(holder) ? $"process {File.ReadAllText(holder).Trim()}" : "another process";
            throw new IOException($"{directory} is being trained by {process}; wait for it, stop it with Ctrl-C, or give another folder", problem);
        }
        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new RunLock(file, holder);
    }

    public void Dispose()
    {
        if (File.Exists(_holder)) File.Delete(_holder); // a deleted folder is no reason to throw
        _lock.Dispose();
    }
}
