using System.Text.Json;
using static Phf.Text.TokenizerComponents;
using static Phf.Text.TokenizerJson;

namespace Phf.Text;

/// <summary>Reads the post-processor of a tokenizer.json.</summary>
internal static class TemplateReader
{
    /// <param name="root">The whole file.</param>
    /// <param name="idOf">The id of a token; null when there is none.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InvalidDataException">A processor or an option that is not known, or a token whose id is another one.</exception>
    public static TokenTemplate Read(JsonElement root, Func<string, int?> idOf, string path)
    {
        TokenTemplate template = TokenTemplate.Nothing;
        if (!Present(root, "post_processor", out JsonElement processor)) return template;
        bool isFilled = false;
        foreach (JsonElement step in Steps(processor, "processors", path))
        {
            if (TypeOf(step) == "ByteLevel")
            {
                CheckByteLevel(step, "post_processor", path);
                if (isFilled) throw Unsupported(path, "post_processor ByteLevel behind another one", "it before");
                template = Trimmed(template, step, path);
                continue;
            }
            if (isFilled) throw Unsupported(path, $"post_processor {TypeOf(step)} behind another one", "one that adds tokens");
            isFilled = true;
            TokenTemplate filled = TypeOf(step) switch
            {
                "BertProcessing" => Bert(step, idOf, path),
                "RobertaProcessing" => Trimmed(Roberta(step, idOf, path), step, path),
                "TemplateProcessing" => FromPieces(step, idOf, path),
                string other => throw Unsupported(path, $"post_processor {other}", "ByteLevel, BertProcessing, RobertaProcessing or TemplateProcessing"),
            };
            template = template.TrimsOffsets ? filled with { TrimsOffsets = true, HasPrefixSpace = template.HasPrefixSpace } : filled;
        }
        return template;
    }

    private static TokenTemplate Trimmed(TokenTemplate template, JsonElement step, string path) => !Flag(step, "trim_offsets", path, whenAbsent: true) ? template
        : template with { TrimsOffsets = true, HasPrefixSpace = Flag(step, "add_prefix_space", path, whenAbsent: true) };

    private static TokenTemplate Bert(JsonElement step, Func<string, int?> idOf, string path)
    {
        CheckKeys(step, "post_processor BertProcessing", path, "type", "sep", "cls");
        return TokenTemplate.Bert(NamedId(step, "cls", idOf, path), NamedId(step, "sep", idOf, path));
    }

    private static TokenTemplate Roberta(JsonElement step, Func<string, int?> idOf, string path)
    {
        CheckKeys(step, "post_processor RobertaProcessing", path, "type", "sep", "cls", "trim_offsets", "add_prefix_space");
        return TokenTemplate.Roberta(NamedId(step, "cls", idOf, path), NamedId(step, "sep", idOf, path));
    }

    private static TokenTemplate FromPieces(JsonElement step, Func<string, int?> idOf, string path)
    {
        CheckKeys(step, "post_processor TemplateProcessing", path, "type", "single", "pair", "special_tokens");
        JsonElement special = ObjectOf(Required(step, "special_tokens", path), path, "special_tokens");
        foreach (JsonProperty entry in special.EnumerateObject()) CheckEntry(entry.Name, entry.Value, idOf, path);
        return new TokenTemplate { Single = Pieces("single"), Pair = Pieces("pair") };

        TemplatePiece[] Pieces(string name)
        {
            TemplatePiece[] pieces = [.. ArrayOf(Required(step, name, path), path, name).Select(piece => Piece(piece, special, path))];
            int firsts = pieces.Count(piece => piece is { AddedIds: [], IsSecond: false }), seconds = pieces.Count(piece => piece.IsSecond);
            return firsts == 1 && seconds == (name == "pair" ? 1 : 0) ? pieces
                : throw Unsupported(path, $"post_processor TemplateProcessing whose {name} has the first text {firsts} times and the second {seconds} times", "each text once");
        }
    }

    private static TemplatePiece Piece(JsonElement piece, JsonElement special, string path)
    {
        ObjectOf(piece, path, "a piece of a template");
        CheckKeys(piece, "a piece of a template", path, "SpecialToken", "Sequence");
        bool isText = piece.TryGetProperty("Sequence", out JsonElement part);
        if (!isText) part = Required(piece, "SpecialToken", path);
        CheckKeys(ObjectOf(part, path, "a piece of a template"), "a piece of a template", path, "id", "type_id");
        string id = TextOf(part, "id", path);
        int type = Id(Required(part, "type_id", path), path, id);
        if (isText)
            return id is "A" or "B" ? new TemplatePiece([], IsSecond: id == "B", type) : throw Unsupported(path, $"the sequence '{id}' in a template", "A or B");
        if (!special.TryGetProperty(id, out JsonElement entry))
            throw new InvalidDataException($"{path}: the template of the post-processor has '{id}', and its special_tokens do not; correct the file");
        return TemplatePiece.Added(type, Ids(id, entry, path));
    }

    /// <summary>Checks what a template can insert: a name, and the tokens and ids that it stands for.</summary>
    private static void CheckEntry(string name, JsonElement entry, Func<string, int?> idOf, string path)
    {
        CheckKeys(ObjectOf(entry, path, $"special_tokens '{name}'"), $"special_tokens '{name}'", path, "id", "ids", "tokens");
        int[] ids = Ids(name, entry, path);
        string[] tokens = [.. ArrayOf(Required(entry, "tokens", path), path, "tokens").Select(token => token.ToString())];
        if (ids.Length != tokens.Length || ids.Length == 0) throw Damaged(path, $"special_tokens '{name}'", entry, "one id per token");
        for (int i = 0; i < ids.Length; i++) CheckId(tokens[i], ids[i], idOf, path);
    }

    private static int[] Ids(string name, JsonElement entry, string path) =>
        [.. ArrayOf(Required(entry, "ids", path), path, "ids").Select(number => Id(number, path, name))];

    /// <summary>The id in a pair [token, id].</summary>
    private static int NamedId(JsonElement step, string name, Func<string, int?> idOf, string path)
    {
        JsonElement pair = Required(step, name, path);
        if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String)
            throw Damaged(path, name, pair, "a token and its id");
        int id = Id(pair[1], path, pair[0].GetString()!);
        CheckId(pair[0].GetString()!, id, idOf, path);
        return id;
    }

    private static void CheckId(string token, int id, Func<string, int?> idOf, string path)
    {
        if (idOf(token) != id)
            throw new InvalidDataException($"{path}: the post-processor says that '{token}' is {id}, but it is {idOf(token)?.ToString() ?? "no token"}; correct the file");
    }
}
