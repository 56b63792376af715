namespace Phf.Text;

/// <summary>
/// Which token has which part in transformers: <c>eos_token</c> ends a text, <c>pad_token</c> pads a batch, and so on. The files name tokens, which need
/// not be in the vocabulary.
/// </summary>
internal sealed class TokenRoles
{
    public const string End = "eos_token", Padding = "pad_token";

    /// <summary>Those that a GPT-2 has.</summary>
    public static readonly string[] OfGpt2 = ["bos_token", End, Padding, "unk_token"];

    /// <summary>All that transformers knows.</summary>
    public static readonly string[] Names = [.. OfGpt2, "sep_token", "cls_token", "mask_token"];

    private readonly Dictionary<string, string> _tokens = [];

    private TokenRoles()
    {
    }

    /// <summary>No role is filled.</summary>
    public static TokenRoles None { get; } = new();

    /// <summary>The token of a role; null where no file names one.</summary>
    public string? this[string role] => _tokens.GetValueOrDefault(role);

    /// <summary>These roles, each replaced by what <paramref name="tokenOf"/> says of it, if that is anything.</summary>
    public TokenRoles With(Func<string, string?> tokenOf)
    {
        var roles = new TokenRoles();
        foreach (string role in Names)
            if ((tokenOf(role) ?? this[role]) is { } token) roles._tokens.Add(role, token);
        return roles;
    }

    /// <summary>These roles; <paramref name="token"/> has the part of <paramref name="role"/> where they name none.</summary>
    public TokenRoles WithDefault(string role, string? token) => With(other => other == role ? this[role] ?? token : null);
}
