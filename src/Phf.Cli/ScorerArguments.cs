using System.CommandLine;
using System.Globalization;
using System.Text;
using Phf.Encoders;
using Phf.Formats;
using Phf.Scoring;
using Phf.Scoring.Judge;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>Makes the scorer of a name, with the options of the command line and, for those that it does not give, of a configuration.</summary>
internal delegate IScorer ScorerFactory(string name, ScorerSettings settings);

/// <summary>The options by which verbs that score say with what; the same for each verb, but for the name of the judge's prompt where a verb has another prompt.</summary>
internal sealed class ScorerArguments(string judgePrompt = "--prompt")
{
    private const string NoEntities = "none", DayFormat = "yyyy-MM-dd";
    private const int LongestPrompt = 1 << 20;

    private readonly Option<PiiRules> _piiRules = new("--pii-rules") { Description = "rules of the scorers pii and pii-full: scrubadub's, or the same without its faults" };
    private readonly Option<string> _piiToday = new("--pii-today") { Description = "day from which pii-full counts ages", HelpName = "DATE", DefaultValueFactory = _ => PiiOptions.PaperToday.ToString(DayFormat, CultureInfo.InvariantCulture) };
    private readonly Option<string> _ner = new("--ner") { Description = "model folder by which pii and pii-full find named entities, or none", HelpName = "DIR", DefaultValueFactory = _ => NoEntities };
    private readonly Option<string[]> _nerTypes = new("--ner-type") { Description = $"an entity that --ner looks for: {string.Join(", ", EntityRecognizer.AllTypes)}; repeat it for each", HelpName = "TYPE", DefaultValueFactory = _ => [.. EntityRecognizer.DefaultTypes] };
    private readonly Option<string?> _select = new("--select") { Description = "codes that pep8 and pep8-fixed count alone, by prefix, such as E1,W605", HelpName = "LIST" };
    private readonly Option<string?> _ignore = new("--ignore") { Description = "codes that pep8 and pep8-fixed leave out, instead of those that pycodestyle does", HelpName = "LIST" };
    private readonly Option<string?> _wordList = new("--list") { Description = "word list of the scorer words, one word a line", HelpName = "FILE" };
    private readonly Option<string?> _model = new("--model") { Description = "model of the scorers toxicity (the built-in one unless given; an encoder's folder, a .ckpt of Detoxify, what phf classifier train wrote, a linear model) and classifier", HelpName = "PATH" };
    private readonly Option<string?> _pattern = new("--pattern") { Description = "regular expression of the scorer regex", HelpName = "REGEX" };
    private readonly Option<RegexMeasure> _measure = new("--measure") { Description = "what regex gives: matches per character, or 1 where there is any" };
    private readonly Option<string?> _command = new("--command") { Description = "command line of the scorer command: {\"text\"} lines in, numbers out", HelpName = "LINE" };
    private readonly Option<double> _timeout = new("--timeout") { Description = "seconds that command or openai may take for one text", HelpName = "S", DefaultValueFactory = _ => 60 };
    private readonly Option<string?> _judgeModel = new("--judge-model") { Description = "model that the scorer openai asks", HelpName = "NAME" };
    private readonly Option<JudgeKind> _judge = new("--judge") { Description = "what openai asks: a chat model or a moderation model" };
    private readonly Option<string> _endpoint = new("--endpoint") { Description = "server of openai, with its version path", HelpName = "URL", DefaultValueFactory = _ => "https://api.openai.com/v1" };
    private readonly Option<string?> _prompt = new(judgePrompt) { Description = "file with what a chat model is told; it must ask for a number alone", HelpName = "FILE" };
    private readonly Option<string> _keyVariable = new("--key-variable") { Description = "environment variable with the key of openai", HelpName = "NAME", DefaultValueFactory = _ => "OPENAI_API_KEY" };
    private readonly Option<string> _cache = new("--cache") { Description = "folder that keeps the answers of openai", HelpName = "DIR", DefaultValueFactory = _ => "judge-cache" };
    private readonly Option<long?> _maxRequests = new("--max-requests") { Description = "requests that openai may send at most", HelpName = "N" };
    private readonly Option<int?> _requestsPerMinute = new("--requests-per-minute") { Description = "requests that openai may send in a minute", HelpName = "N" };
    private readonly Option<string[]> _parts = new("--part") { Description = "a part of the scorer combine; repeat it for each", HelpName = "NAME=WEIGHT", DefaultValueFactory = _ => [] };
    private readonly Option<Combination> _combination = new("--combine") { Description = "what combine makes of its parts: their sum or the largest" };

    public void AddTo(Command command)
    {
        _nerTypes.AcceptOnlyFromAmong([.. EntityRecognizer.AllTypes]);
        foreach (Option option in new Option[]
        {
            _piiRules, _piiToday, _ner, _nerTypes, _select, _ignore, _wordList, _model, _pattern, _measure, _command, _timeout, _judgeModel, _judge, _endpoint, _prompt, _keyVariable, _cache, _maxRequests, _requestsPerMinute, _parts, _combination,
        })
            command.Options.Add(option);
    }

    /// <summary>Environment variable with the key of a server.</summary>
    public string KeyVariable(ParseResult parsed) => parsed.GetRequiredValue(_keyVariable);

    /// <param name="name">Of the scorer.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="models">Opens encoders.</param>
    /// <param name="settings">What a configuration says of options that the command line does not give.</param>
    /// <exception cref="UsageException">A value that no scorer could take.</exception>
    /// <exception cref="ArgumentException">The scorer is not known, or misses something.</exception>
    public IScorer Create(string name, ParseResult parsed, ScorerModels models, ScorerSettings? settings = null) => Scorers.Create(name, new ScorerOptions
    {
        Pii = new PiiOptions
        {
            Rules = Given(parsed, _piiRules, Choice<PiiRules>(settings?.PiiRules)),
            Today = Day(Given(parsed, _piiToday, settings?.PiiToday)),
            Entities = Entities(Given(parsed, _ner, settings?.Ner), Given(parsed, _nerTypes, settings?.NerTypes?.ToArray()), models),
        },
        Select = Codes(parsed, _select, settings?.Select),
        Ignore = Codes(parsed, _ignore, settings?.Ignore),
        OpenModel = models.Open,
        WordList = parsed.GetValue(_wordList) ?? settings?.List,
        Model = parsed.GetValue(_model) ?? settings?.Model,
        Pattern = parsed.GetValue(_pattern) ?? settings?.Pattern,
        Measure = Given(parsed, _measure, Choice<RegexMeasure>(settings?.Measure)),
        Command = parsed.GetValue(_command) is { } command ? new CommandOptions { Command = command, Timeout = Timeout(parsed) } : null,
        Judge = parsed.GetValue(_judgeModel) is { } model ? Judge(model, parsed) : null,
        Parts = Given(parsed, _parts, settings?.Parts?.ToArray()),
        Combination = Given(parsed, _combination, Choice<Combination>(settings?.Combine)),
    });

    /// <summary>The settings, and for what they leave open a scorer's recipe.</summary>
    public static ScorerSettings Complete(ScorerSettings settings, ScorerRecipe recipe) => settings with
    {
        PiiRules = settings.PiiRules ?? recipe.Rules?.ToString(),
        PiiToday = settings.PiiToday ?? recipe.Today?.ToString(DayFormat, CultureInfo.InvariantCulture),
        NerTypes = settings.NerTypes ?? recipe.Entities,
        Select = settings.Select ?? (settings.Ignore is null ? recipe.Select : null),
        Ignore = settings.Ignore ?? (settings.Select is null ? recipe.Ignore : null),
        Measure = settings.Measure ?? recipe.Measure?.ToString(),
        Parts = settings.Parts ?? recipe.Parts,
        Combine = settings.Combine ?? recipe.Combination?.ToString(),
    };

    /// <summary>The options that decide the id of a recipe's scorer.</summary>
    public static string[] OptionsOf(ScorerRecipe recipe)
    {
        IEnumerable<string> names = recipe.Parts?.Select(part => part.Split('=')[0]) ?? [recipe.Name];
        return [.. names.SelectMany(Of).Distinct()];

        static string[] Of(string name) => name switch
        {
            "pii" => ["--pii-rules", "--ner", "--ner-type"],
            "pii-full" => ["--pii-rules", "--pii-today", "--ner", "--ner-type"],
            "toxicity" or "classifier" => ["--model"],
            "pep8" or "pep8-fixed" => ["--select", "--ignore"],
            "words" => ["--list"],
            "regex" => ["--pattern", "--measure"],
            "command" => ["--command"],
            "openai" => ["--judge-model", "--judge", "prompt"],
            _ => [],
        };
    }

    /// <summary>An option of the command line; where it is not there, what the configuration says, else its default.</summary>
    private static T Given<T>(ParseResult parsed, Option<T> option, T? configured) where T : class =>
        configured is null || parsed.GetResult(option) is { Implicit: false } ? parsed.GetRequiredValue(option) : configured;

    /// <inheritdoc cref="Given{T}(ParseResult, Option{T}, T?)"/>
    private static T Given<T>(ParseResult parsed, Option<T> option, T? configured) where T : struct =>
        configured is not { } value || parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option) : value;

    /// <summary>A word of a configuration, which was checked when it was read.</summary>
    private static T? Choice<T>(string? word) where T : struct, Enum => word is null ? null : Enum.Parse<T>(word, ignoreCase: true);

    private static IReadOnlyList<string> Codes(ParseResult parsed, Option<string?> option, IReadOnlyList<string>? configured) =>
        parsed.GetValue(option)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? configured ?? [];

    private static DateOnly Day(string text) => DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day
        : throw new UsageException($"pii_today: '{text}' is no day; write it as in 2026-11-21");

    private static EntityFinder? Entities(string path, string[] types, ScorerModels models) => path == NoEntities ? null : models.Entities(path, types);

    private JudgeOptions Judge(string model, ParseResult parsed)
    {
        string endpoint = parsed.GetRequiredValue(_endpoint);
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? server) || server.Scheme is not ("http" or "https"))
            throw new UsageException($"--endpoint {endpoint}: an http or https address such as http://localhost:8000/v1 was expected");
        return new JudgeOptions
        {
            Model = model,
            Kind = parsed.GetValue(_judge),
            Endpoint = server,
            Prompt = parsed.GetValue(_prompt) is { } file ? Prompt(file) : JudgeOptions.DefaultPrompt,
            KeyVariable = parsed.GetRequiredValue(_keyVariable),
            Cache = parsed.GetRequiredValue(_cache),
            MaxRequests = parsed.GetValue(_maxRequests),
            RequestsPerMinute = parsed.GetValue(_requestsPerMinute),
            Timeout = Timeout(parsed),
        };
    }

    private static string Prompt(string path)
    {
        string prompt = Encoding.UTF8.GetString(InputFile.ReadAll(path, LongestPrompt)).TrimStart('\uFEFF');
        return string.IsNullOrWhiteSpace(prompt) ? throw new InvalidDataException($"{path} is empty; write what the model is told, and that it must answer with a number alone") : prompt;
    }

    private TimeSpan Timeout(ParseResult parsed)
    {
        double seconds = parsed.GetValue(_timeout);
        return seconds is > 0 and <= 86_400 ? TimeSpan.FromSeconds(seconds) : throw new UsageException($"--timeout {seconds}: more than 0 and at most 86400 seconds was expected");
    }
}
