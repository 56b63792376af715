using Phf.Scoring.Pii;

namespace Phf.Evaluation;

/// <summary>Words of a text as Python counts them.</summary>
internal static class Words
{
    /// <summary>Pieces between white space.</summary>
    public static int Count(ReadOnlySpan<char> text)
    {
        int count = 0;
        bool isInWord = false;
        foreach (char letter in text)
        {
            bool isWord = !PythonText.IsWhite(letter);
            if (isWord && !isInWord) count++;
            isInWord = isWord;
        }
        return count;
    }

    /// <summary>Splits at white space as Python's <c>str.split()</c> and replaces <paramref name="words"/> by the ids; new words get new ids from 0.</summary>
    public static void ReadIds(ReadOnlySpan<char> text, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids, List<int> words)
    {
        words.Clear();
        for (int begin = 0; begin < text.Length;)
        {
            if (PythonText.IsWhite(text[begin]))
            {
                begin++;
                continue;
            }
            int end = begin + 1;
            while (end < text.Length && !PythonText.IsWhite(text[end])) end++;
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
}
