using Phf.Text;

namespace Phf.Data;

/// <summary>How a corpus is packed.</summary>
public sealed record PackOptions
{
    /// <summary>Share of the documents, 0 up to but not including 1, that goes to the split <c>heldout</c>; 0 makes no such
    /// split.</summary>
    public double HeldOutFraction { get; init; }

    /// <summary>Decides which documents are held out.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tokens per shard; a longer document gets a shard of its own. One shard per split is held in memory.</summary>
    public long MaxShardTokens { get; init; } = 1 << 25;

    /// <summary>The most that <see cref="MaxShardTokens"/> may be; a shard is built in memory.</summary>
    public const long LargestShard = 1 << 29;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Replaces a dataset that is there already. Anything else in its place is left alone.</summary>
    public bool Force { get; init; }

    public CancellationToken Cancellation { get; init; }

    /// <summary>
    /// Mixes the files by these weights, one each and above 0, in tokens: the next document is always one of the file that has the fewest tokens
    /// for its weight. The mix ends when that file has no more. Null reads the files one after the other.
    /// </summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>Told (bytes of the input files taken, documents packed) after each document.</summary>
    public Action<long, long>? Progress { get; init; }
}

/// <summary>What was packed.</summary>
/// <param name="Train">The training split.</param>
/// <param name="HeldOut">The held-out split; null when nothing was held out.</param>
/// <param name="EmptySegments">Segments that had no tokens and were left out.</param>
/// <param name="EmptyDocuments">Documents of such segments alone.</param>
/// <param name="OtherAverages">Documents whose <c>avg_score</c> is not the mean of their scores; the mean was taken.</param>
/// <param name="Inputs">What was taken of each file.</param>
public sealed record PackResult(DatasetManifest Train, DatasetManifest? HeldOut, long EmptySegments, long EmptyDocuments, long OtherAverages,
    IReadOnlyList<PackedInput> Inputs);

/// <summary>What was taken of one file: documents and tokens of both splits, and documents that no longer fitted the mix.</summary>
public sealed record PackedInput(string Path, long Documents, long Tokens, long LeftOut);

/// <summary>
/// Packs scored documents into token shards (docs/formats.md). Neither tags nor end-of-text tokens are stored: <see cref="BlockReader"/>
/// adds them, so one pack serves every objective. Segments are tokenized one by one, as training with tags between them needs.
/// </summary>
public static class Packer
{
    public const string TrainSplit = "train", HeldOutSplit = "heldout", TokenizerDirectory = "tokenizer";

    private const ulong HeldOutSalt = 0x68656C646F7574; // keeps this choice independent of the order of reading under the same seed

    /// <summary>Writes <c>train/</c>, <c>heldout/</c> and <c>tokenizer/</c> beside <paramref name="outputDirectory"/> and then renames the
    /// whole.</summary>
    /// <exception cref="InvalidDataException">A scored file is bad, two scorers were mixed, or a split would be empty.</exception>
    /// <exception cref="IOException">The output is there already, or the disk is full.</exception>
    public static PackResult Pack(IReadOnlyList<string> scoredPaths, BpeTokenizer tokenizer, string outputDirectory, PackOptions options)
    {
        if (!(options.HeldOutFraction >= 0 && options.HeldOutFraction < 1))
            throw new ArgumentException($"held-out fraction {options.HeldOutFraction}; 0 up to but not including 1 was expected");
        if (options.MaxShardTokens is < 1 or > PackOptions.LargestShard)
            throw new ArgumentException($"{options.MaxShardTokens} tokens per shard; 1 to {PackOptions.LargestShard} was expected");
        if (options.Weights is { } weights && (weights.Count != scoredPaths.Count || weights.Any(weight => !(weight > 0 && double.IsFinite(weight)))))
            throw new ArgumentException($"{scoredPaths.Count} files and the weights {string.Join(", ", weights)}; one above 0 for each file was expected");
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputDirectory));
        CheckOutput(output, options.Force);
        string partial = $"{output}.{Guid.NewGuid():N}.partial";
        try
        {
            var run = new Run(scoredPaths, tokenizer, partial, options);
            PackResult result = run.Execute();
            CheckOutput(output, options.Force);
            if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
            Directory.Move(partial, output);
            return result;
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }

    /// <summary>Only an empty directory or, with force, an earlier dataset may be replaced: a slip must not delete a home
    /// directory.</summary>
    private static void CheckOutput(string output, bool force)
    {
        if (File.Exists(output)) throw new IOException($"{output} is a file; name a directory to create");
        if (!Directory.Exists(output) || !Directory.EnumerateFileSystemEntries(output).Any()) return;
        if (!File.Exists(Path.Combine(output, TrainSplit, DatasetManifest.FileName)))
            throw new IOException($"{output} exists and is no packed dataset; choose another directory");
        if (!force) throw new IOException($"{output} exists; choose another directory, or replace it with --force");
    }

    /// <summary>One packing.</summary>
    private sealed class Run(IReadOnlyList<string> paths, BpeTokenizer tokenizer, string directory, PackOptions options)
    {
        private readonly SplitWriter _train = new(Path.Combine(directory, TrainSplit), tokenizer.VocabularySize, options.MaxShardTokens);
        private readonly SplitWriter _heldOut = new(Path.Combine(directory, HeldOutSplit), tokenizer.VocabularySize, options.MaxShardTokens);
        private readonly PackedInput[] _inputs = [.. paths.Select(path => new PackedInput(path, Documents: 0, Tokens: 0, LeftOut: 0))];
        private readonly long[] _bytesRead = new long[paths.Count];
        private long _emptySegments, _emptyDocuments, _otherAverages;
        private bool _first = true, _hasSpans;
        private volatile bool _mixHasEnded;
        private string? _scorer, _segmenter;

        public PackResult Execute()
        {
            Directory.CreateDirectory(Path.Combine(directory, TrainSplit));
            if (options.HeldOutFraction > 0) Directory.CreateDirectory(Path.Combine(directory, HeldOutSplit));
            long number = 0;
            foreach (TokenizedDocument? document in options.Weights is { } weights ? Mixed(weights) : OneAfterTheOther())
            {
                bool heldOut = Hash64.ToUnit(Hash64.Of(options.Seed, HeldOutSalt, (ulong)number)) < options.HeldOutFraction;
                number++;
                if (document is null) _emptyDocuments++;
                else (heldOut ? _heldOut : _train).Add(document);
                options.Progress?.Invoke(_bytesRead.Sum(), number);
            }
            CheckSplits(number);
            // The tokenizer first: dataset.json says that everything is there.
            tokenizer.Save(Path.Combine(directory, TokenizerDirectory));
            DatasetManifest? heldOutManifest = options.HeldOutFraction > 0 ? _heldOut.Finish(totals => Describe(HeldOutSplit, totals)) : null;
            return new PackResult(_train.Finish(totals => Describe(TrainSplit, totals)), heldOutManifest, _emptySegments, _emptyDocuments, _otherAverages, _inputs);
        }

        private IEnumerable<TokenizedDocument?> OneAfterTheOther()
        {
            for (int input = 0; input < paths.Count; input++)
                foreach (TokenizedDocument? document in Tokenized(input)) yield return Counted(input, document);
        }

        /// <summary>The documents of all files by weight, until the file whose turn it is has no more.</summary>
        private IEnumerable<TokenizedDocument?> Mixed(IReadOnlyList<double> weights)
        {
            IEnumerator<TokenizedDocument?>[] streams = [.. Enumerable.Range(0, paths.Count).Select(input => Tokenized(input).GetEnumerator())];
            try
            {
                while (true)
                {
                    int next = 0;
                    for (int i = 1; i < streams.Length; i++)
                        if (_inputs[i].Tokens / weights[i] < _inputs[next].Tokens / weights[next]) next = i;
                    if (!streams[next].MoveNext()) break;
                    yield return Counted(next, streams[next].Current);
                }
                _mixHasEnded = true;
                for (int i = 0; i < streams.Length; i++)
                    while (streams[i].MoveNext()) _inputs[i] = _inputs[i] with { LeftOut = _inputs[i].LeftOut + 1 };
            }
            finally
            {
                foreach (IEnumerator<TokenizedDocument?> stream in streams) stream.Dispose();
            }
        }

        private TokenizedDocument? Counted(int input, TokenizedDocument? document)
        {
            PackedInput before = _inputs[input];
            _inputs[input] = before with { Documents = before.Documents + 1, Tokens = before.Tokens + (document?.Tokens.Count ?? 0) };
            return document;
        }

        private IEnumerable<TokenizedDocument?> Tokenized(int input)
            => OrderedParallel.Select(Documents(input), Tokenize, options.Threads, options.Cancellation);

        private IEnumerable<ScoredDocument> Documents(int input)
        {
            foreach (ScoredDocument document in ScoredFile.Read(paths[input], read => _bytesRead[input] = read))
            {
                CheckSource(paths[input], document);
                if (document.StatesAnotherAverage) _otherAverages++;
                yield return document;
            }
        }

        /// <summary>Scores of two scorers, or of segments cut in two ways, cannot be compared with one threshold.</summary>
        private void CheckSource(string path, ScoredDocument document)
        {
            if (_first) (_scorer, _segmenter, _hasSpans, _first) = (document.Scorer, document.Segmenter, document.Spans is not null, false);
            if (document.Scorer != _scorer || document.Segmenter != _segmenter)
                throw new InvalidDataException(
                    $"{path}: scored by '{document.Scorer}' on segments '{document.Segmenter}', but the documents before by "
                    + $"'{_scorer}' on '{_segmenter}'; score all files in one way");
            if (document.Spans is not null != _hasSpans)
                throw new InvalidDataException($"{path}: a document {(_hasSpans ? "without" : "with")} span_scores, but the documents before are "
                    + $"{(_hasSpans ? "with" : "without")}; score all files in one way, with phf score --spans or without");
        }

        /// <summary>Null for a document without any token, and for those that are only counted any more.</summary>
        private TokenizedDocument? Tokenize(ScoredDocument document)
        {
            if (_mixHasEnded) return null;
            var tokens = new List<int>();
            var starts = new List<int>();
            var scores = new List<float>();
            List<TokenSpan>? spans = document.Spans is null ? null : [];
            for (int i = 0; i < document.Texts.Length; i++)
            {
                List<int> segment = tokenizer.Encode(document.Texts[i]);
                if (segment.Count == 0)
                {
                    Interlocked.Increment(ref _emptySegments);
                    continue;
                }
                starts.Add(tokens.Count);
                scores.Add((float)document.Scores[i]);
                if (spans is not null) TokenSpans.Add(document.Texts[i], document.Spans![i], segment, tokenizer, tokens.Count, spans);
                tokens.AddRange(segment);
            }
            return tokens.Count == 0 ? null : new TokenizedDocument(tokens, [.. starts], [.. scores], spans);
        }

        private void CheckSplits(long documents)
        {
            if (_train.Documents == 0)
                throw new InvalidDataException($"{string.Join(", ", paths)}: none of the {documents} documents is left to train on");
            if (options.HeldOutFraction > 0 && _heldOut.Documents == 0)
                throw new InvalidDataException($"none of the {documents} documents was held out by the fraction {options.HeldOutFraction}; "
                    + "give a larger one, or 0 for no held-out split");
        }

        private DatasetManifest Describe(string split, SplitTotals totals) => new()
        {
            Format = _hasSpans ? DatasetManifest.SpanFormat : DatasetManifest.CurrentFormat,
            Split = split,
            Tokenizer = new TokenizerInfo(tokenizer.Fingerprint, tokenizer.VocabularySize, tokenizer.EndOfTextId),
            Scorer = _scorer,
            Segmenter = _segmenter,
            HeldOutFraction = options.HeldOutFraction,
            Seed = options.Seed,
            Documents = totals.Shards.Sum(shard => shard.Documents),
            Segments = totals.Shards.Sum(shard => shard.Segments),
            Tokens = totals.Shards.Sum(shard => shard.Tokens),
            Spans = _hasSpans ? totals.Shards.Sum(shard => shard.Spans) : null,
            SegmentScores = totals.SegmentScores,
            DocumentScores = totals.DocumentScores,
            Shards = totals.Shards,
        };
    }
}
