using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Phf.Scoring.Pii;

namespace Phf.Scoring;

/// <summary>What a <see cref="RegexScorer"/> makes of the matches.</summary>
public enum RegexMeasure
{
    /// <summary>Matches / length in Unicode code points; 0 for the empty text.</summary>
    PerCharacter,

    /// <summary>1 where the pattern matches anywhere, else 0.</summary>
    Any,
}

/// <summary>
/// Matches of a regular expression, by .NET's non-backtracking engine: a search takes time linear in the text, whatever the pattern. A match of no
/// characters counts for nothing.
/// </summary>
public sealed class RegexScorer : IScorer
{
    private readonly Regex _pattern;
    private readonly RegexMeasure _measure;

    /// <exception cref="ArgumentException">The pattern is no regular expression, or one that needs backtracking.</exception>
    public RegexScorer(string pattern, RegexMeasure measure = RegexMeasure.PerCharacter)
    {
        try
        {
            _pattern = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            string why = problem is NotSupportedException ? "back references, look-around and atomic groups are not available, because they need backtracking" : problem.Message;
            throw new ArgumentException($"'{pattern}' is no pattern for the scorer regex: {why}", problem);
        }
        _measure = measure;
        string kind = measure == RegexMeasure.Any ? "any" : "per-character";
        Id = $"regex/{kind}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pattern)).AsSpan(0, 6))}";
    }

    /// <summary><c>regex/per-character-</c> or <c>regex/any-</c> and 12 hexadecimal digits of the SHA-256 of the pattern.</summary>
    public string Id { get; }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i]);
    }

    private double Score(string text)
    {
        int count = 0;
        foreach (ValueMatch match in _pattern.EnumerateMatches(text))
        {
            if (match.Length == 0) continue;
            if (_measure == RegexMeasure.Any) return 1;
            count++;
        }
        return count == 0 ? 0 : (double)count / PythonText.CountCodePoints(text);
    }
}
