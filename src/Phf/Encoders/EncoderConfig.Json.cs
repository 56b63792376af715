using System.Globalization;
using System.Text.Json;

namespace Phf.Encoders;

public sealed partial record EncoderConfig
{
    private const string SequenceEnd = "ForSequenceClassification", TokensEnd = "ForTokenClassification";

    /// <summary>The families by the name that begins an architecture's (<c>BertForSequenceClassification</c>) and is, in small letters, its model_type.</summary>
    private static readonly Dictionary<string, EncoderKind> Families = new()
    {
        ["Bert"] = EncoderKind.Bert,
        ["Roberta"] = EncoderKind.Roberta,
        ["DistilBert"] = EncoderKind.DistilBert,
    };

    /// <summary>Whether a <c>model_type</c> of a config.json is that of an encoder.</summary>
    public static bool IsModelType(string modelType) => Families.Keys.Any(name => name.ToLowerInvariant() == modelType);

    /// <summary>Kind and task of a class of transformers.</summary>
    /// <exception cref="InvalidDataException">Another one; <paramref name="source"/> says where it was found.</exception>
    internal static (EncoderKind Kind, EncoderTask Task) Architecture(string name, string source)
    {
        foreach ((string family, EncoderKind kind) in Families)
        {
            if (name == family + SequenceEnd) return (kind, EncoderTask.Sequence);
            if (name == family + TokensEnd) return (kind, EncoderTask.Tokens);
        }
        string known = string.Join(", ", Families.Keys);
        throw new InvalidDataException($"{source}: the architecture is '{name}'; {known} with {SequenceEnd} or {TokensEnd} behind the name can be read");
    }

    /// <summary>One config.json being read.</summary>
    private sealed class JsonConfig(JsonElement root, string path)
    {
        public EncoderConfig Read()
        {
            string[] architectures = Present("architectures") is { } list ? [.. list.EnumerateArray().Select(item => item.GetString() ?? "")] : [];
            if (architectures.Length != 1) throw new InvalidDataException($"{path}: it names {architectures.Length} architectures, one such as Bert{SequenceEnd} was expected");
            (EncoderKind kind, EncoderTask task) = Architecture(architectures[0], path);
            string type = Text("model_type", kind.ToString().ToLowerInvariant());
            if (type != kind.ToString().ToLowerInvariant()) throw new InvalidDataException($"{path}: model_type is '{type}', but the architecture is '{architectures[0]}'");
            Refuse("is_decoder");
            Refuse("add_cross_attention");
            if (Text("position_embedding_type", "absolute") is not "absolute" and var positions)
                throw new InvalidDataException($"{path}: position_embedding_type '{positions}' is not supported; absolute is");
            string[] labels = Labels();
            return Shape(kind) with { Task = task, Labels = labels, IsMultiLabel = task == EncoderTask.Sequence && HasSigmoid(labels) };
        }

        /// <summary>Sizes by the names of each family, with transformers' values where one is not given.</summary>
        private EncoderConfig Shape(EncoderKind kind)
        {
            bool isDistil = kind == EncoderKind.DistilBert, isRoberta = kind == EncoderKind.Roberta;
            return new EncoderConfig
            {
                Kind = kind,
                Task = default,
                Labels = [],
                VocabularySize = Whole("vocab_size", isRoberta ? 50265 : 30522),
                Positions = Whole("max_position_embeddings", 512),
                Channels = Whole(isDistil ? "dim" : "hidden_size", 768),
                Layers = Whole(isDistil ? "n_layers" : "num_hidden_layers", isDistil ? 6 : 12),
                Heads = Whole(isDistil ? "n_heads" : "num_attention_heads", 12),
                Inner = Whole(isDistil ? "hidden_dim" : "intermediate_size", 3072),
                TokenTypes = isDistil ? 0 : Whole("type_vocab_size", 2),
                LayerNormEpsilon = !isDistil && Present("layer_norm_eps") is { } epsilon ? epsilon.GetSingle() : 1e-12f,
                ActivationName = Text(isDistil ? "activation" : "hidden_act", "gelu"),
                PadId = Whole("pad_token_id", isRoberta ? 1 : 0),
            };
        }

        /// <summary>The names of <c>id2label</c> in order; LABEL_0 and so on where the file has only a number of them.</summary>
        private string[] Labels()
        {
            if (Present("id2label") is not { } map)
            {
                int count = Whole("num_labels", 2);
                if (count is < 1 or > 1 << 14) throw new InvalidDataException($"{path}: num_labels {count} is not between 1 and {1 << 14}");
                return [.. Enumerable.Range(0, count).Select(i => $"LABEL_{i}")];
            }
            var names = new SortedDictionary<int, string>();
            foreach (JsonProperty entry in map.EnumerateObject())
                if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || !names.TryAdd(id, entry.Value.GetString() ?? ""))
                    throw new InvalidDataException($"{path}: id2label has '{entry.Name}', whole numbers from 0 were expected, each once");
            if (names.Count > 0 && names.Keys.Last() != names.Count - 1) throw new InvalidDataException($"{path}: id2label names {names.Count} labels but reaches {names.Keys.Last()}; it must count from 0 without gaps");
            return [.. names.Values];
        }

        /// <summary>What <c>problem_type</c> says; where it says nothing, one label or those of Detoxify have sigmoids, as in Detoxify itself.</summary>
        private bool HasSigmoid(string[] labels) => Text("problem_type", "") switch
        {
            "multi_label_classification" => true,
            "single_label_classification" => false,
            "" => labels.Length == 1 || DetoxifyCheckpoint.HasItsLabels(labels),
            var other => throw new InvalidDataException($"{path}: problem_type '{other}' gives no probabilities; multi_label_classification and single_label_classification do"),
        };

        private void Refuse(string flag)
        {
            if (Present(flag)?.GetBoolean() == true) throw new InvalidDataException($"{path}: {flag} is not supported; only encoders can be read");
        }

        private JsonElement? Present(string key) => root.TryGetProperty(key, out JsonElement element) && element.ValueKind != JsonValueKind.Null ? element : null;

        private int Whole(string key, int otherwise) => Present(key)?.GetInt32() ?? otherwise;

        private string Text(string key, string otherwise) => Present(key)?.GetString() ?? otherwise;
    }
}
