using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>What a run takes over from the run that its model comes from.</summary>
/// <param name="Cursors">Where each sequence of a step begins to read; null at the start of the data.</param>
/// <param name="TokensBefore">Tokens that the model has seen.</param>
/// <param name="Description">Where reading begins, in words; null at the start of the data.</param>
/// <param name="Notes">What the user should know.</param>
public sealed record DataStart(IReadOnlyList<DataCursor>? Cursors, long TokensBefore, string? Description, IReadOnlyList<string> Notes)
{
    /// <param name="config">Asks for it by dataset.skip_tokens and training.tokens_already_seen.</param>
    /// <param name="source">Where the model's weights come from; null for new ones.</param>
    /// <param name="data">The training split.</param>
    /// <param name="blocks">How it is read.</param>
    /// <exception cref="InvalidDataException"><c>auto</c> was asked for, and there is no earlier run, or it read other data or in another order.</exception>
    internal static DataStart Find(RunConfig config, ModelSource? source, PackedDataset data, BlockOptions blocks)
    {
        long before = config.Training.TokensAlreadySeen is { IsAuto: false, Value: var given } ? given : SeenBy(StateOf(source, config, "training.tokens_already_seen"));
        int lanes = config.Training.SequencesPerStep;
        if (config.Dataset.SkipTokens.IsAuto)
        {
            TrainerState state = StateOf(source, config, "dataset.skip_tokens");
            CheckOrder(config, source!, state, data);
            return new DataStart(UnreadData.Behind(state.Cursors, BlockReader.PlacesOf(data, blocks), lanes), before, $"behind what {source!.Directory} has read", []);
        }
        if (config.Dataset.SkipTokens.Value is > 0 and var tokens)
            return new DataStart(UnreadData.Skip(data, blocks, tokens, lanes), before, $"behind {tokens:N0} tokens", []);
        bool readsAgain = source?.Run is not null && Checkpoint.ReadState(source.Directory).DataFingerprint == data.Fingerprint;
        return new DataStart(null, before, null, readsAgain
            ? [$"{source!.Directory} was trained on this data, and reading begins at its start; dataset.skip_tokens: auto goes on behind what it has read"] : []);
    }

    private static long SeenBy(TrainerState state) => state.TokensBefore + state.Tokens;

    private static TrainerState StateOf(ModelSource? source, RunConfig config, string key) => source?.Run is not null
        ? Checkpoint.ReadState(source.Directory)
        : throw new InvalidDataException($"{key} is auto, but {config.Model.PathOrName} is no run or checkpoint of one; give the number of tokens");

    private static string LargestWeight(RunConfig config) => config.Dataset.Upsample is { Weights: [_, ..] weights } ? $"{Math.Ceiling(weights.Max())}" : "1";

    private static void CheckOrder(RunConfig config, ModelSource source, TrainerState state, PackedDataset data)
    {
        const string remedy = "give dataset.skip_tokens as a number, 0 for the start of the data";
        if (state.DataFingerprint != data.Fingerprint)
            throw new InvalidDataException($"dataset.skip_tokens is auto, but {source.Directory} was trained on other data than {data.Directory}; {remedy}");
        RunConfig earlier = source.Run!.Config();
        (string Key, string Was, string Now)[] order =
        [
            ("training.seed", $"{earlier.Training.Seed}", $"{config.Training.Seed}"),
            ("dataset.order", earlier.Dataset.Order, config.Dataset.Order),
            ("dataset.upsample's largest weight", LargestWeight(earlier), LargestWeight(config)), // as many places for each document
        ];
        foreach ((string key, string was, string now) in order)
            if (was != now)
                throw new InvalidDataException($"dataset.skip_tokens is auto, but {source.Directory} read the data in another order: its {key} was {was}, here it is {now}; "
                    + $"set it to the same, or {remedy}");
        if (config.Dataset.Order == DatasetSection.ReferenceOrder)
            throw new InvalidDataException($"dataset.skip_tokens is auto, and dataset.order is reference, whose blocks depend on tags and filters; {remedy}");
    }
}
