namespace Phf.Text;

/// <summary>Cuts token lists to length, as Hugging Face tokenizers does.</summary>
internal static class Truncation
{
    /// <summary>How many tokens of each text stay.</summary>
    /// <param name="first">Tokens of the first text.</param>
    /// <param name="second">Tokens of the second text; null when there is none.</param>
    /// <param name="room">Tokens that both may have together.</param>
    /// <exception cref="ArgumentException">The text that alone may be cut is too short for it.</exception>
    public static (int First, int Second) Lengths(int first, int? second, int room, TruncationStrategy strategy)
    {
        int other = second ?? 0, excess = first + other - room;
        if (excess <= 0) return (first, other);
        if (room == 0) return (0, 0);
        if (strategy == TruncationStrategy.LongestFirst) return second is null ? (room, 0) : LongestFirst(first, other, room);
        bool cutsFirst = strategy == TruncationStrategy.OnlyFirst;
        if (!cutsFirst && second is null) throw new ArgumentException("only the second text may be cut, but there is none; give a pair or another strategy");
        if ((cutsFirst ? first : other) <= excess)
            throw new ArgumentException(
                $"{excess} tokens must go, and the {(cutsFirst ? "first" : "second")} text, the only one that may be cut, has {(cutsFirst ? first : other)}; allow more tokens or cut the longest first");
        return cutsFirst ? (first - excess, other) : (first, other - excess);
    }

    /// <summary>The ranges that a text of <paramref name="length"/> tokens is cut into: the one that is kept, then what overflows.</summary>
    /// <exception cref="ArgumentException">The parts would share all their tokens.</exception>
    public static List<(int Start, int End)> Parts(int length, int kept, int stride, bool keepEnd)
    {
        if (kept >= length) return [(0, length)];
        if (kept == 0) return [(0, 0), (0, length)];
        if (stride >= kept) throw new ArgumentException($"parts of {kept} tokens cannot share {stride}; expected a stride below the room for text");
        var parts = new List<(int, int)>();
        if (keepEnd)
            for (int end = length; ; end -= kept - stride)
            {
                parts.Add((Math.Max(0, end - kept), end));
                if (end <= kept) return parts;
            }
        for (int start = 0; ; start += kept - stride)
        {
            parts.Add((start, Math.Min(length, start + kept)));
            if (start + kept >= length) return parts;
        }
    }

    /// <summary>The longer one is cut to what the shorter one leaves; where that is not enough, both have half, the longer one an odd token more.</summary>
    private static (int, int) LongestFirst(int first, int second, int room)
    {
        bool isSwapped = first > second;
        int shorter = Math.Min(first, second), longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if (shorter + longer > room) (shorter, longer) = (room / 2, (room / 2) + (room % 2));
        return isSwapped ? (longer, shorter) : (shorter, longer);
    }
}
