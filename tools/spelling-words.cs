// Derives src/Phf/Scoring/Pii/spelling-words.txt.gz, the counts of English words by which the Skype detector tells names from words, from the file
// en-spelling.txt of textblob 0.15.3 (MIT; counted in books of Project Gutenberg, with frequency lists of Wiktionary and the British National Corpus):
//     dotnet run tools/spelling-words.cs en-spelling.txt[.gz] src/Phf/Scoring/Pii/spelling-words.txt.gz
// One word and its count a line, ordinal order; comments and blank lines are left out.

#:property PublishAot=false

using System.Globalization;
using System.IO.Compression;
using System.Text;

if (args.Length != 2) throw new ArgumentException("usage: dotnet run tools/spelling-words.cs en-spelling.txt[.gz] spelling-words.txt.gz");
using Stream file = File.OpenRead(args[0]);
using var reader = new StreamReader(args[0].EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
while (reader.ReadLine() is { } line)
{
    if (line.StartsWith(";;;", StringComparison.Ordinal) || line.Trim().Length == 0) continue;
    string[] parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    if (parts.Length != 2) throw new InvalidDataException($"'{line}': a word and its count were expected");
    counts[parts[0]] = int.Parse(parts[1], CultureInfo.InvariantCulture);
}
using var output = new StreamWriter(new GZipStream(File.Create(args[1]), CompressionLevel.SmallestSize), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
foreach ((string word, int count) in counts) output.Write($"{word} {count}\n");
