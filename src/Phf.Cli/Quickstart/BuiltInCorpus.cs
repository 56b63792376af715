using System.Text;
using Bogus;

namespace Phf.Cli.Quickstart;

/// <summary>
/// A made-up corpus of short mails and notes, so that the whole story runs without a download. About half of the sentences carry something that a
/// PII scorer finds (e-mail address, phone or card number, URL, handle, social security number, credential). Names come from Bogus, hosts are
/// the reserved example domains, phone numbers the fictional 555-01xx, social security areas never issued before 2011.
/// </summary>
/// <remarks>
/// A document has one of five voices, and 10, 50 or 90 % of its body sentences carry PII. It depends on (seed, index) alone, so any two calls give
/// the same text. Words are few and everyday on purpose: half a million parameters have to learn them from 1.6 million tokens.
/// </remarks>
internal static class BuiltInCorpus
{
    private const int FewestSentences = 3, MostSentences = 9;
    private const double OpeningShare = 0.55, ClosingShare = 0.5;
    private static readonly double[] PiiShares = [0.1, 0.5, 0.9];
    private static readonly string[] VoiceNames = ["terse", "formal", "chatty", "support", "notes"];

    /// <summary>The first <paramref name="count"/> documents of the corpus of <paramref name="seed"/>; about 350 characters each.</summary>
    public static IEnumerable<string> Documents(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        TemplateFile words = TemplateFile.Read("words");
        TemplateFile[] voices = [.. VoiceNames.Select(TemplateFile.Read)];
        var names = NamePool.Draw(SeedOf(seed, index: -1));
        for (int i = 0; i < count; i++)
        {
            var random = new Randomizer(SeedOf(seed, i));
            TemplateFile voice = random.ArrayElement(voices);
            yield return Write(new SentenceWriter(random, words, names), voice, random);
        }
    }

    private static string Write(SentenceWriter writer, TemplateFile voice, Randomizer random)
    {
        double share = random.ArrayElement(PiiShares);
        bool list = voice.Name == "notes" && random.Bool(0.6f);
        var text = new StringBuilder();
        if (random.Double() < OpeningShare) text.Append(writer.Line(random.ListItem(voice["open"]))).Append('\n');

        var used = new HashSet<string>(StringComparer.Ordinal);
        int sentences = random.Number(FewestSentences, MostSentences);
        for (int i = 0; i < sentences; i++)
        {
            string template = Different(random, voice[random.Double() < share ? "pii" : "plain"], used);
            if (list) text.Append("- ");
            text.Append(writer.Sentence(template));
            if (i == sentences - 1) break;
            // A credential runs to the end of its line (scrubadub's rule): what follows must not become part of the password.
            text.Append(list || template.Contains("{credential}", StringComparison.Ordinal) ? '\n' : ' ');
        }
        if (random.Double() < ClosingShare) text.Append('\n').Append(writer.Line(random.ListItem(voice["close"])));
        return text.ToString();
    }

    /// <summary>A template that the document does not have yet (sections are much longer than documents).</summary>
    private static string Different(Randomizer random, List<string> templates, HashSet<string> used)
    {
        while (true)
        {
            string template = random.ListItem(templates);
            if (used.Add(template)) return template;
        }
    }

    /// <summary>Seed of one document: SplitMix64 of both, cut to Bogus' 31 bits.</summary>
    private static int SeedOf(ulong seed, long index)
    {
        ulong z = seed + ((ulong)index + 2) * 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return (int)((z ^ z >> 31) >> 33);
    }
}
