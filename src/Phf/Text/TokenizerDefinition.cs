namespace Phf.Text;

/// <summary>A tokenizer as its files describe it.</summary>
internal sealed record TokenizerDefinition
{
    public required ISubwordModel Model { get; init; }

    /// <summary>In order of id for those beyond the vocabulary of the model; the array is never changed.</summary>
    public required AddedToken[] Added { get; init; }

    /// <summary>What goes around the tokens of a text.</summary>
    public TokenTemplate Template { get; init; } = TokenTemplate.Nothing;

    /// <summary>Which tokens the files name for what.</summary>
    public TokenRoles Roles { get; init; } = TokenRoles.None;

    /// <summary>Most tokens of a text, special ones included, that the files allow; null for any number.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Where it comes from, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>The finders of the two passes: in the text as it is, then in what the model's normalization makes of the rest.</summary>
    public (AddedTokenFinder? Raw, AddedTokenFinder? Normalized) Finders() =>
        (AddedTokenFinder.Of(Added.Where(token => !token.Normalized), content => content),
            AddedTokenFinder.Of(Added.Where(token => token.Normalized), Normalize));

    /// <summary>The id of an added token or of one of the model.</summary>
    public bool TryGetId(string token, out int id)
    {
        foreach (AddedToken added in Added)
            if (added.Content == token)
            {
                id = added.Id;
                return true;
            }
        return Model.TryGetId(token, out id);
    }

    /// <summary>How the files spell a token.</summary>
    public string NameOf(int id) => Added.FirstOrDefault(token => token.Id == id)?.Content ?? Model.Tokens[id];

    private string Normalize(string content)
    {
        var normalized = new AlignedText();
        Model.Normalize(content, 0, normalized);
        return normalized.Units.ToString();
    }
}
