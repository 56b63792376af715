using Bogus;

namespace Phf.Cli.Quickstart;

/// <summary>Invented personal data in the forms that scrubadub's rules find.</summary>
internal sealed class PiiMaker(Randomizer random, List<string> shops)
{
    private static readonly string[] Hosts = ["example.com", "example.org", "example.net", "mail.example.com", "post.example.org"];
    private static readonly string[] AreaCodes = ["212", "206", "303", "312", "404", "415", "503", "512", "617", "702", "713", "808"];
    private static readonly string[] Pages = ["menu", "map", "form", "list", "news", "photos", "help", "orders", "guide", "plan"];
    private static readonly string[] Secrets = ["sun", "moon", "river", "tiger", "apple", "blue", "garden", "winter", "coffee", "music"];
    private static readonly string[] CardPrefixes = ["4", "4", "51", "53", "55", "37", "6011"];

    public static bool Makes(string slot) => slot is "email" or "phone" or "card" or "url" or "handle" or "ssn" or "credential";

    /// <summary>One item of kind <paramref name="slot"/>; addresses, handles and credentials bear the person's name.</summary>
    public string Make(string slot, (string First, string Last) person)
    {
        string first = person.First.ToLowerInvariant(), last = person.Last.ToLowerInvariant();
        return slot switch
        {
            "email" => $"{Mailbox(first, last)}@{Host()}",
            "phone" => Phone(),
            "card" => Card(),
            "url" => Url(),
            "handle" => $"@{Handle(first, last)}",
            "ssn" => $"{random.Number(773, 899)}-{random.Number(1, 99):00}-{random.Number(1, 9999):0000}",
            "credential" => Credential(first, last),
            _ => throw new ArgumentException($"no kind of personal data '{slot}'", nameof(slot)),
        };
    }

    private string Mailbox(string first, string last) => random.Number(0, 3) switch
    {
        0 => $"{first}.{last}",
        1 => $"{first}_{last}",
        2 => $"{first[0]}.{last}",
        _ => first + random.Number(1, 99),
    };

    private string Host() => random.Bool(0.6f) ? random.ArrayElement(Hosts) : $"{random.ListItem(shops)}.example.com";

    private string Phone()
    {
        string area = random.ArrayElement(AreaCodes), line = $"01{random.Number(0, 99):00}"; // 555-0100 to 555-0199 are kept for fiction
        return random.Number(0, 3) switch
        {
            0 => $"({area}) 555-{line}",
            1 => $"{area}-555-{line}",
            2 => $"+1 {area} 555 {line}",
            _ => $"{area}.555.{line}",
        };
    }

    /// <summary>A number with the prefix and length of its brand and a right check digit (Luhn).</summary>
    private string Card()
    {
        string prefix = random.ArrayElement(CardPrefixes);
        int length = prefix == "37" ? 15 : 16;
        var digits = new char[length];
        prefix.CopyTo(digits);
        for (int i = prefix.Length; i < length - 1; i++) digits[i] = (char)('0' + random.Number(0, 9));
        int sum = 0;
        for (int i = length - 2, doubled = 1; i >= 0; i--, doubled ^= 1)
        {
            int digit = (digits[i] - '0') << doubled;
            sum += digit > 9 ? digit - 9 : digit;
        }
        digits[^1] = (char)('0' + (10 - sum % 10) % 10);
        return new string(digits);
    }

    private string Url()
    {
        string host = $"www.{random.ListItem(shops)}.example.{random.ArrayElement(["com", "org", "net"])}";
        string page = random.Bool(0.5f) ? $"/{random.ArrayElement(Pages)}" : $"/{random.ArrayElement(Pages)}/{random.Number(1, 99)}";
        return random.ArrayElement(["https://", "http://", ""]) + host + page;
    }

    private string Handle(string first, string last) => random.Number(0, 2) switch
    {
        0 => $"{first}_{last[0]}",
        1 => $"{first}{random.Number(1, 99)}",
        _ => $"{first[0]}_{last}",
    };

    private string Credential(string first, string last)
    {
        string user = random.Bool(0.5f) ? first : $"{first}.{last[0]}";
        string secret = random.ArrayElement(Secrets) + random.Number(10, 99);
        return random.Number(0, 3) switch
        {
            0 => $"login: {user} password: {secret}",
            1 => $"username {user} password {secret}",
            2 => $"login {user} pw {secret}",
            _ => $"username: {user} pw: {secret}",
        };
    }
}
