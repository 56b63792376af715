using System.Runtime.InteropServices;
using Phf.Numerics.Random;

namespace Phf.Generation;

/// <summary>One sequence that is written: its tokens, its random stream, and the tags that are due.</summary>
internal sealed class SequenceWriter
{
    private readonly List<int> _ids;
    private readonly int _promptLength, _shortest, _longest, _endOfTextId;
    private readonly SegmentTracker? _segments;
    private readonly int[] _tag = [];
    private readonly Queue<int> _due = []; // written without a draw
    private Rng _random;

    public SequenceWriter(SamplingPrompt prompt, SamplingOptions options, int endOfTextId, ulong seed)
    {
        _ids = [.. prompt.Ids];
        _promptLength = _ids.Count;
        _shortest = options.ShortestBehind(prompt.Ids, endOfTextId);
        _longest = options.LongestBehind(_promptLength);
        _endOfTextId = endOfTextId;
        _random = new Rng(seed, prompt.Stream);
        if (options.SegmentTags is not { } tags) return;
        _segments = new SegmentTracker(tags, endOfTextId);
        _segments.Begin(prompt.Ids);
        _tag = tags.Tag;
    }

    public bool IsFinished { get; private set; }

    /// <summary>The tokens behind the prompt.</summary>
    public int[] Written => [.. _ids.Skip(_promptLength)];

    /// <summary>The token at a position; end-of-text behind the last.</summary>
    public int At(int position) => position < _ids.Count ? _ids[position] : _endOfTextId;

    /// <summary>Whether it is written on behind <paramref name="length"/> tokens: it is not finished, and its prompt has no more.</summary>
    public bool GoesOnAt(int length) => !IsFinished && length == _ids.Count;

    /// <summary>Writes one more token.</summary>
    /// <param name="logits">V scores of it.</param>
    /// <param name="chooser">Of the thread.</param>
    public void Write(ReadOnlySpan<float> logits, TokenChooser chooser)
    {
        if (!_due.TryDequeue(out int token)) token = Draw(logits, chooser);
        IsFinished = token == _endOfTextId;
        if (IsFinished) return;
        _ids.Add(token);
        IsFinished = _ids.Count == _longest;
    }

    private int Draw(ReadOnlySpan<float> logits, TokenChooser chooser)
    {
        bool isWhole = _segments is { IsWhole: true };
        int token = chooser.Choose(logits, CollectionsMarshal.AsSpan(_ids), _shortest, isWhole, ref _random);
        if (_segments is null || token == _endOfTextId) return token;
        int[]? tagged = isWhole ? _tag : _segments.TaggedFormOf(token);
        if (tagged is null)
        {
            _segments.Append(token);
            return token;
        }
        _segments.Begin(tagged);
        foreach (int due in tagged.AsSpan(1)) _due.Enqueue(due);
        return tagged[0];
    }
}
