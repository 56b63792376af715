using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Byte-level BPE against ids that Hugging Face tokenizers recorded.</summary>
public sealed class BpeTokenizerTests
{
    private static readonly Lazy<BpeTokenizer> Gpt2 = new(() => BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2")));

    [GoldenFact]
    public void FromDirectory_OpenAiFiles_KnowsGpt2()
    {
        Assert.Equal(50257, Gpt2.Value.VocabularySize);
        Assert.Equal(50256, Gpt2.Value.EndOfTextId);
        Assert.True(Gpt2.Value.TryGetId("\u0120the", out int id));
        Assert.Equal(262, id);
        Assert.False(Gpt2.Value.TryGetId("<|aligned|>", out _));
    }

    [GoldenFact]
    public void Encode_HandMadeStrings_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "strings.jsonl.gz")))
        {
            Assert.Equal(row.Ids("ids"), Gpt2.Value.Encode(row.Text("text")));
            Assert.Equal(row.Text("text"), Gpt2.Value.Decode(row.Ids("ids")));
        }
    }

    [GoldenFact]
    public void Encode_RedditPosts_MatchesTokenizers()
    {
        JsonElement[] rows = [.. GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "reddit_posts.jsonl.gz"))];
        int order = 0;
        foreach (string post in GoldenLines.RedditPosts().Take(rows.Length))
        {
            JsonElement row = rows[order++];
            List<int> ids = Gpt2.Value.Encode(post);
            if (row.TryGetProperty("ids", out _)) Assert.Equal(row.Ids("ids"), ids);
            Assert.Equal(row.Text("ids_sha256"), GoldenLines.Hash(ids));
            Assert.Equal(post, Gpt2.Value.Decode(ids.ToArray()));
        }
    }

    [GoldenFact]
    public void Encode_EveryRedditPost_MatchesTokenizersAndDecodesToItself()
    {
        JsonElement[] chunks = [.. GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "reddit_chunks.jsonl.gz"))];
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0;
        int chunk = 0;
        foreach (string[] posts in GoldenLines.RedditPosts().Chunk(1000))
        {
            int[][] encoded = new int[posts.Length][];
            Parallel.For(0, posts.Length, i =>
            {
                encoded[i] = [.. Gpt2.Value.Encode(posts[i])];
                Assert.Equal(posts[i], Gpt2.Value.Decode(encoded[i]));
            });
            byte[] bytes = MemoryMarshal.AsBytes<int>((int[])[.. encoded.SelectMany(ids => ids)]).ToArray();
            Assert.Equal((chunks[chunk].GetProperty("count").GetInt32(), chunks[chunk].Text("ids_sha256")), (bytes.Length / 4, Convert.ToHexStringLower(SHA256.HashData(bytes))));
            all.AppendData(bytes);
            count += bytes.Length / 4;
            chunk++;
        }
        Assert.Equal(chunks.Length - 1, chunk);
        Assert.Equal((chunks[^1].GetProperty("count").GetInt64(), chunks[^1].Text("ids_sha256")), (count, Convert.ToHexStringLower(all.GetHashAndReset())));
    }

    [GoldenFact]
    public void Encode_PythonCode_MatchesTokenizers()
    {
        var texts = new Dictionary<(string, string), string>();
        foreach (string file in (string[])["humaneval", "mbpp"])
            foreach (JsonElement row in GoldenLines.Read(Shared.Data("pep8", $"{file}_pycodestyle_2.8.0.jsonl.gz")))
                texts[(file, row.GetProperty("id").ToString())] = row.Text("text");
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "code.jsonl.gz")))
        {
            List<int> ids = Gpt2.Value.Encode(texts[(row.Text("file"), row.GetProperty("id").ToString())]);
            Assert.Equal(row.GetProperty("count").GetInt32(), ids.Count);
            Assert.Equal(row.Text("ids_sha256"), GoldenLines.Hash(ids));
        }
    }

    [GoldenFact]
    public void Decode_AnyIds_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "decode.jsonl.gz")))
        {
            Assert.Equal(row.Text("skip"), Gpt2.Value.Decode(row.Ids("ids"), skipSpecialTokens: true));
            Assert.Equal(row.Text("keep"), Gpt2.Value.Decode(row.Ids("ids")));
        }
    }

    [GoldenFact]
    public void Decode_EverySingleId_MatchesTokenizers()
    {
        var bytes = new List<byte>();
        for (int id = 0; id < Gpt2.Value.VocabularySize; id++) bytes.AddRange([.. Encoding.UTF8.GetBytes(Gpt2.Value.Decode([id])), 0]);
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("tokenizers_gpt2", "decode_single.json")));
        Assert.Equal(golden.Text("sha256"), Convert.ToHexStringLower(SHA256.HashData([.. bytes])));
    }

    [GoldenFact]
    public void PieceEnd_MatchesThePreTokenizer()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "pretokens.jsonl.gz")))
        {
            string text = row.Text("text");
            var pieces = new List<string>();
            for (int start = 0; start < text.Length; start = Gpt2Pattern.PieceEnd(text, start))
                pieces.Add(string.Concat(Encoding.UTF8.GetBytes(text[start..Gpt2Pattern.PieceEnd(text, start)]).Select(ByteAlphabet.ToChar)));
            Assert.Equal(row.GetProperty("pieces").EnumerateArray().Select(piece => piece[0].GetString()!), pieces);
        }
    }

    /// <summary>Fails when the runtime's Unicode tables leave version 16.0, which the regular expression of tokenizers 0.23 has.</summary>
    [GoldenFact]
    public void PieceEnd_EveryCodePoint_HasItsRecordedClass()
    {
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("tokenizers_gpt2", "char_classes.json")));
        var recorded = new char[0x110000];
        Array.Fill(recorded, 'O');
        foreach (char name in "LNS")
            foreach (JsonElement range in golden.GetProperty(name.ToString()).EnumerateArray())
                for (int code = range[0].GetInt32(); code <= range[1].GetInt32(); code++) recorded[code] = name;
        for (int code = 0; code < recorded.Length; code++)
            if (code is < 0xD800 or > 0xDFFF && recorded[code] != ProbedClass(char.ConvertFromUtf32(code)))
                Assert.Fail($"U+{code:X4} is {recorded[code]} there and {ProbedClass(char.ConvertFromUtf32(code))} here");
    }

    /// <summary>The class of a character, seen from whether it joins a neighbour of known class in one piece.</summary>
    private static char ProbedClass(string character)
    {
        foreach ((char name, char neighbour) in (ReadOnlySpan<(char, char)>)[('S', '\n'), ('L', 'a'), ('N', '1'), ('O', '#')])
            if (Gpt2Pattern.PieceEnd(character + neighbour, 0) > character.Length) return name;
        return '?';
    }

    [Fact]
    public void Decode_OfEncode_IsTheText()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train(["the cat sat on the mat, the cat ate the rat"], 300);
        var random = new Random(1);
        string[] parts = ["the", " ", "  ", "\n", "cat", "'s", "é", "中文", "😀", "\u0301", "1234", "\t", "<|endoftext|>", "\0", "\uFFFD", "...", "'", "at", "\u00A0"];
        for (int round = 0; round < 500; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => parts[random.Next(parts.Length)]));
            List<int> ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode([.. ids]));
            Assert.True(ids.Count <= Encoding.UTF8.GetByteCount(text));
        }
    }

    [Fact]
    public void Encode_LoneSurrogate_IsTheReplacementCharacter()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train([], 257);
        foreach (string text in (string[])["\uD83D", "a\uDE00", "\uD83D\uD83D\uDE00", "\uDE00\uD83D"])
            Assert.Equal(tokenizer.Encode(new string([.. text.EnumerateRunes().SelectMany(rune => rune.ToString())])), tokenizer.Encode(text));
    }

    /// <summary>Long pieces take another path; both must merge in the same order.</summary>
    [GoldenFact]
    public void Encode_LongPieces_MergeLikeALiteralProgram()
    {
        var random = new Random(2);
        foreach (int length in (int[])[47, 48, 49, 63, 64, 65, 200, 1000])
            foreach (string alphabet in (string[])["a", "ab", "aeinrst", "=", "=-*"])
            {
                string text = string.Concat(Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)]));
                Assert.Equal(MergeLiterally(text), Gpt2.Value.Encode(text));
            }
    }

    private static List<int> MergeLiterally(string ascii)
    {
        BpeModel model = Gpt2.Value.Model;
        List<int> ids = [.. ascii.Select(letter => model.IdOfByte[letter])];
        while (ids.Count > 1)
        {
            (int rank, int at) = Enumerable.Range(0, ids.Count - 1).Min(i => (model.Table.Rank(ids[i], ids[i + 1]), i));
            if (rank == MergeTable.None) break;
            ids[at] = model.Table.Result(rank);
            ids.RemoveAt(at + 1);
        }
        return ids;
    }

    [Fact]
    public void Encode_SteadyState_AllocatesNothing()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train(["the cat sat on the mat"], 280).WithAddedTokens("<|aligned|>");
        string text = "the cat<|aligned|> sat on 12 mats!\n" + new string('x', 500);
        var ids = new int[text.Length];
        int count = tokenizer.Encode(text, ids);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int total = 0;
        for (int i = 0; i < 100; i++) total += tokenizer.Encode(text, ids);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100 * count, total);
    }

    [Fact]
    public void Encode_ManyThreads_SameIds()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train(["the cat sat on the mat"], 280);
        string[] texts = [.. Enumerable.Range(0, 64).Select(i => $"the cat {i} sat on mat {i * i}")];
        List<int>[] expected = [.. texts.Select(tokenizer.Encode)];
        Parallel.For(0, 4 * texts.Length, i => Assert.Equal(expected[i % texts.Length], tokenizer.Encode(texts[i % texts.Length])));
    }

    [Fact]
    public void Encode_TooLittleRoom_SaysSo()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train([], 257);
        Assert.Throws<ArgumentException>(() => tokenizer.Encode("abc", new int[2]));
        Assert.Throws<ArgumentException>(() => tokenizer.Encode("<|endoftext|>", Span<int>.Empty));
        Assert.Equal(0, tokenizer.Encode("", []));
    }
}
