using System.CommandLine;
using Phf.Evaluation;
using Phf.Evaluation.Kl;
using Phf.Numerics.Backend;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>The options of <c>phf evaluate</c> that say which other models it measures the distance to.</summary>
internal sealed class KlArguments
{
    private const int FewestTokens = 1, FewestSamples = 2;

    private readonly Option<string?> _reference = new("--reference")
    {
        Description = "reference LM, for KL(reference || model): a model directory or run, a file of recorded samples (.jsonl), or the address of a completions server",
        HelpName = "PATH|URL",
    };
    private readonly Option<string?> _model = new("--reference-model") { Description = "name of the server's model", HelpName = "NAME" };
    private readonly Option<string> _start = new("--reference-start") { Description = "what the server's model takes for the start of a document", DefaultValueFactory = _ => "<|endoftext|>", HelpName = "TEXT" };
    private readonly Option<string> _cache = new("--reference-cache") { Description = "folder that keeps the texts of references", DefaultValueFactory = _ => "reference-samples", HelpName = "DIR" };
    private readonly Option<string?> _baseline = new("--mle") { Description = "run or model, for KL(model || it): how far the model is from one trained by maximum likelihood", HelpName = "RUN" };
    private readonly Option<int?> _samples = new("--kl-samples") { Description = "texts of an estimate; without it, kl_gpt3_callback.num_samples", HelpName = "N" };
    private readonly Option<int?> _tokens = new("--kl-tokens") { Description = "longest text in tokens; without it, kl_gpt3_callback.max_tokens", HelpName = "N" };
    private readonly Option<int?> _cut = new("--kl-cut") { Description = "tokens that the model reads of a recorded text; without it, all", HelpName = "N" };

    private ReferenceSamples? _read; // the same for every run that asks for as many
    private (int Samples, int Tokens) _readSize;

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _reference, _model, _start, _cache, _baseline, _samples, _tokens, _cut }) command.Options.Add(option);
    }

    /// <exception cref="UsageException">Options that do not go together, or a value out of its range.</exception>
    public void Check(ParseResult parsed)
    {
        AtLeast(_samples, FewestSamples);
        AtLeast(_tokens, FewestTokens);
        AtLeast(_cut, FewestTokens);
        bool asksServer = parsed.GetValue(_reference) is { } reference && IsAddress(reference);
        if (asksServer && parsed.GetValue(_model) is null) throw new UsageException("--reference names a server; name its model too (--reference-model NAME)");
        if (!asksServer && parsed.GetValue(_model) is not null) throw new UsageException("--reference-model goes with the address of a server; leave it out, or give --reference http://...");

        void AtLeast(Option<int?> option, int least)
        {
            if (parsed.GetValue(option) < least) throw new UsageException($"{option.Name} {parsed.GetValue(option)}: at least {least} was expected");
        }
    }

    /// <summary>The baseline; null where none is asked for. To be disposed.</summary>
    /// <exception cref="InvalidDataException">It is no model.</exception>
    public LanguageModel? Baseline(ParseResult parsed, IBackend backend) => parsed.GetValue(_baseline) is { } path ? LanguageModel.Open(path, backend) : null;

    /// <summary>What is asked for; null for nothing. Texts of a reference are drawn, asked for or read here.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="settings">Of the run's configuration.</param>
    /// <param name="baseline">The opened baseline.</param>
    /// <param name="seed">Same seed, same texts.</param>
    /// <param name="keyVariable">Environment variable with a server's key.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cancel">Stops drawing.</param>
    public KlRequest? Create(ParseResult parsed, KlSection settings, LanguageModel? baseline, ulong seed, string keyVariable, IBackend backend, CancellationToken cancel)
    {
        string? reference = parsed.GetValue(_reference);
        if (reference is null && baseline is null) return null;
        int? asked = parsed.GetValue(_samples);
        settings = settings with { NumSamples = asked ?? settings.NumSamples, MaxTokens = parsed.GetValue(_tokens) ?? settings.MaxTokens };
        if (reference is not null && (_read is null || _readSize != (settings.NumSamples, settings.MaxTokens)))
        {
            _read = Samples(parsed, reference, settings, asked, seed, keyVariable, backend, cancel);
            _readSize = (settings.NumSamples, settings.MaxTokens);
        }
        return new KlRequest { Settings = settings, Reference = _read, Baseline = baseline, Cut = parsed.GetValue(_cut) };
    }

    private ReferenceSamples Samples(ParseResult parsed, string reference, KlSection settings, int? asked, ulong seed, string keyVariable, IBackend backend, CancellationToken cancel)
    {
        if (File.Exists(reference)) return ReferenceSamples.Read(reference, asked);
        string folder = parsed.GetRequiredValue(_cache);
        ReferenceSamples? samples = null;
        ConsoleProgress.Run($"texts of {reference}", "texts", settings.NumSamples, progress =>
        {
            if (IsAddress(reference))
            {
                using var endpoint = new CompletionsEndpoint(new CompletionsOptions
                {
                    Endpoint = new Uri(reference),
                    Model = parsed.GetValue(_model)!,
                    Start = parsed.GetRequiredValue(_start),
                    KeyVariable = keyVariable,
                });
                samples = ReferenceSamples.Ask(endpoint, settings.NumSamples, settings.MaxTokens, folder, done => progress.Report(done, done), cancel);
                return;
            }
            using LanguageModel model = LanguageModel.Open(reference, backend);
            samples = ReferenceSamples.Draw(model, settings.NumSamples, settings.MaxTokens, seed, folder, done => progress.Report(done, done), cancel);
        });
        return samples!;
    }

    private static bool IsAddress(string reference) => Uri.TryCreate(reference, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";
}
