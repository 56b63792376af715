using Bogus;

namespace Phf.Cli.Quickstart;

/// <summary>The invented names of one corpus: few enough to be learned, drawn once from Bogus by the corpus' seed.</summary>
internal sealed class NamePool
{
    private const int FirstNames = 120, LastNames = 90;

    public required string[] First { get; init; }
    public required string[] Last { get; init; }

    public static NamePool Draw(int seed)
    {
        var faker = new Faker("en") { Random = new Randomizer(seed) };
        return new NamePool
        {
            First = Different(() => faker.Name.FirstName(), FirstNames),
            Last = Different(() => faker.Name.LastName(), LastNames),
        };
    }

    private static string[] Different(Func<string> draw, int count)
    {
        var names = new List<string>(count);
        while (names.Count < count)
        {
            string name = draw();
            bool plain = name.Length <= 8 && name.All(char.IsAsciiLetter); // O'Connell and the like are no handles
            if (plain && !names.Contains(name)) names.Add(name);
        }
        return [.. names];
    }
}
