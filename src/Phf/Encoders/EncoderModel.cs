using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Text;

namespace Phf.Encoders;

/// <summary>An encoder with its tokenizer and threads of its own. May be used from several threads at once: they take turns at the model.</summary>
public sealed class EncoderModel : IDisposable
{
    private const int HashedAtOnce = 1 << 24; // floats
    private const string Probe = "A \u00C9t\u00E9 in O'Neil's \u4E2D\u6587 <mask> [MASK], x2"; // its ids tell tokenizers apart: case, accents, ideographs

    private readonly IBackend _backend;
    private readonly Encoder _encoder;
    private readonly EncoderTokenizer _tokenizer;
    private readonly Lock _turn = new();

    private EncoderModel(string source, IBackend backend, Encoder encoder, EncoderTokenizer tokenizer)
    {
        (Source, _backend, _encoder, _tokenizer) = (source, backend, encoder, tokenizer);
        Id = $"{Config.KindName}-{Hash()}";
    }

    /// <summary>The path that it was loaded from.</summary>
    public string Source { get; }

    /// <summary>
    /// The family and 12 hexadecimal digits of a SHA-256 over the weights, what is made of them, how a sample text is tokenized and where texts are cut: the same for the same model in
    /// another format.
    /// </summary>
    public string Id { get; }

    public EncoderConfig Config => _encoder.Config;

    /// <summary>Tokens that are read of a text, special ones included: the model's positions, or fewer where the tokenizer's model_max_length says so.</summary>
    public int Context => ContextOf(Config, _tokenizer);

    /// <param name="path">See <see cref="EncoderFiles.Find"/>; the tokenizer's files lie beside.</param>
    /// <param name="threads">To compute on; 0 for all.</param>
    /// <exception cref="InvalidDataException">No such model, or it does not fit together.</exception>
    public static EncoderModel Load(string path, int threads)
    {
        EncoderFiles files = EncoderFiles.Find(path);
        EncoderTokenizer tokenizer = Tokenizer(files);
        if (tokenizer.VocabularySize > files.Config.VocabularySize)
            throw new InvalidDataException($"{files.Directory}: the tokenizer has {tokenizer.VocabularySize} tokens, the model only {files.Config.VocabularySize}; they are of different models");
        int around = tokenizer.Encode("").Ids.Length;
        if (around == 0 || around >= ContextOf(files.Config, tokenizer))
            throw new InvalidDataException($"{files.Directory}: the tokenizer puts {around} tokens around a text, and the model reads {ContextOf(files.Config, tokenizer)}; expected are [CLS] and [SEP] or the like, and place between");
        IBackend backend = Backends.CreateCpu(threads);
        try
        {
            return new EncoderModel(path, backend, Encoder.Load(files, backend), tokenizer);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <summary>A text's tokens, special ones included.</summary>
    /// <param name="text">Any.</param>
    /// <param name="shared">Tokens that neighbours share where the text is longer than the model reads and is cut into several parts.</param>
    /// <returns>The parts, each at most <see cref="Context"/> tokens.</returns>
    public IReadOnlyList<EncodedText> Encode(string text, int shared = 0)
    {
        EncodedText first = _tokenizer.Encode(text, pair: null, new EncodeOptions { MaxLength = Context, Stride = shared });
        return first.Overflow.Count == 0 ? [first] : [first, .. first.Overflow];
    }

    /// <inheritdoc cref="Encoder.Logits"/>
    public float[][] Logits(IEnumerable<EncodedText> texts)
    {
        EncoderInput[] inputs = [.. texts.Select(text => new EncoderInput(text.Ids, text.TypeIds))];
        lock (_turn) return _encoder.Logits(inputs);
    }

    /// <inheritdoc cref="Encoder.Probabilities"/>
    public double[] Probabilities(ReadOnlySpan<float> logits) => _encoder.Probabilities(logits);

    public void Dispose()
    {
        _encoder.Dispose();
        _backend.Dispose();
    }

    private static int ContextOf(EncoderConfig config, EncoderTokenizer tokenizer) => Math.Min(config.Context, tokenizer.MaxLength ?? int.MaxValue);

    private static EncoderTokenizer Tokenizer(EncoderFiles files)
    {
        try
        {
            return EncoderTokenizer.FromDirectory(files.Directory);
        }
        catch (FileNotFoundException problem)
        {
            throw new InvalidDataException($"{problem.Message}; the tokenizer's files (tokenizer.json, or vocab.txt of a BERT) must lie beside {Path.GetFileName(files.WeightsPath)}", problem);
        }
    }

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string shape = string.Create(CultureInfo.InvariantCulture,
            $"{Config.Kind} {Config.Task} {Config.Heads} {Config.LayerNormEpsilon} {Config.Activation} {Config.PadId} {Config.IsMultiLabel} {string.Join('\n', Config.Labels)}");
        if (Context < Config.Context) shape += $"\n{Context}";
        hash.AppendData(Encoding.UTF8.GetBytes(shape));
        hash.AppendData(MemoryMarshal.AsBytes<int>(_tokenizer.Encode(Probe, pair: null, new EncodeOptions()).Ids));
        FlatBlock all = _encoder.Parameters.All;
        for (long at = 0; at < all.Length; at += HashedAtOnce) hash.AppendData(MemoryMarshal.AsBytes(all.Slice(at, Math.Min(HashedAtOnce, all.Length - at)).Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 6));
    }
}
