using Phf.Numerics.Random;

namespace Phf.Scoring.Classifier;

/// <summary>
/// Logistic regression by FTRL-Proximal (McMahan et al., "Ad click prediction", 2013, algorithm 1): every weight has its own learning rate, which
/// falls with the gradients it has seen, and is w = -(z - sign(z) L1) / ((1 + sqrt(n)) / rate + L2), or 0 where |z| is at most L1.
/// </summary>
internal sealed class FollowTheLeader
{
    private const ulong OrderStream = 0x4F52444552;

    private readonly ClassifierOptions _options;
    private readonly double _positiveWeight = 1, _otherWeight = 1;
    private readonly State[] _states;
    private State _bias;

    public FollowTheLeader(ClassifierOptions options, List<LabelledText> texts)
    {
        _options = options;
        _states = new State[1 << options.Features.Bits];
        if (!options.Balanced) return;
        double positives = texts.Sum(text => text.Target);
        (_positiveWeight, _otherWeight) = (texts.Count / 2.0 / positives, texts.Count / 2.0 / (texts.Count - positives));
    }

    /// <summary>All passes, each in another order.</summary>
    public void Learn(List<LabelledText> texts, Action<long, long>? progress, CancellationToken cancellation)
    {
        int[] order = [.. Enumerable.Range(0, texts.Count)];
        var random = new Rng(_options.Seed, OrderStream);
        var places = new FeaturePlaces();
        long done = 0, total = (long)texts.Count * _options.Epochs;
        for (int epoch = 0; epoch < _options.Epochs; epoch++)
        {
            for (int i = order.Length - 1; i > 0; i--)
            {
                int other = (int)(random.NextDouble() * (i + 1));
                (order[i], order[other]) = (order[other], order[i]);
            }
            foreach (int index in order)
            {
                cancellation.ThrowIfCancellationRequested();
                LearnFrom(places.Read(texts[index].Text, _options.Features), texts[index].Target);
                progress?.Invoke(++done, total);
            }
        }
    }

    /// <summary>One weight per place of the table; the bias is left to the calibration.</summary>
    public float[] Weights() => [.. _states.Select(state => (float)Weight(state))];

    private void LearnFrom(FeaturePlaces places, double target)
    {
        double words = 0, characters = 0;
        foreach (int place in places.Words) words += Weight(_states[place]);
        foreach (int place in places.Characters) characters += Weight(_states[place]);
        double margin = (words * places.WordValue) + (characters * places.CharacterValue) + UnboundWeight(_bias);
        double error = 1 / (1 + Math.Exp(-margin)) - target;
        error *= (target * _positiveWeight) + ((1 - target) * _otherWeight);
        foreach (int place in places.Words) Update(ref _states[place], error * places.WordValue, Weight(_states[place]));
        foreach (int place in places.Characters) Update(ref _states[place], error * places.CharacterValue, Weight(_states[place]));
        Update(ref _bias, error, UnboundWeight(_bias));
    }

    private double Weight(State state) => Math.Abs(state.Z) <= _options.L1
        ? 0
        : -(state.Z - Math.CopySign(_options.L1, state.Z)) / (((1 + state.Root) / _options.LearningRate) + _options.L2);

    /// <summary>The bias is not decayed.</summary>
    private double UnboundWeight(State state) => -state.Z * _options.LearningRate / (1 + state.Root);

    private void Update(ref State state, double gradient, double weight)
    {
        double root = Math.Sqrt(((double)state.Root * state.Root) + (gradient * gradient));
        state.Z += (float)(gradient - ((root - state.Root) / _options.LearningRate * weight));
        state.Root = (float)root;
    }

    /// <summary>z of the paper, and the square root of its n: the sum of squared gradients.</summary>
    private struct State
    {
        public float Z, Root;
    }
}

/// <summary>The places of a text's features, in arrays that are used again for the next text.</summary>
internal sealed class FeaturePlaces
{
    private int[] _words = new int[256], _characters = new int[1024];
    private int _wordCount, _characterCount;

    public ReadOnlySpan<int> Words => _words.AsSpan(0, _wordCount);

    public ReadOnlySpan<int> Characters => _characters.AsSpan(0, _characterCount);

    /// <summary>What each occurrence of a word feature counts: 1 / sqrt(their number).</summary>
    public double WordValue => 1 / Math.Sqrt(Math.Max(1, _wordCount));

    /// <inheritdoc cref="WordValue"/>
    public double CharacterValue => 1 / Math.Sqrt(Math.Max(1, _characterCount));

    /// <summary>Replaces the places by those of <paramref name="text"/>; returns this.</summary>
    public FeaturePlaces Read(string text, FeatureOptions options)
    {
        _wordCount = _characterCount = 0;
        var collector = new Collector(this);
        TextFeatures.Visit(text, options, ref collector);
        return this;
    }

    public double Margin(float[] weights)
    {
        double words = 0, characters = 0;
        foreach (int place in Words) words += weights[place];
        foreach (int place in Characters) characters += weights[place];
        return (words * WordValue) + (characters * CharacterValue);
    }

    private readonly struct Collector(FeaturePlaces into) : IFeatureSink
    {
        public void Word(int place) => Add(ref into._words, ref into._wordCount, place);

        public void Characters(int place) => Add(ref into._characters, ref into._characterCount, place);

        private static void Add(ref int[] list, ref int count, int place)
        {
            if (count == list.Length) Array.Resize(ref list, 2 * count);
            list[count++] = place;
        }
    }
}
