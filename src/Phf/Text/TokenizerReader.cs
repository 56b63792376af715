using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using static Phf.Text.TokenizerJson;

namespace Phf.Text;

/// <summary>
/// Reads the files of a tokenizer. A tokenizer.json may hold a whole grammar of components; those that change what this library computes are
/// refused by name rather than ignored.
/// </summary>
internal static class TokenizerReader
{
    public static TokenizerDefinition Read(string directory)
    {
        var settings = TokenizerSettings.Read(directory);
        return Read(directory, settings) with { MaxLength = settings.MaxLength };
    }

    private static TokenizerDefinition Read(string directory, TokenizerSettings settings)
    {
        string json = Path.Combine(directory, "tokenizer.json"), words = Path.Combine(directory, "vocab.txt");
        if (File.Exists(json)) return ReadTokenizerJson(json, settings);
        if (File.Exists(words)) return ReadWordList(words, settings);
        foreach ((string vocabularyName, string mergesName) in new[] { ("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe") })
        {
            string vocabulary = Path.Combine(directory, vocabularyName), merges = Path.Combine(directory, mergesName);
            if (File.Exists(vocabulary) && File.Exists(merges))
                return ReadVocabularyAndMerges(vocabulary, merges, Path.Combine(directory, "added_tokens.json"), settings);
        }
        throw new FileNotFoundException(
            $"{directory}: no tokenizer there; looked for tokenizer.json, vocab.txt, vocab.json with merges.txt, encoder.json with vocab.bpe");
    }

    private static TokenizerDefinition ReadTokenizerJson(string path, TokenizerSettings settings)
    {
        using JsonDocument document = Parse(path);
        JsonElement root = ObjectOf(document.RootElement, path, "the file");
        TokenizerComponents.CheckFrame(root, path);
        JsonElement model = ObjectOf(Required(root, "model", path), path, "model");
        ISubwordModel subwords = TokenizerComponents.ModelType(model, path) switch
        {
            "BPE" => ReadBpe(root, model, settings, path),
            "WordPiece" => new WordPieceModel(
                ReadVocabulary(Required(model, "vocab", path), path), settings.Override(TokenizerComponents.WordPiece(root, model, path)), path),
            string other => throw TokenizerComponents.Unsupported(path, $"model {other}", "BPE or WordPiece"),
        };

        var declared = new List<AddedToken>();
        if (root.TryGetProperty("added_tokens", out JsonElement added))
            foreach (JsonElement token in ArrayOf(added, path, "added_tokens")) declared.Add(ReadAddedToken(token, path));
        AddedToken[] tokens = AssignIds(subwords, declared);
        foreach ((AddedToken said, AddedToken token) in declared.Join(tokens, said => said.Content, token => token.Content, (said, token) => (said, token)))
            if (said.Id != token.Id)
                throw new InvalidDataException($"{path}: the added token '{said.Content}' has id {said.Id}, but would be {token.Id}: the vocabulary's, or the next free one in order of appearance; correct the file");
        var definition = new TokenizerDefinition { Model = subwords, Added = tokens, Source = path, Roles = settings.Roles };
        int? IdOf(string token) => definition.TryGetId(token, out int id) ? id : null;
        string? padToken = LengthReader.PadToken(root, IdOf, path);
        return definition with { Roles = definition.Roles.WithDefault(TokenRoles.Padding, padToken), Template = TemplateReader.Read(root, IdOf, path) };
    }

    private static ByteLevelBpe ReadBpe(JsonElement root, JsonElement model, TokenizerSettings settings, string path)
    {
        TokenizerComponents.CheckBpe(model, path);
        PieceRules rules = TokenizerComponents.Rules(root, path);
        TokenizerComponents.CheckByteLevelDecoder(root, path);
        string[] tokens = ReadVocabulary(Required(model, "vocab", path), path);
        bool ignoresMerges = Flag(model, "ignore_merges", path, whenAbsent: false);
        return new ByteLevelBpe(new BpeModel(tokens, ReadMerges(Required(model, "merges", path), path), path, ignoresMerges), settings.Override(rules));
    }

    private static TokenizerDefinition ReadVocabularyAndMerges(string vocabularyPath, string mergesPath, string addedPath, TokenizerSettings settings)
    {
        string[] tokens;
        using (JsonDocument document = Parse(vocabularyPath)) tokens = ReadVocabulary(document.RootElement, vocabularyPath);
        var bpe = new ByteLevelBpe(new BpeModel(tokens, ReadMergesText(mergesPath), mergesPath), settings.Override(PieceRules.Default));

        // These files do not say what is special; as in transformers, end-of-text, RoBERTa's tokens and whatever was added is.
        bool isRoberta = bpe.TryGetId("<s>", out int cls) & bpe.TryGetId("</s>", out int sep);
        var declared = new List<AddedToken>();
        foreach (string special in isRoberta ? (ReadOnlySpan<string>)["<s>", "<pad>", "</s>", "<unk>", "<mask>"] : [BpeTokenizer.EndOfText])
            if (bpe.TryGetId(special, out int id)) declared.Add(new AddedToken(special, id, Special: true, Normalized: false) { StripsLeft = special == "<mask>" });
        if (File.Exists(addedPath))
        {
            using JsonDocument document = Parse(addedPath);
            IEnumerable<JsonProperty> byId = ObjectOf(document.RootElement, addedPath, "the file").EnumerateObject()
                .OrderBy(property => Id(property.Value, addedPath, property.Name));
            foreach (JsonProperty property in byId) declared.Add(new AddedToken(property.Name, 0, Special: true, Normalized: false));
        }
        return new TokenizerDefinition
        {
            Model = bpe,
            Added = AssignIds(bpe, declared),
            Source = vocabularyPath,
            Roles = isRoberta ? settings.Roles.WithDefault(TokenRoles.End, "</s>") : settings.Roles,
            Template = isRoberta ? TokenTemplate.Roberta(cls, sep) with { TrimsOffsets = true, HasPrefixSpace = bpe.Rules.AddsPrefixSpace } : TokenTemplate.Nothing,
        };
    }

    /// <summary>BERT's vocab.txt: a token a line.</summary>
    private static TokenizerDefinition ReadWordList(string path, TokenizerSettings settings)
    {
        string[] tokens = [.. Lines(path)];
        var model = new WordPieceModel(tokens, settings.Override(new WordPieceOptions()), path);
        var declared = new List<AddedToken>();
        foreach (string special in (ReadOnlySpan<string>)["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
            declared.Add(new AddedToken(special, model.TryGetId(special, out int id) ? id
                : throw new InvalidDataException($"{path}: no token '{special}'; expected the vocabulary of a BERT"), Special: true, Normalized: false));
        return new TokenizerDefinition
        {
            Model = model,
            Added = [.. declared],
            Source = path,
            Roles = settings.Roles,
            Template = TokenTemplate.Bert(declared[2].Id, declared[3].Id),
        };
    }

    /// <summary>The vocabulary's id where it has the token, else the next free id in order of appearance, whatever the file says (as tokenizers does).</summary>
    private static AddedToken[] AssignIds(ISubwordModel model, List<AddedToken> declared)
    {
        int next = model.Tokens.Length;
        var added = new List<AddedToken>();
        foreach (AddedToken token in declared)
        {
            if (token.Content.Length == 0 || added.Exists(other => other.Content == token.Content)) continue;
            added.Add(token with { Id = model.TryGetId(token.Content, out int known) ? known : next++ });
        }
        return [.. added];
    }

    private static AddedToken ReadAddedToken(JsonElement token, string path)
    {
        ObjectOf(token, path, "an entry of added_tokens");
        string content = TextOf(token, "content", path), what = $"the added token '{content}'";
        TokenizerComponents.CheckKeys(token, what, path, "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
        return new AddedToken(content, Id(Required(token, "id", path), path, content), Option("special"), Option("normalized"))
        {
            StripsLeft = Option("lstrip"),
            StripsRight = Option("rstrip"),
            SingleWord = Option("single_word"),
        };

        bool Option(string name) => token.TryGetProperty(name, out _) ? Flag(token, name, path, whenAbsent: false)
            : throw new InvalidDataException($"{path}: {what} does not say '{name}'; expected true or false");
    }

    private static string[] ReadVocabulary(JsonElement vocabulary, string path)
    {
        ObjectOf(vocabulary, path, "the vocabulary");
        var tokens = new string?[vocabulary.EnumerateObject().Count()];
        foreach (JsonProperty property in vocabulary.EnumerateObject())
        {
            int id = Id(property.Value, path, property.Name);
            if (id >= tokens.Length)
                throw new InvalidDataException($"{path}: the token '{property.Name}' has id {id} in a vocabulary of {tokens.Length}; expected ids without gaps");
            if (tokens[id] is string other)
                throw new InvalidDataException($"{path}: the tokens '{other}' and '{property.Name}' have the same id {id}");
            tokens[id] = property.Name;
        }
        return tokens!; // as many different ids as entries, all below the count: none is missing
    }

    private static List<(string, string)> ReadMerges(JsonElement merges, string path)
    {
        var list = new List<(string, string)>();
        JsonValueKind? form = null;
        foreach (JsonElement merge in ArrayOf(merges, path, "merges"))
        {
            if ((form ??= merge.ValueKind) != merge.ValueKind) throw Damaged(path, $"merge {list.Count}", merge, "the form of the merges before it");
            if (merge.ValueKind == JsonValueKind.String) list.Add(SplitMerge(merge.GetString()!, $"{path}: merge {list.Count}"));
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
                && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
                list.Add((merge[0].GetString()!, merge[1].GetString()!));
            else throw Damaged(path, $"merge {list.Count}", merge, "two tokens");
        }
        return list;
    }

    private static List<(string, string)> ReadMergesText(string path)
    {
        var list = new List<(string, string)>();
        int number = 0;
        foreach (string line in Lines(path))
        {
            number++;
            if (line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)) list.Add(SplitMerge(line, $"{path} line {number}"));
        }
        return list;
    }

    private static List<string> Lines(string path)
    {
        var lines = new List<string>();
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        if (rest.StartsWith(Encoding.UTF8.Preamble)) rest = rest[Encoding.UTF8.Preamble.Length..];
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (!Utf8.IsValid(line)) throw new InvalidDataException($"{path} line {lines.Count + 1}: not UTF-8; fetch the file again");
            lines.Add(Encoding.UTF8.GetString(line.TrimEnd((byte)'\r')));
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        return lines;
    }

    private static (string, string) SplitMerge(string merge, string where)
    {
        string[] parts = merge.Split(' ');
        return parts.Length == 2 ? (parts[0], parts[1])
            : throw new InvalidDataException($"{where}: {parts.Length} parts in '{merge}'; expected two tokens with a blank between them");
    }
}
