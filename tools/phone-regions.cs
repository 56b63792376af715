// Derives src/Phf/Scoring/Pii/phone-regions.tsv from libphonenumber's resources/PhoneNumberMetadata.xml (Apache-2.0):
//     dotnet run tools/phone-regions.cs PhoneNumberMetadata.xml > src/Phf/Scoring/Pii/phone-regions.tsv
// Only facts that decide whether a number is valid are kept; formats, examples and names are not. The patterns of the number types
// are joined, because every string a type's pattern matches has one of the type's possible lengths (checked with the file used here).

#:property PublishAot=false

using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

if (args.Length != 1) throw new ArgumentException("usage: dotnet run tools/phone-regions.cs PhoneNumberMetadata.xml");
var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore };
using var reader = XmlReader.Create(args[0], settings);
var territories = XDocument.Load(reader).Descendants("territory").ToList();

// The number finder skips the check "is the national prefix written where the format demands it", which is always true for the US.
if (territories.Single(t => Attribute(t, "id") == "US").Descendants().Prepend(territories.Single(t => Attribute(t, "id") == "US"))
    .Any(e => e.Attribute("nationalPrefixFormattingRule") is not null))
    throw new InvalidDataException("US now has a national prefix formatting rule: PhoneParser must check it");

Console.Write("""
    # Facts about telephone numbers, derived by tools/phone-regions.cs from the metadata of google/libphonenumber
    # (resources/PhoneNumberMetadata.xml, Copyright (C) 2009 The Libphonenumber Authors, Apache License 2.0). Do not edit by hand.
    # Per calling code the main region comes first. An empty field: none. Possible lengths of the national number; lengths dialled locally only.
    # code	region	leading digits	international prefix	national prefix	transform	lengths	local lengths	general pattern	valid patterns

    """.ReplaceLineEndings("\n"));
foreach (var territory in territories
    .OrderBy(t => int.Parse(Attribute(t, "countryCode")))
    .ThenBy(t => Attribute(t, "mainCountryForCode") == "true" ? 0 : 1)
    .ThenBy(t => Attribute(t, "id"), StringComparer.Ordinal))
{
    var types = territory.Elements()
        .Where(e => e.Name != "generalDesc" && e.Name != "noInternationalDialling" && e.Element("nationalNumberPattern") is not null).ToList();
    var lengths = types.SelectMany(t => Lengths(t.Element("possibleLengths")!, "national")).ToHashSet();
    var local = types.SelectMany(t => Lengths(t.Element("possibleLengths")!, "localOnly")).Except(lengths).ToHashSet();
    string nationalPrefix = Attribute(territory, "nationalPrefixForParsing") is { Length: > 0 } pattern
        ? pattern : Attribute(territory, "nationalPrefix");
    Console.Write(string.Join('\t',
        Attribute(territory, "countryCode"), Attribute(territory, "id"), Attribute(territory, "leadingDigits"),
        Attribute(territory, "internationalPrefix"), nationalPrefix, Attribute(territory, "nationalPrefixTransformRule"),
        string.Join(',', lengths.Order()), string.Join(',', local.Order()),
        Pattern(territory.Element("generalDesc")!), string.Join('|', types.Select(Pattern).Distinct())) + "\n");
}

static string Attribute(XElement element, string name) => Regex.Replace(element.Attribute(name)?.Value ?? "", @"\s", "");

static string Pattern(XElement description) => Regex.Replace(description.Element("nationalNumberPattern")!.Value, @"\s", "");

// "7,[9-11]" -> 7 9 10 11
static IEnumerable<int> Lengths(XElement element, string name)
{
    foreach (Match part in Regex.Matches(Attribute(element, name), @"\[(\d+)-(\d+)\]|(\d+)"))
    {
        int first = int.Parse(part.Groups[3].Success ? part.Groups[3].Value : part.Groups[1].Value);
        int last = part.Groups[3].Success ? first : int.Parse(part.Groups[2].Value);
        for (int length = first; length <= last; length++) yield return length;
    }
}
