using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation.Finetuning;

/// <summary>
/// Makes a classifier of a language model, to see what is left of its capability after finetuning: a head on the last token, all weights trained with AdamW. Deterministic
/// for a seed, whatever the threads.
/// </summary>
public sealed class ClassifierFinetuner : IDisposable
{
    private const int TimeStep = 16; // batches of similar lengths share their memory
    private const double WarmupRatio = 0.1;

    private readonly FinetuningData _data;
    private readonly FinetuningOptions _options;
    private readonly TrainingSection _training;
    private readonly Gpt2 _model;
    private readonly ClassificationHead _head;
    private readonly AdamW _optimizer;
    private Activations? _state; // of the last batch's shape
    private long _step;

    private ClassifierFinetuner(FinetuningData data, FinetuningOptions options, Gpt2 model)
    {
        (_data, _options, _model) = (data, options, model);
        _training = new TrainingSection { LearningRate = options.LearningRate, WeightDecay = options.WeightDecay, WarmupRatio = WarmupRatio };
        _head = new ClassificationHead(model, options.BatchSize);
        _optimizer = new AdamW(model, _training);
    }

    /// <summary>Reads the model and gives it a head.</summary>
    /// <param name="modelDirectory">A model with its tokenizer.</param>
    /// <param name="train">Texts to learn from.</param>
    /// <param name="dev">Texts to measure on.</param>
    /// <param name="options">The training's numbers.</param>
    /// <param name="backend">Computes.</param>
    /// <exception cref="InvalidDataException">The model is damaged, or the labels cannot be learned.</exception>
    public static ClassifierFinetuner Create(string modelDirectory, IReadOnlyList<LabelledExample> train, IReadOnlyList<LabelledExample> dev, FinetuningOptions options, IBackend backend)
    {
        var config = Gpt2Config.FromFile(Path.Combine(modelDirectory, "config.json"));
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(modelDirectory);
        if (tokenizer.VocabularySize > config.VocabularySize)
            throw new InvalidDataException($"{modelDirectory}: the tokenizer has {tokenizer.VocabularySize} tokens, the model {config.VocabularySize}; they do not belong together");
        using (WeightFiles weights = WeightFiles.Open(modelDirectory)) Gpt2Weights.Check(weights, new ParameterLayout(config));
        FinetuningData data = FinetuningData.Encode(train, dev, tokenizer, config.Positions);
        if (options.Positive is { } positive && !data.Labels.Contains(positive))
            throw new InvalidDataException($"the positive label is '{positive}'; the training texts have {string.Join(", ", data.Labels.Take(10))}");
        var model = new Gpt2(config with { ClassCount = data.Labels.Count }, backend);
        try
        {
            Gpt2Weights.ReadWithNewTokens(modelDirectory, model, options.Seed);
            var finetuner = new ClassifierFinetuner(data, options, model);
            finetuner._head.Initialize(options.Seed);
            return finetuner;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>In the order of the head's rows.</summary>
    public IReadOnlyList<string> Labels => _data.Labels;

    /// <summary>Texts of both files that were cut to the model's context.</summary>
    public int Cut => _data.Cut;

    /// <summary>Parameters, the head's included.</summary>
    public long Parameters => _model.Parameters.Layout.Count;

    /// <summary>Accuracy on the dev texts of always saying the training texts' most frequent label.</summary>
    public double MajorityAccuracy
    {
        get
        {
            int majority = _data.Train.CountBy(example => example.Label).OrderByDescending(count => count.Value).ThenBy(count => count.Key).First().Key;
            return _data.Dev.Count(example => example.Label == majority) / (double)_data.Dev.Count;
        }
    }

    /// <summary>Trains all epochs.</summary>
    /// <param name="progress">Told how many training texts are done, of how many.</param>
    /// <param name="finished">Told each epoch's numbers.</param>
    /// <param name="cancel">Stops between two steps.</param>
    /// <exception cref="InvalidDataException">A number is no longer finite.</exception>
    public IReadOnlyList<FinetuningEpoch> Run(Action<long, long>? progress, Action<FinetuningEpoch>? finished, CancellationToken cancel)
    {
        int count = _data.Train.Count;
        long stepsPerEpoch = (count + _options.BatchSize - 1) / _options.BatchSize;
        var schedule = LearningRateSchedule.Of(_training, _options.Epochs * stepsPerEpoch);
        var epochs = new List<FinetuningEpoch>();
        for (int epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            var order = new Permutation(count, _options.Seed, epoch);
            double loss = 0;
            foreach (int[] places in Enumerable.Range(0, count).Chunk(_options.BatchSize))
            {
                cancel.ThrowIfCancellationRequested();
                loss += Train([.. places.Select(place => _data.Train[(int)order[place]])], schedule);
                progress?.Invoke(((epoch - 1L) * count) + places[^1] + 1, (long)_options.Epochs * count);
            }
            (double devLoss, ClassificationMetrics dev) = Measure(cancel);
            epochs.Add(new FinetuningEpoch(epoch, loss / count, devLoss, dev));
            finished?.Invoke(epochs[^1]);
        }
        return epochs;
    }

    public void Dispose()
    {
        _state?.Dispose();
        _optimizer.Dispose();
        _head.Dispose();
        _model.Dispose();
    }

    /// <summary>One step; returns the sum of the examples' losses before it.</summary>
    private double Train(EncodedExample[] examples, LearningRateSchedule schedule)
    {
        _optimizer.Begin();
        (double loss, _) = Compute(examples, _optimizer.Gradients);
        double norm = _optimizer.Norm();
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new InvalidDataException($"step {_step + 1}: the loss is {loss} and {_optimizer.DescribeNotFinite()}; lower the learning rate (--learning-rate)");
        double rate = schedule.At(_step++);
        _optimizer.Update(_step, rate, norm);
        return loss;
    }

    private (double Loss, ClassificationMetrics Metrics) Measure(CancellationToken cancel)
    {
        var counts = new int[Labels.Count, Labels.Count];
        double loss = 0;
        foreach (EncodedExample[] examples in _data.Dev.OrderBy(example => example.Ids.Length).Chunk(_options.BatchSize))
        {
            cancel.ThrowIfCancellationRequested();
            (double sum, int[] said) = Compute(examples, gradients: null);
            loss += sum;
            for (int i = 0; i < said.Length; i++) counts[examples[i].Label, said[i]]++;
        }
        int? positive = _options.Positive is { } label ? Labels.ToList().IndexOf(label) : Labels.Count == 2 ? 1 : null;
        return (loss / _data.Dev.Count, ClassificationMetrics.Of(counts, positive));
    }

    /// <summary>The sum of -log p of the examples' labels, and what the model says; with <paramref name="gradients"/> those of the mean are added.</summary>
    internal (double Loss, int[] Said) Compute(EncodedExample[] examples, ParameterSet? gradients)
    {
        int longest = examples.Max(example => example.Ids.Length), time = Math.Min(_model.Config.Positions, (longest + TimeStep - 1) / TimeStep * TimeStep);
        Activations state = State(time);
        int[] tokens = new int[state.Batch * time], positions = new int[tokens.Length]; // what is behind an example's end is padding
        int[] last = new int[examples.Length], labels = new int[examples.Length];
        for (int i = 0; i < positions.Length; i++) positions[i] = i % time;
        for (int i = 0; i < examples.Length; i++)
        {
            examples[i].Ids.CopyTo(tokens.AsSpan(i * time));
            (last[i], labels[i]) = ((i * time) + examples[i].Ids.Length - 1, examples[i].Label);
        }
        float[] weights = new float[examples.Length], logProbs = new float[examples.Length];
        Array.Fill(weights, 1f / examples.Length);
        _model.Forward(tokens, positions, state);
        _head.Classify(state, last, labels, weights, logProbs, gradients);
        if (gradients is not null) _model.Backward(tokens, positions, state, gradients);
        double loss = 0;
        foreach (float logProb in logProbs) loss -= logProb;
        return (loss, gradients is null ? Choices(_head.Logits(state, last)) : []);
    }

    private static int[] Choices(Numerics.Memory.Tensor logits)
    {
        var choices = new int[logits.Rows];
        for (int i = 0; i < choices.Length; i++)
            for (int k = 1; k < logits.Columns; k++)
                if (logits.Row(i)[k] > logits.Row(i)[choices[i]]) choices[i] = k;
        return choices;
    }

    private Activations State(int time)
    {
        if (_state?.Time == time) return _state;
        _state?.Dispose();
        _state = null;
        return _state = new Activations(_model.Config, _options.BatchSize, time, forTraining: true);
    }
}
