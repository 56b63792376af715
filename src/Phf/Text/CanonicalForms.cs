using System.Globalization;

namespace Phf.Text;

/// <summary>
/// Unicode's canonical normal forms D and C. The library runs with invariant globalization, where the runtime has none; and the tables must be those of
/// Hugging Face tokenizers (Unicode 12), not those of the machine.
/// </summary>
internal static class CanonicalForms
{
    // Hangul syllables are computed (The Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28, SyllableCount = LeadCount * VowelCount * TailCount;

    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<(int, int), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];

    static CanonicalForms()
    {
        using Stream stream = typeof(CanonicalForms).Assembly.GetManifestResourceStream("Phf.Text.canonical-forms.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is string line)
        {
            if (line[0] == '#') continue;
            int mark = line.AsSpan().IndexOfAny("=>:");
            if (line[mark] == ':')
            {
                foreach ((int first, int last) in CodePointSet.Ranges(line[(mark + 1)..]))
                    for (int code = first; code <= last; code++) Classes[code] = byte.Parse(line.AsSpan(0, mark), CultureInfo.InvariantCulture);
                continue;
            }
            int composed = int.Parse(line.AsSpan(0, mark), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            int[] parts = [.. CodePointSet.Ranges(line[(mark + 1)..]).Select(range => range.First)];
            Decompositions[composed] = parts;
            if (line[mark] == '=') Compositions[(parts[0], parts[1])] = composed;
        }
        // Only now, when every first step is known: decompositions of decompositions, so that one look-up is enough.
        foreach (int composed in Decompositions.Keys.ToArray()) Decompositions[composed] = [.. Whole(composed)];
    }

    /// <summary>Appends normal form D of <paramref name="source"/>; every code point keeps the place of the character that it comes from.</summary>
    public static void Decompose(AlignedText source, AlignedText destination)
    {
        var codes = new List<Placed>(source.Length);
        DecomposeInto(source, codes);
        foreach (Placed code in codes) destination.Append(code.CodePoint, code.Start, code.End);
    }

    /// <summary>Appends normal form C; what several characters were composed to has the place of the first, as tokenizers leaves it.</summary>
    public static void Compose(AlignedText source, AlignedText destination)
    {
        var codes = new List<Placed>(source.Length);
        DecomposeInto(source, codes);
        int starter = -1, written = 0, lastClass = -1; // lastClass: of the code point before, since the starter; -1 directly behind it
        for (int i = 0; i < codes.Count; i++)
        {
            Placed code = codes[i];
            byte combining = ClassOf(code.CodePoint);
            if (starter >= 0 && lastClass < combining && TryCompose(codes[starter].CodePoint, code.CodePoint, out int composed))
            {
                codes[starter] = codes[starter] with { CodePoint = composed };
                continue;
            }
            if (combining == 0) (starter, lastClass) = (written, -1);
            else lastClass = combining;
            codes[written++] = code;
        }
        for (int i = 0; i < written; i++) destination.Append(codes[i].CodePoint, codes[i].Start, codes[i].End);
    }

    private static void DecomposeInto(AlignedText source, List<Placed> codes)
    {
        for (int i = 0, width; i < source.Length; i += width)
        {
            int code = source.CodePointAt(i, out width), start = source.Start(i), end = source.End(i);
            if (code is >= SyllableBase and < SyllableBase + SyllableCount)
            {
                int index = code - SyllableBase;
                codes.Add(new Placed(LeadBase + (index / (VowelCount * TailCount)), start, end));
                codes.Add(new Placed(VowelBase + (index % (VowelCount * TailCount) / TailCount), start, end));
                if (index % TailCount != 0) codes.Add(new Placed(TailBase + (index % TailCount), start, end));
            }
            else if (Decompositions.TryGetValue(code, out int[]? parts))
                foreach (int part in parts) codes.Add(new Placed(part, start, end));
            else codes.Add(new Placed(code, start, end));
        }
        OrderMarks(codes);
    }

    /// <summary>Sorts each run of combining marks by class, stably; the places stay where they were, as tokenizers leaves them.</summary>
    private static void OrderMarks(List<Placed> codes)
    {
        for (int i = 1; i < codes.Count; i++)
        {
            byte combining = ClassOf(codes[i].CodePoint);
            if (combining == 0) continue;
            for (int j = i; j > 0 && ClassOf(codes[j - 1].CodePoint) > combining; j--)
                (codes[j], codes[j - 1]) = (codes[j] with { CodePoint = codes[j - 1].CodePoint }, codes[j - 1] with { CodePoint = codes[j].CodePoint });
        }
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = SyllableBase + (((first - LeadBase) * VowelCount) + second - VowelBase) * TailCount;
            return true;
        }
        if (first is >= SyllableBase and < SyllableBase + SyllableCount && (first - SyllableBase) % TailCount == 0
            && second is > TailBase and < TailBase + TailCount)
        {
            composed = first + second - TailBase;
            return true;
        }
        return Compositions.TryGetValue((first, second), out composed);
    }

    private static IEnumerable<int> Whole(int code) => Decompositions.TryGetValue(code, out int[]? parts) ? parts.SelectMany(Whole) : [code];

    private static byte ClassOf(int code) => code < 0x300 ? (byte)0 : Classes.GetValueOrDefault(code);

    private readonly record struct Placed(int CodePoint, int Start, int End);
}
