using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Evaluation;

/// <summary>Measures what a model makes of its control tokens. Tags of one token only: a tag in ordinary words has no row of its own.</summary>
internal static class ControlTokens
{
    private const string TableName = "transformer.wte.weight";

    /// <summary>Whether the model has tags that can be measured.</summary>
    public static bool Has(LanguageModel model) => model.Tags.Ids.Count > 1 && model.Tags.Ids.All(tag => tag.Length == 1);

    /// <summary>
    /// Probabilities of the tags at the places where held-out text has one: before each segment, those excepted that training drops as well. Each batch goes
    /// through the model once and through the classifier once for each tag.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="text">Held-out text.</param>
    /// <param name="maxTokens">Stop after about so many tokens of text.</param>
    /// <param name="cancel">Stops between two batches.</param>
    public static ControlTokenFacts AtSegmentStarts(LanguageModel model, EvaluatedText text, int maxTokens, CancellationToken cancel)
    {
        int[] tags = [.. model.Tags.Ids.Select(tag => tag[0])];
        int n = text.Batch * text.Length;
        using var state = new Activations(model.Config, text.Batch, text.Length, forTraining: false);
        BlockOptions blocks = text.Tagged with { BlockLength = text.Length, Shuffle = false, MaxEpochs = 1, FilterThreshold = null, Upsample = null, Reference = null, Spans = SpanUse.Ignore };
        var reader = new BlockReader(text.Data, blocks);
        var batch = new TokenBatch(text.Batch, text.Length);
        float[] weights = new float[n], logComplements = new float[n];
        float[][] logProbs = [.. tags.Select(_ => new float[n])];
        var targets = new int[n];
        var tally = new Tally(tags.Length);
        for (long read = 0; read < maxTokens;)
        {
            cancel.ThrowIfCancellationRequested();
            int rows = batch.Fill(reader, text.Batch);
            if (rows == 0) break;
            model.Weights.Forward(batch.Inputs, batch.Positions, state);
            for (int tag = 0; tag < tags.Length; tag++)
            {
                Array.Fill(targets, tags[tag]);
                model.Weights.Classify(state, targets, new TokenWeights(weights, default), logProbs[tag], logComplements, gradients: null);
            }
            for (int i = 0; i < rows * text.Length; i++)
            {
                if (batch.Kinds[i] == TokenKind.Text) read++;
                if (batch.Kinds[i] == TokenKind.ControlTag && Array.IndexOf(tags, batch.Targets[i]) is >= 0 and var own) tally.Add(own, logProbs, i);
            }
        }
        return tally.Facts(model.Tags.Texts);
    }

    /// <summary>The tags' embeddings in each checkpoint; one that is deleted meanwhile (a run that still trains keeps only its newest) is left out.</summary>
    public static IReadOnlyList<TagEmbeddings> Embeddings(LanguageModel model, IReadOnlyList<string> checkpoints)
    {
        int[] tags = [.. model.Tags.Ids.Select(tag => tag[0])];
        int channels = model.Config.Channels;
        if (checkpoints.Count == 0) return [Of(model.Weights.Parameters.TokenTable.Span, step: null)];
        var table = new float[model.Config.VocabularySize * channels];
        var all = new List<TagEmbeddings>();
        foreach (string checkpoint in checkpoints)
        {
            try
            {
                long step = Checkpoint.ReadState(checkpoint).Step;
                using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(checkpoint, Gpt2Weights.FileName));
                file.CopyAsF32(TableName, table);
                all.Add(Of(table, step));
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException && !Checkpoint.IsComplete(checkpoint))
            {
                // Deleted since the list was made.
            }
        }
        return all;

        TagEmbeddings Of(ReadOnlySpan<float> rows, long? step)
        {
            double sum = 0;
            int count = rows.Length / channels;
            for (int row = 0; row < count; row++) sum += Norm(rows.Slice(row * channels, channels));
            ReadOnlySpan<float> best = rows.Slice(tags[0] * channels, channels), worst = rows.Slice(tags[^1] * channels, channels);
            var norms = new double[tags.Length];
            for (int tag = 0; tag < tags.Length; tag++) norms[tag] = Norm(rows.Slice(tags[tag] * channels, channels));
            return new TagEmbeddings(step, norms, sum / count, Dot(best, worst) / (norms[0] * norms[^1]));
        }
    }

    private static double Norm(ReadOnlySpan<float> row) => Math.Sqrt(Dot(row, row));

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>Sums over places, for each tag of the data and each tag of the model.</summary>
    private sealed class Tally(int tags)
    {
        private readonly double[,] _sums = new double[tags, tags];
        private readonly long[] _places = new long[tags];
        private long _right;

        /// <summary>One more place, where the data has tag <paramref name="own"/>; the numbers stand at <paramref name="row"/>.</summary>
        public void Add(int own, float[][] logProbs, int row)
        {
            _places[own]++;
            int likeliest = 0;
            for (int tag = 0; tag < tags; tag++)
            {
                _sums[own, tag] += Math.Exp(logProbs[tag][row]);
                if (logProbs[tag][row] > logProbs[likeliest][row]) likeliest = tag;
            }
            if (likeliest == own) _right++;
        }

        public ControlTokenFacts Facts(IReadOnlyList<string> texts)
        {
            int[] all = [.. Enumerable.Range(0, tags)];
            long places = _places.Sum();
            return new ControlTokenFacts
            {
                Tags = texts,
                AtSegmentStarts = [.. all.Where(own => _places[own] > 0).Select(own => new TagProbabilities(texts[own], _places[own], [.. all.Select(tag => _sums[own, tag] / _places[own])]))],
                Accuracy = places == 0 ? null : _right / (double)places,
            };
        }
    }
}
