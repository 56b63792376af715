namespace Phf.Evaluation;

/// <summary>Words and lengths of a text as Python counts them.</summary>
internal static class Words
{
    /// <summary>Length in Unicode code points; a lone surrogate counts one.</summary>
    public static int CodePoints(ReadOnlySpan<char> text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (!char.IsSurrogatePair(text[i], text[i + 1])) continue;
            pairs++;
            i++;
        }
        return text.Length - pairs;
    }

    /// <summary>Splits at white space as Python's <c>str.split()</c> and replaces <paramref name="words"/> by the ids; new words get new ids from 0.</summary>
    public static void ReadIds(ReadOnlySpan<char> text, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids, List<int> words)
    {
        words.Clear();
        for (int begin = 0; begin < text.Length;)
        {
            if (IsWhite(text[begin]))
            {
                begin++;
                continue;
            }
            int end = begin + 1;
            while (end < text.Length && !IsWhite(text[end])) end++;
            ReadOnlySpan<char> word = text[begin..end];
            if (!ids.TryGetValue(word, out int id))
            {
                id = ids.Dictionary.Count;
                ids[word] = id;
            }
            words.Add(id);
            begin = end;
        }
    }

    /// <summary>Python's <c>str.isspace</c>: .NET's white space and the four separators U+001C to U+001F.</summary>
    private static bool IsWhite(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';
}
