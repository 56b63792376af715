namespace Phf.Text;

/// <summary>
/// What transformers 4 does to decoded text with <c>clean_up_tokenization_spaces</c>: it removes the blank before punctuation and English contractions.
/// transformers 5 ignores the option for BPE.
/// </summary>
public static class SpaceCleanUp
{
    public static string Apply(string text) => text
        .Replace(" .", ".").Replace(" ?", "?").Replace(" !", "!").Replace(" ,", ",").Replace(" ' ", "'").Replace(" n't", "n't")
        .Replace(" 'm", "'m").Replace(" 's", "'s").Replace(" 've", "'ve").Replace(" 're", "'re");
}
