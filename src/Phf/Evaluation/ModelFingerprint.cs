using System.Security.Cryptography;
using System.Text;
using Phf.Evaluation.RedTeam;

namespace Phf.Evaluation;

/// <summary>Tells models apart by the bytes of their files.</summary>
public static class ModelFingerprint
{
    private const int Digits = 16;

    /// <summary>
    /// The first 16 hexadecimal digits of the SHA-256 over names and contents of a model directory's weights, configuration and tokenizer. What else
    /// lies there (the optimizer, a card) does not count.
    /// </summary>
    public static string Of(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (string path in Directory.GetFiles(directory).Where(IsOfModel).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
            using FileStream file = File.OpenRead(path);
            hash.AppendData(BitConverter.GetBytes(file.Length));
            for (int read; (read = file.Read(buffer)) > 0;) hash.AppendData(buffer.AsSpan(0, read));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }

    private static bool IsOfModel(string path)
    {
        string name = Path.GetFileName(path);
        if (name.StartsWith("optimizer", StringComparison.Ordinal) || name is "trainer_state.json" or "generation_config.json" or EvaluationFiles.ResultName or RedTeamFiles.ResultName) return false;
        return Path.GetExtension(name) is ".safetensors" or ".bin" or ".json" or ".txt" or ".bpe";
    }
}
