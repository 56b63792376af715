using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Phf.Text;

/// <summary>A byte-level BPE without its added tokens: the vocabulary in the byte alphabet, the merges, and what encoding needs of them.</summary>
internal sealed class BpeModel
{
    private readonly Dictionary<string, int> _idOfToken;

    /// <param name="tokens">By id, in the byte alphabet, all different.</param>
    /// <param name="merges">In order of rank; both sides and the result must be tokens.</param>
    /// <param name="ignoresMerges">A piece that is a token is that token, whatever the merges would make of it.</param>
    /// <param name="source">Where the tokens come from, for messages.</param>
    /// <exception cref="InvalidDataException">A token twice, a byte without token, or a merge whose parts or result are no tokens.</exception>
    public BpeModel(string[] tokens, IReadOnlyList<(string Left, string Right)> merges, string source, bool ignoresMerges = false)
    {
        (Tokens, IgnoresMerges) = (tokens, ignoresMerges);
        _idOfToken = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
            if (!_idOfToken.TryAdd(tokens[id], id))
                throw new InvalidDataException($"{source}: the token '{tokens[id]}' occurs twice, as {_idOfToken[tokens[id]]} and {id}");

        for (int value = 0; value < 256; value++)
        {
            string spelled = ByteAlphabet.ToChar((byte)value).ToString();
            if (!_idOfToken.TryGetValue(spelled, out int id))
                throw new InvalidDataException($"{source}: no token '{spelled}' for the byte 0x{value:X2}; expected a byte-level BPE with all 256 bytes");
            IdOfByte[value] = id;
        }

        Merges = new (int, int)[merges.Count];
        var results = new int[merges.Count];
        for (int rank = 0; rank < results.Length; rank++)
        {
            (string left, string right) = merges[rank];
            Merges[rank] = (Find(left), Find(right));
            results[rank] = Find(left + right);

            int Find(string token) => _idOfToken.TryGetValue(token, out int id) ? id
                : throw new InvalidDataException($"{source}: merge {rank} is '{left}' with '{right}', but '{token}' is no token of the vocabulary");
        }
        Table = new MergeTable(Merges, results);
    }

    /// <summary>The tokens in the byte alphabet, by id.</summary>
    public string[] Tokens { get; }

    /// <summary>The merges as ids, in order of rank.</summary>
    public (int Left, int Right)[] Merges { get; }

    /// <summary>The id of the token of each single byte.</summary>
    public int[] IdOfByte { get; } = new int[256];

    public MergeTable Table { get; }

    /// <summary>A piece that is a token is that token, whatever the merges would make of it.</summary>
    public bool IgnoresMerges { get; }

    /// <summary>The token that is this whole text.</summary>
    public bool TryGetWhole(ReadOnlySpan<char> text, out int id)
    {
        const int MostUnits = 128;
        Span<byte> bytes = text.Length <= MostUnits ? stackalloc byte[3 * MostUnits] : new byte[3 * text.Length];
        int length = Encoding.UTF8.GetBytes(text, bytes);
        Span<char> spelled = text.Length <= MostUnits ? stackalloc char[3 * MostUnits] : new char[length];
        for (int i = 0; i < length; i++) spelled[i] = ByteAlphabet.ToChar(bytes[i]);
        return _idOfToken.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(spelled[..length], out id);
    }

    public bool TryGetId(string token, out int id) => _idOfToken.TryGetValue(token, out id);

    /// <summary>SHA-256, in hexadecimal, of the tokens, the merges, the end-of-text id, and of how pieces are made where that is not GPT-2's way.</summary>
    public string Fingerprint(int endOfTextId, PieceRules rules)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[4];
        AppendNumber(number, Tokens.Length);
        foreach (string token in Tokens)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(token);
            AppendNumber(number, bytes.Length);
            hash.AppendData(bytes);
        }
        AppendNumber(number, Merges.Length);
        foreach ((int left, int right) in Merges)
        {
            AppendNumber(number, left);
            AppendNumber(number, right);
        }
        AppendNumber(number, endOfTextId);
        if (rules != PieceRules.Default || IgnoresMerges)
            hash.AppendData(Encoding.UTF8.GetBytes($"{rules.Pattern} {rules.Split} {rules.AddsPrefixSpace} {rules.ComposesCharacters} {IgnoresMerges}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void AppendNumber(Span<byte> buffer, int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer, value);
            hash.AppendData(buffer);
        }
    }
}
