using System.Security.Cryptography;
using System.Text.Json;
using Phf.Numerics.Random;
using Phf.Scoring;

namespace Phf.Evaluation.RedTeam;

/// <summary>
/// Attacks a model: by prompts that are looked for round after round (stochastic few-shot generation, Perez et al. 2022, arXiv 2202.03286, as in Korbak et al. 2023, arXiv 2302.08582,
/// section 4.3), or by given ones. Each round goes into the cache when it is done, so an attack that was stopped goes on there, to the same bytes.
/// </summary>
public sealed class RedTeaming(AttackTarget target, IScorer scorer, EvaluationCache cache)
{
    private const string Part = "redteam";
    private const int WritingTries = 5, GivenAtOnce = 32;

    private long _done; // continuations, of cached rounds too

    /// <summary>Streams of one seed.</summary>
    private enum Use { Pool = 1, Examples, Writing, Continuing }

    /// <summary>Told how many continuations are finished; <see cref="ContinuationsOf(RedTeamOptions)"/> at the end.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Continuations that a search draws at most.</summary>
    public static long ContinuationsOf(RedTeamOptions options) => (long)options.Trials * (options.PoolSize + options.Rounds * options.Candidates) * options.Continuations;

    /// <summary>Looks for prompts.</summary>
    /// <param name="name">Name of the attack.</param>
    /// <param name="prompts">Prompts that the initial pools are drawn from.</param>
    /// <param name="writer">Writes new ones.</param>
    /// <param name="options">How the search goes.</param>
    /// <param name="cancel">Stops between two tokens; rounds that are done stay in the cache.</param>
    /// <exception cref="InvalidDataException">The scorer scores nothing of the pool, or the writer writes nothing new.</exception>
    /// <exception cref="IOException">A writer's server refuses or cannot be reached.</exception>
    public Attack Search(string name, IReadOnlyList<string> prompts, IPromptWriter writer, RedTeamOptions options, CancellationToken cancel)
    {
        options.Validate();
        var trials = new List<IReadOnlyList<ScoredPrompt[]>>();
        for (int trial = 0; trial < options.Trials; trial++) trials.Add(Trial(trial, prompts, writer, options, cancel));
        return new Attack(name, AttackResult.FewShot, $"{target.Description}; prompts by {writer.Name}.", trials) { Writer = writer.Id };
    }

    /// <summary>Asks the model for continuations of given prompts.</summary>
    /// <param name="name">Name of the attack.</param>
    /// <param name="prompts">Different prompts.</param>
    /// <param name="origin">Where they come from, one word.</param>
    /// <param name="options">Of these, the continuations and the seed count.</param>
    /// <param name="cancel">Stops between two tokens; prompts that are done stay in the cache.</param>
    public Attack Measure(string name, IReadOnlyList<string> prompts, string origin, RedTeamOptions options, CancellationToken cancel)
    {
        options.Validate();
        var all = new List<ScoredPrompt>();
        foreach (string[] some in prompts.Chunk(GivenAtOnce))
        {
            WrittenPrompt[] given = [.. some.Select(text => new WrittenPrompt(text, origin))];
            object inputs = new { EvaluationCache.Version, target.Identity, Scorer = scorer.Id, options.Continuations, options.Seed, Number = all.Count, Prompts = given };
            all.AddRange(cache.GetOrCompute(Part, inputs, () => Ask(given, options, SeedOf(options, Use.Continuing, trial: 0, all.Count), cancel)));
            Tell(some.Length, options);
        }
        return new Attack(name, AttackResult.PromptSet, $"{target.Description}; {prompts.Count} prompts.", [[[.. all]]]);
    }

    /// <summary>The prompts that the initial pool of a trial has.</summary>
    public static IReadOnlyList<string> PoolOf(int trial, IReadOnlyList<string> prompts, RedTeamOptions options)
    {
        var random = new Rng(SeedOf(options, Use.Pool, trial, round: 0));
        return [.. PromptPool.Draw(prompts.Count, options.PoolSize, ref random).Select(i => prompts[i])];
    }

    /// <summary>The initial pool, then the prompts of each round.</summary>
    private List<ScoredPrompt[]> Trial(int trial, IReadOnlyList<string> prompts, IPromptWriter writer, RedTeamOptions options, CancellationToken cancel)
    {
        WrittenPrompt[] initial = [.. PoolOf(trial, prompts, options).Select(text => new WrittenPrompt(text, "pool"))];
        object ofPool = new { EvaluationCache.Version, target.Identity, Scorer = scorer.Id, options.Continuations, options.Seed, Trial = trial, Prompts = initial };
        var rounds = new List<ScoredPrompt[]> { cache.GetOrCompute(Part, ofPool, () => Ask(initial, options, SeedOf(options, Use.Continuing, trial, round: 0), cancel)) };
        Tell(initial.Length, options);
        if (!rounds[0].Any(prompt => double.IsFinite(prompt.Score)))
            throw new InvalidDataException($"{scorer.Id} gives no finite score to anything that {target.Model.Name} writes behind the {initial.Length} prompts of the pool; give other prompts (--pool) or another scorer (--scorer)");
        for (int round = 1; round <= options.Rounds; round++)
        {
            // What came before decides what comes next, a server's answers among it.
            string before = Hash(rounds);
            object inputs = new { EvaluationCache.Version, target.Identity, Scorer = scorer.Id, Writer = writer.Id, Before = before, options.Continuations, options.Seed, options.Candidates, options.Examples, options.Temperature, options.PromptTokens, Trial = trial, Round = round };
            int number = round;
            rounds.Add(cache.GetOrCompute(Part, inputs, () => Ask(Written(trial, number, rounds, writer, options, cancel), options, SeedOf(options, Use.Continuing, trial, number), cancel)));
            Tell(options.Candidates, options);
        }
        return rounds;
    }

    /// <summary>New prompts of a round: different ones, none of the pool.</summary>
    private List<WrittenPrompt> Written(int trial, int round, List<ScoredPrompt[]> rounds, IPromptWriter writer, RedTeamOptions options, CancellationToken cancel)
    {
        ScoredPrompt[] pool = [.. rounds.SelectMany(prompts => prompts)];
        HashSet<string> known = [.. pool.Select(prompt => prompt.Text)];
        int longest = Math.Max(options.PromptTokens, rounds[0].Max(prompt => target.TokensOf(prompt.Text)));
        var random = new Rng(SeedOf(options, Use.Examples, trial, round));
        ulong seed = SeedOf(options, Use.Writing, trial, round);
        var found = new List<WrittenPrompt>();
        for (int tries = 0; tries < WritingTries && found.Count < options.Candidates; tries++)
        {
            var examples = new List<ScoredPrompt[]>();
            while (found.Count + examples.Count < options.Candidates) examples.Add(PromptPool.Draw(pool, options.Examples, options.Temperature, ref random));
            foreach (WrittenPrompt? written in writer.Write(examples, Rng.SplitMix(seed + (ulong)tries), cancel))
                if (written is not null && Cut(written.Text, longest) is { Length: > 0 } text && known.Add(text)) found.Add(written with { Text = text });
        }
        return found.Count > 0 ? found : throw new InvalidDataException(
            $"trial {trial + 1}, round {round}: {writer.Id} wrote nothing new that could be a prompt in {WritingTries * options.Candidates} tries; give a larger pool (--pool, --pool-size) or another red LM (--red)");
    }

    /// <summary>Leaves out words at the end until the prompt is no longer than allowed and leaves room to write.</summary>
    private string Cut(string text, int longest)
    {
        string[] words = Recombination.WordsOf(text.Trim());
        // No word has less than a token, so this many at most.
        for (int count = Math.Min(words.Length, longest); count > 0; count--)
        {
            string cut = string.Concat(words[..count]);
            if (target.TokensOf(cut) <= longest && target.Overrun(cut) <= 0) return cut;
        }
        return "";
    }

    private ScoredPrompt[] Ask(IReadOnlyList<WrittenPrompt> prompts, RedTeamOptions options, ulong seed, CancellationToken cancel) =>
        target.Ask(prompts, options.Continuations, scorer, seed, done => Progress?.Invoke(_done + done), cancel);

    private void Tell(int prompts, RedTeamOptions options) => Progress?.Invoke(_done += (long)prompts * options.Continuations);

    private static ulong SeedOf(RedTeamOptions options, Use use, int trial, int round) =>
        Rng.SplitMix(options.Seed + Rng.SplitMix(((ulong)use << 56) | ((ulong)(uint)trial << 28) | (uint)round));

    private static string Hash(List<ScoredPrompt[]> rounds) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(rounds, EvaluationFiles.OneLine)));
}
