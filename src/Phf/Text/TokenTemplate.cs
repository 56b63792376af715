namespace Phf.Text;

/// <summary>What goes around the tokens of one text, or of a pair: the post-processor of a tokenizer.</summary>
internal sealed record TokenTemplate
{
    /// <summary>No token is added; a second text has type 1.</summary>
    public static readonly TokenTemplate Nothing = new()
    {
        Single = [TemplatePiece.First(0)],
        Pair = [TemplatePiece.First(0), TemplatePiece.Second(1)],
    };

    public required TemplatePiece[] Single { get; init; }

    public required TemplatePiece[] Pair { get; init; }

    /// <summary>Take blanks at either end off the tokens' places.</summary>
    public bool TrimsOffsets { get; init; }

    /// <summary>A text begins with a blank that is not its own, which trimming leaves alone.</summary>
    public bool HasPrefixSpace { get; init; }

    public TemplatePiece[] For(bool isPair) => isPair ? Pair : Single;

    /// <summary>Tokens that are added to one text or to a pair.</summary>
    public int AddedTokens(bool isPair) => For(isPair).Sum(piece => piece.AddedIds.Length);

    /// <summary>BERT's: <c>[CLS] a [SEP]</c> of type 0, <c>b [SEP]</c> of type 1.</summary>
    public static TokenTemplate Bert(int cls, int sep) => new()
    {
        Single = [TemplatePiece.Added(0, cls), TemplatePiece.First(0), TemplatePiece.Added(0, sep)],
        Pair = [TemplatePiece.Added(0, cls), TemplatePiece.First(0), TemplatePiece.Added(0, sep), TemplatePiece.Second(1), TemplatePiece.Added(1, sep)],
    };

    /// <summary>RoBERTa's: <c>&lt;s&gt; a &lt;/s&gt;</c>, and for a pair <c>&lt;/s&gt; b &lt;/s&gt;</c> behind it, all of type 0.</summary>
    public static TokenTemplate Roberta(int cls, int sep) => new()
    {
        Single = [TemplatePiece.Added(0, cls), TemplatePiece.First(0), TemplatePiece.Added(0, sep)],
        Pair = [TemplatePiece.Added(0, cls), TemplatePiece.First(0), TemplatePiece.Added(0, sep, sep), TemplatePiece.Second(0), TemplatePiece.Added(0, sep)],
    };
}

/// <summary>A part of a template: added tokens, or one of the texts.</summary>
/// <param name="AddedIds">The added tokens; empty for a text.</param>
/// <param name="IsSecond">The second text of a pair.</param>
/// <param name="TypeId">The token type.</param>
internal sealed record TemplatePiece(int[] AddedIds, bool IsSecond, int TypeId)
{
    public static TemplatePiece First(int typeId) => new([], IsSecond: false, typeId);

    public static TemplatePiece Second(int typeId) => new([], IsSecond: true, typeId);

    public static TemplatePiece Added(int typeId, params int[] ids) => new(ids, IsSecond: false, typeId);
}
