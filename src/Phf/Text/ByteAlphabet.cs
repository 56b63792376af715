using System.Text;

namespace Phf.Text;

/// <summary>
/// GPT-2's byte alphabet: every byte is written as one printable character, so that a vocabulary of byte strings can live in JSON and text files.
/// The 188 printable Latin-1 bytes stand for themselves; the other 68, in order, are U+0100 and following (the blank is U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharOfByte = MakeCharOfByte();
    private static readonly short[] ByteOfChar = MakeByteOfChar();

    public static char ToChar(byte value) => CharOfByte[value];

    /// <summary>The 256 bytes ordered by the code point of their character: the order of ids in a freshly trained vocabulary.</summary>
    public static byte[] InCharacterOrder()
    {
        var bytes = new byte[256];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)i;
        Array.Sort(bytes, (a, b) => ToChar(a).CompareTo(ToChar(b)));
        return bytes;
    }

    /// <summary>The bytes that <paramref name="token"/> spells; null when a character is outside the alphabet.</summary>
    public static byte[]? ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            int value = token[i] < ByteOfChar.Length ? ByteOfChar[token[i]] : -1;
            if (value < 0) return null;
            bytes[i] = (byte)value;
        }
        return bytes;
    }

    /// <summary>The bytes a token decodes to: what it spells, or its UTF-8 where the alphabet cannot spell it (as Hugging Face decodes added tokens).</summary>
    public static byte[] ToBytesOrUtf8(string token) => ToBytes(token) ?? Encoding.UTF8.GetBytes(token);

    private static bool StandsForItself(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static char[] MakeCharOfByte()
    {
        var chars = new char[256];
        int next = 0x100;
        for (int value = 0; value < 256; value++) chars[value] = (char)(StandsForItself(value) ? value : next++);
        return chars;
    }

    private static short[] MakeByteOfChar()
    {
        var bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++) bytes[CharOfByte[value]] = (short)value;
        return bytes;
    }
}
