using Phf.Evaluation;
using Phf.Scoring;
using Phf.Scoring.Pii;
using Phf.Text;

namespace Phf.Alignment;

/// <summary>The length of a text in characters (code points), words (split at white space) or tokens, as a score.</summary>
internal sealed class LengthScorer(string unit, BpeTokenizer tokenizer) : IScorer
{
    public string Id => $"length/{unit}";

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        for (int i = 0; i < texts.Length; i++)
            scores[i] = unit switch
            {
                "characters" => PythonText.CountCodePoints(texts[i]),
                "words" => NGramStatistics.Of([texts[i]], order: 1).Total,
                _ => tokenizer.Encode(texts[i]).Count,
            };
    }
}
