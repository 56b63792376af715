using Phf.Text;

namespace Phf.Data;

/// <summary>How a document is cut into the segments that are scored.</summary>
public enum Segmentation
{
    /// <summary>Sentences, with the white space behind them (toxicity, PII).</summary>
    Sentence,

    /// <summary>Physical lines, with their ends (PEP8).</summary>
    Line,

    /// <summary>The document is one segment.</summary>
    Document,
}

/// <summary>Cuts texts; the segments always join exactly to the text.</summary>
public static class Segmentations
{
    /// <summary>What scored files record as their segmenter.</summary>
    public static string Id(this Segmentation segmentation) => segmentation switch
    {
        Segmentation.Sentence => SentenceSplitter.Id,
        Segmentation.Line => "line",
        _ => "document",
    };

    /// <summary>The one that a scored file or packed data names; null for another's, or none.</summary>
    public static Segmentation? FromId(string? id) => Enum.GetValues<Segmentation>().Cast<Segmentation?>().FirstOrDefault(segmentation => segmentation!.Value.Id() == id);

    public static string[] Split(this Segmentation segmentation, string text) => segmentation switch
    {
        Segmentation.Sentence => [.. SentenceSplitter.Split(text)],
        Segmentation.Line => Lines(text),
        _ => [text],
    };

    private static string[] Lines(string text)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int newline = text.IndexOf('\n', start);
            int end = newline < 0 ? text.Length : newline + 1;
            lines.Add(text[start..end]);
            start = end;
        }
        return [.. lines];
    }
}
