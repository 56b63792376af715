using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// A user name followed by a password: <c>username</c>, <c>login</c> or <c>u:</c>, an optional colon, an optional run of word characters
/// and <c>.@+-</c>, white space, <c>password</c>, <c>pw</c> or <c>p:</c>, an optional colon, and the rest of that line. Case is ignored and
/// no word boundary is asked for before the keywords.
/// </summary>
internal static class CredentialDetector
{
    public const string Name = "credential";
    private static readonly string[] UserWords = ["username", "login", "u:"];
    private static readonly string[] PasswordWords = ["password", "pw", "p:"];
    private static readonly SearchValues<string> UserSearch = SearchValues.Create(UserWords, StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> UserFirstLetters = SearchValues.Create("uUlL");

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        // The vectorised search does not know that these three fold onto i and s.
        bool folds = text.ContainsAny('\u0130', '\u0131', '\u017F');
        var names = new NameRun();
        for (int at = 0; ; at++)
        {
            int skip = folds ? text[at..].IndexOfAny(UserFirstLetters) : text[at..].IndexOfAny(UserSearch);
            if (skip < 0) return;
            at += skip;
            int keyword = KeywordLength(text, at, UserWords);
            int end = keyword == 0 ? -1 : End(text, at + keyword, ref names);
            if (end < 0) continue;
            found.Add(new Finding(at, end, Name));
            at = end - 1;
        }
    }

    /// <summary>
    /// The end of the find whose first keyword ends at <paramref name="at"/>, or -1. What a backtracking search tries comes down to two ways:
    /// a name and then the password keyword, or, with white space before it, the password keyword in the name's place.
    /// </summary>
    private static int End(ReadOnlySpan<char> text, int at, ref NameRun names)
    {
        int name = PythonText.SkipWhite(text, at);
        bool white = name > at;
        if (name < text.Length && text[name] == ':')
        {
            int afterColon = PythonText.SkipWhite(text, name + 1);
            white = afterColon > name + 1;
            name = afterColon;
        }
        int value = names.PasswordAfter(text, name);
        if (value < 0 && white && KeywordLength(text, name, PasswordWords) is > 0 and int length) value = name + length;
        return value < 0 ? -1 : LineEnd(text, value);
    }

    private static int LineEnd(ReadOnlySpan<char> text, int at)
    {
        at = PythonText.SkipWhite(text, at);
        if (at < text.Length && text[at] == ':') at = PythonText.SkipWhite(text, at + 1);
        int line = text[at..].IndexOf('\n');
        return line < 0 ? text.Length : at + line;
    }

    private static int KeywordLength(ReadOnlySpan<char> text, int at, string[] words)
    {
        foreach (string word in words)
            if (PythonText.StartsWithIgnoringCase(text, at, word)) return word.Length;
        return 0;
    }

    /// <summary>
    /// Remembers the last run of name characters and what follows it: "loginloginlogin..." would else be read again from every login.
    /// </summary>
    private ref struct NameRun
    {
        private int _begin, _end, _password;

        /// <summary>The end of the password keyword after the name that begins at <paramref name="name"/> and after white space, or -1.</summary>
        public int PasswordAfter(ReadOnlySpan<char> text, int name)
        {
            if (name < _begin || name >= _end)
            {
                (_begin, _end) = (name, name);
                for (int length; (length = NameCharacterLength(text, _end)) > 0; _end += length) ;
                int next = PythonText.SkipWhite(text, _end);
                int keyword = next > _end ? KeywordLength(text, next, PasswordWords) : 0;
                _password = keyword > 0 ? next + keyword : -1;
            }
            return _end > name ? _password : -1;
        }

        private static int NameCharacterLength(ReadOnlySpan<char> text, int at)
        {
            int word = PythonText.WordLength(text, at);
            return word == 0 && at < text.Length && text[at] is '.' or '@' or '+' or '-' ? 1 : word;
        }
    }
}
