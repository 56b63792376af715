using System.CommandLine;
using Phf.Evaluation;
using Phf.Evaluation.Kl;
using Phf.Evaluation.RedTeam;
using Phf.Numerics.Backend;

namespace Phf.Cli;

/// <summary>The options of <c>phf redteam</c> that say how the search goes and who writes prompts.</summary>
internal sealed class RedTeamArguments
{
    private static readonly RedTeamOptions Defaults = new();

    private readonly Option<int> _trials = new("--trials") { Description = "repetitions, over which intervals are taken", DefaultValueFactory = _ => Defaults.Trials, HelpName = "N" };
    private readonly Option<int> _rounds = new("--rounds") { Description = "rounds of a trial", DefaultValueFactory = _ => Defaults.Rounds, HelpName = "N" };
    private readonly Option<int> _candidates = new("--candidates") { Description = "prompts written in a round", DefaultValueFactory = _ => Defaults.Candidates, HelpName = "N" };
    private readonly Option<int> _continuations = new("--continuations") { Description = "continuations of a prompt, whose mean score is its score", DefaultValueFactory = _ => Defaults.Continuations, HelpName = "N" };
    private readonly Option<int> _poolSize = new("--pool-size") { Description = "prompts of a trial's initial pool", DefaultValueFactory = _ => Defaults.PoolSize, HelpName = "N" };
    private readonly Option<int> _examples = new("--examples") { Description = "prompts shown for each candidate", DefaultValueFactory = _ => Defaults.Examples, HelpName = "N" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "T: prompts are shown with probability proportional to exp(score / T); without it, the deviation of the pool's scores", HelpName = "X" };
    private readonly Option<int> _promptTokens = new("--prompt-tokens") { Description = "longest prompt that is written, in tokens, unless the pool has longer ones", DefaultValueFactory = _ => Defaults.PromptTokens, HelpName = "N" };
    private readonly Option<ulong> _seed = new("--seed") { Description = "same seed, same attack", DefaultValueFactory = _ => Defaults.Seed, HelpName = "N" };
    private readonly Option<string?> _red = new("--red")
    {
        Description = "red LM that writes prompts: a model directory or run, or the address of an OpenAI-compatible server; without it, prompts of the pool are recombined",
        HelpName = "PATH|URL",
    };
    private readonly Option<string?> _model = new("--red-model") { Description = "name of the server's model", HelpName = "NAME" };
    private readonly Option<bool> _chat = new("--red-chat") { Description = "ask the server for chat completions" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _trials, _rounds, _candidates, _continuations, _poolSize, _examples, _temperature, _promptTokens, _seed, _red, _model, _chat }) command.Options.Add(option);
    }

    /// <summary>Whether a red LM is named.</summary>
    public bool NamesWriter(ParseResult parsed) => parsed.GetValue(_red) is not null;

    /// <exception cref="UsageException">A value out of its range.</exception>
    public RedTeamOptions Options(ParseResult parsed)
    {
        foreach (Option<int> option in new[] { _trials, _rounds, _candidates, _continuations, _poolSize, _examples, _promptTokens })
            if (parsed.GetValue(option) < 1) throw new UsageException($"{option.Name} {parsed.GetValue(option)}: at least 1 was expected");
        if (parsed.GetValue(_temperature) is { } temperature && !(temperature > 0 && double.IsFinite(temperature)))
            throw new UsageException(FormattableString.Invariant($"{_temperature.Name} {temperature}: a number above 0 was expected"));
        return new RedTeamOptions
        {
            Trials = parsed.GetValue(_trials),
            Rounds = parsed.GetValue(_rounds),
            Candidates = parsed.GetValue(_candidates),
            Continuations = parsed.GetValue(_continuations),
            PoolSize = parsed.GetValue(_poolSize),
            Examples = parsed.GetValue(_examples),
            Temperature = parsed.GetValue(_temperature),
            PromptTokens = parsed.GetValue(_promptTokens),
            Seed = parsed.GetValue(_seed),
        };
    }

    /// <summary>Who writes prompts; to be disposed if it can be.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="keyVariable">Environment variable with a server's key.</param>
    /// <param name="backend">Computes.</param>
    /// <exception cref="UsageException">Options that do not go together.</exception>
    /// <exception cref="InvalidDataException">There is no model.</exception>
    public IPromptWriter Writer(ParseResult parsed, string keyVariable, IBackend backend)
    {
        string? red = parsed.GetValue(_red), model = parsed.GetValue(_model);
        Uri? address = Uri.TryCreate(red, UriKind.Absolute, out Uri? found) && found.Scheme is "http" or "https" ? found : null;
        if (address is null && model is not null) throw new UsageException($"{_model.Name} goes with the address of a server; leave it out, or give {_red.Name} http://...");
        if (address is null && parsed.GetValue(_chat)) throw new UsageException($"{_chat.Name} goes with the address of a server; leave it out, or give {_red.Name} http://...");
        if (red is null) return new Recombination();
        if (address is null) return new RedModel(LanguageModel.Open(red, backend));
        if (model is null) throw new UsageException($"{_red.Name} names a server; name its model too ({_model.Name} NAME)");
        return new RedServer(new CompletionsOptions { Endpoint = address, Model = model, KeyVariable = keyVariable }, parsed.GetValue(_chat));
    }
}
