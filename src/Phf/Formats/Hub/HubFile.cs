using System.Security.Cryptography;
using System.Text;

namespace Phf.Formats.Hub;

/// <summary>A file of a repository, as the Hub describes it.</summary>
/// <param name="Name">Its path there, with slashes; checked by <see cref="IsSafe"/>.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Hash">Hexadecimal: SHA-256 of a large file (64 digits), git's SHA-1 of a small one (40 digits).</param>
internal sealed record HubFile(string Name, long Size, string Hash)
{
    private const int Sha1Digits = 40, Sha256Digits = 64, LongestName = 1024;

    /// <summary>Whether a name of the server stays in the folder it is put in, on any system.</summary>
    public static bool IsSafe(string name) => name.Length is > 0 and <= LongestName && !name.Any(letter => char.IsControl(letter) || letter is '\\' or ':')
        && name.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));

    /// <summary>Whether a text is a hash of the Hub; it becomes the name of a file.</summary>
    public static bool IsHash(string text) => text.Length is Sha1Digits or Sha256Digits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a text is the name of a commit; it becomes the name of a folder.</summary>
    public static bool IsCommit(string text) => text.Length == Sha1Digits && IsHash(text);

    /// <summary>The hash of what was written, of the kind of <see cref="Hash"/>. git hashes a file behind the words <c>blob SIZE</c> and a zero.</summary>
    public string HashOf(Stream content)
    {
        content.Position = 0;
        using var hash = IncrementalHash.CreateHash(Hash.Length == Sha256Digits ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (Hash.Length == Sha1Digits) hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {content.Length}\0")));
        byte[] buffer = new byte[1 << 17];
        for (int read = content.Read(buffer); read > 0; read = content.Read(buffer)) hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
