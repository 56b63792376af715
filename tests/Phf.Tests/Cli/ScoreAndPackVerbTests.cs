using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Phf.Data;
using Phf.Tests.Data;

namespace Phf.Tests.Cli;

public sealed class ScoreAndPackVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ScoreAndPackVerbTests() => Write("list.txt", "bad\nworse\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_ThenPack_TheWholeWay()
    {
        var corpus = new StringBuilder();
        for (int i = 0; i < 200; i++) corpus.Append($"{{\"text\": \"Document {i} is good. This one is {(i % 2 == 0 ? "bad" : "fine")}.\"}}\n");
        corpus.Append("{\"text\": 5}\n");
        Write("a.jsonl", corpus.ToString());
        CliResult score = Score("a.jsonl", "s.jsonl.gz");
        Assert.Equal((0, ""), (score.ExitCode, score.Error.Contains("phf:") ? score.Error : ""));
        Assert.Contains("scoring 100.0% | 200 documents", score.Error);
        Assert.Contains("skipped: field 'text' is no string", score.Output);
        Assert.Contains($"1, first {_folder.At("a.jsonl")} line 201", Joined(score.Output));
        Assert.DoesNotContain('\u001b', score.Output); // no colours in a pipe

        ScoredDocument[] scored = [.. ScoredFile.Read(_folder.At("s.jsonl.gz"))];
        Assert.Equal(200, scored.Length);
        Assert.Equal("Document 0 is good. This one is bad.", string.Concat(scored[0].Texts));
        Assert.Equal(2, scored[0].NumSents);
        Assert.True(scored[0].Scores[1] > scored[0].Scores[0]);

        SmallDataset.Tokenizer.Save(_folder.At("tokenizer"));
        CliResult pack = Pack("s.jsonl.gz", "packed", "--held-out", "0.1", "--seed", "3");
        Assert.True(pack.ExitCode == 0, pack.Error);
        Assert.Contains("heldout", pack.Output);
        using PackedDataset train = PackedDataset.Open(_folder.At("packed", "train")), heldOut = PackedDataset.Open(_folder.At("packed", "heldout"));
        Assert.Equal(200, train.DocumentCount + heldOut.DocumentCount);
        train.VerifyChecksums();

        CliResult again = Pack("s.jsonl.gz", "packed");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("packed exists; choose another directory, or replace it with --force", again.Error);
        Assert.Equal(0, Pack("s.jsonl.gz", "packed", "--force").ExitCode);
    }

    [Fact]
    public void Score_Csv_Txt_AndStandardInput_GiveTheSame()
    {
        Write("a.csv", "n,body\n1,\"One bad.\nTwo.\"\n2,Three.\n");
        Write("a.txt", "One bad.\nTwo.\n\nThree.");
        Assert.Equal(0, Score("a.csv", "csv.jsonl", "--text-field", "body").ExitCode);
        Assert.Equal(0, Score("a.txt", "txt.jsonl", "--document", "paragraph").ExitCode);
        Assert.Equal(File.ReadAllText(_folder.At("csv.jsonl")), File.ReadAllText(_folder.At("txt.jsonl")));
        if (OperatingSystem.IsWindows()) return; // no sh there
        Shell($"printf '{{\"text\": \"One bad.\\\\nTwo.\"}}\\n{{\"text\": \"Three.\"}}\\n' | dotnet '{Program}' score - --format jsonl --scorer words --list '{_folder.At("list.txt")}' -o '{_folder.At("in.jsonl")}'");
        Assert.Equal(File.ReadAllText(_folder.At("csv.jsonl")), File.ReadAllText(_folder.At("in.jsonl")));
    }

    [Fact]
    public void Score_BadInput_Is1_WithOneClearLine_AndNoOutput()
    {
        Write("empty.jsonl", "");
        Write("blank.jsonl", "\n\n");
        Write("bad.jsonl", "nonsense\n{\"text\": \"\"}\n");
        Write("a.csv", "id,comment\n1,x\n");
        Write("a.dat", "text");
        using (var gzip = new GZipStream(File.Create(_folder.At("whole.jsonl.gz")), CompressionLevel.Optimal))
            for (int i = 0; i < 1000; i++) gzip.Write(Encoding.UTF8.GetBytes($"{{\"text\": \"document {i}\"}}\n"));
        File.WriteAllBytes(_folder.At("cut.jsonl.gz"), File.ReadAllBytes(_folder.At("whole.jsonl.gz"))[..^30]);
        foreach (var (input, message) in new (string, string)[]
        {
            ("missing.jsonl", "missing.jsonl does not exist"),
            ("empty.jsonl", "empty.jsonl is empty"),
            ("blank.jsonl", "no usable document (only blank lines)"),
            ("bad.jsonl", "no usable document (empty text: 1, first "),
            ("a.csv", "no column 'text'; the header has id, comment; say --text-field"),
            ("a.dat", "say --format jsonl, txt or csv"),
            ("cut.jsonl.gz", "the gzip data is damaged or cut short"),
        })
        {
            CliResult result = Score(input, "out.jsonl");
            Assert.True(result.ExitCode == 1, $"{input}: {result.ExitCode} {result.Error}");
            Assert.Contains(message, result.Error);
            Assert.StartsWith("phf: ", result.Error.TrimEnd().Split('\n')[^1]);
            Assert.DoesNotContain("   at ", result.Error);
        }
        Assert.Empty(Directory.GetFiles(_folder.FullName, "out.jsonl*")); // what was scored of cut.jsonl.gz is kept for --resume
    }

    [Fact]
    public void Score_ToStandardOutput_IsTheFile_AndTheRestGoesToStandardError()
    {
        Write("a.jsonl", "{\"text\": \"One bad. Two.\"}\nnonsense\n{\"text\": \"\u00e9 Three.\"}\n");
        Score("a.jsonl", "file.jsonl").Succeeded();
        CliResult result = CliProcess.Run("score", _folder.At("a.jsonl"), "--scorer", "words", "--list", _folder.At("list.txt"), "-o", "-").Succeeded();
        Assert.Equal(File.ReadAllText(_folder.At("file.jsonl")), result.Output);
        Assert.Contains("scoring 100.0% | 2 documents", result.Error);
        Assert.Contains("skipped: no JSON", result.Error);
        Assert.False(File.Exists(Path.Combine(AppContext.BaseDirectory, "-")));
        foreach (string option in new[] { "--resume", "--force" })
            CliProcess.Run("score", _folder.At("a.jsonl"), "--scorer", "pii", "-o", "-", option).Failed(2, "--output - is standard output");
    }

    [Fact]
    public void Score_DoesNotReplaceItsInput()
    {
        Write("a.jsonl", "{\"text\": \"One bad. Two.\"}\n");
        Score("a.jsonl", "a.jsonl", "--force").Failed(1, "a.jsonl is also an input, which would be lost; name another output");
        File.CreateSymbolicLink(_folder.At("link.jsonl"), _folder.At("a.jsonl"));
        Score("a.jsonl", "link.jsonl", "--force").Failed(1, "is also an input");
        Score("link.jsonl", "a.jsonl").Failed(1, "is also an input");
        Assert.Equal("{\"text\": \"One bad. Two.\"}\n", File.ReadAllText(_folder.At("a.jsonl")));
        Score("a.jsonl", "out.jsonl").Succeeded();
        CliProcess.Run("select", _folder.At("out.jsonl"), "--above", "0", "-o", _folder.At("out.jsonl"), "--force").Failed(1, "is also an input");
    }

    [Theory]
    [InlineData("--measure", "sometimes", "phf: --measure sometimes: percharacter or any was expected")]
    [InlineData("--pii-rules", "none", "phf: --pii-rules none: scrubadub or fixed was expected")]
    [InlineData("--pii-today", "02/16/2023", "phf: pii_today: '02/16/2023' is no day; write it as in 2026-11-21")]
    [InlineData("--timeout", "x", "phf: --timeout x: a number was expected")]
    public void Score_OptionThatCannotBe_SaysWhatCan(string option, string value, string message)
    {
        Write("a.jsonl", "{\"text\": \"One bad. Two.\"}\n");
        Score("a.jsonl", "out.jsonl", option, value).Failed(2, message + "\n");
    }

    /// <summary>A document that the user's program cannot score is named, and what came before it is not scored again.</summary>
    [Theory]
    [InlineData("out.jsonl", 2)]
    [InlineData("out.jsonl.gz", 0)] // no whole chunk yet
    public void Score_WhereTheScorerFails_NamesTheLine_AndResumes(string output, int kept)
    {
        if (OperatingSystem.IsWindows()) return; // no sh there
        Write("a.jsonl", string.Concat(new[] { "One.", "Two.", "nasty", "Four." }.Select(text => $"{{\"text\": \"{text}\"}}\n")));
        Write("program.sh", "while read line; do case $line in *nasty*) cat " + _folder.At("answer") + ";; *) echo 0.5;; esac; done");
        Write("answer", "what?\n");
        string[] arguments = ["score", _folder.At("a.jsonl"), "--scorer", "command", "--command", "sh " + _folder.At("program.sh"), "-o", _folder.At(output), "--threads", "1"];
        CliResult failed = CliProcess.Run(arguments);
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($"phf: {_folder.At("a.jsonl")} line 3: the command 'sh ", failed.Error);
        Assert.Contains("answered 'what?'", failed.Error);
        Assert.Equal(kept > 0, failed.Error.Contains($"{kept} scored documents are kept; go on with --resume"));
        Assert.False(File.Exists(_folder.At(output)));
        Write("answer", "0.25\n");
        CliResult rest = CliProcess.Run([.. arguments, "--resume"]).Succeeded();
        Assert.Equal(kept > 0, rest.Error.Contains($"continuing behind {kept} documents"));
        Assert.Equal([0.5, 0.5, 0.25, 0.5], ScoredFile.Read(_folder.At(output)).Select(document => document.Scores[0]));
    }

    [Fact]
    public void Score_Options()
    {
        Write("a.jsonl", "{\"text\": \"x\"}");
        Write("out.jsonl", "precious");
        CliResult exists = Score("a.jsonl", "out.jsonl");
        Assert.Equal(1, exists.ExitCode);
        Assert.Contains("out.jsonl exists; choose another name, or replace it with --force", exists.Error);
        Assert.Equal("precious", File.ReadAllText(_folder.At("out.jsonl")));
        Assert.Equal(0, Score("a.jsonl", "out.jsonl", "--force", "--segment", "document", "--threads", "1").ExitCode);
        Assert.Equal(2, Score("a.jsonl", "other.jsonl", "--threads", "0").ExitCode);
        Assert.Equal(2, Score("a.jsonl", "other.jsonl", "--segment", "paragraph").ExitCode);
        Assert.Equal(2, Score("a.jsonl", "other.jsonl", "--format", "xml").ExitCode);
        Assert.Equal(2, CliProcess.Run("score", "--scorer", "pii", "-o", "x").ExitCode);
        CliResult unknown = CliProcess.Run("score", _folder.At("a.jsonl"), "--scorer", "astrology", "-o", _folder.At("other.jsonl"));
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("astrology", unknown.Error);
        Assert.False(File.Exists(_folder.At("other.jsonl")));
    }

    [Fact]
    public void Pack_BadInput_Is1_WithOneClearLine_AndNoOutput()
    {
        SmallDataset.Tokenizer.Save(_folder.At("tokenizer"));
        Write("s.jsonl", "{\"texts\": [\"a\", \"b\", \"c\"], \"scores\": [0, 1]}\n");
        CliResult bad = Pack("s.jsonl", "packed");
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains($"phf: {_folder.At("s.jsonl")} line 1: 3 texts but 2 scores; score the file again with phf score", bad.Error);
        Assert.Contains("does not exist", Pack("missing.jsonl", "packed").Error);
        Assert.Equal(2, Pack("s.jsonl", "packed", "--held-out", "1").ExitCode);
        Assert.Equal(2, Pack("s.jsonl", "packed", "--shard-tokens", "0").ExitCode);
        Directory.Delete(_folder.At("tokenizer"), recursive: true);
        Assert.Contains("tokenizer", Pack("s.jsonl", "packed").Error);
        Assert.Empty(Directory.GetDirectories(_folder.FullName));
    }

    [Fact]
    public void Score_Spans_ThenPackedByWeight_ThenVerified()
    {
        SmallDataset.Tokenizer.Save(_folder.At("tokenizer"));
        Write("a.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $"{{\"text\": \"Document {i} is bad \\u00e9. Fine.\"}}\n")));
        Write("b.jsonl", string.Concat(Enumerable.Range(0, 90).Select(i => $"{{\"text\": \"Other {i} is good.\"}}\n")));
        Assert.Equal(0, Score("a.jsonl", "as.jsonl", "--spans").ExitCode);
        Assert.Equal(0, Score("b.jsonl", "bs.jsonl", "--spans").ExitCode);
        Assert.Contains("\"span_scores\":[[[15,18,1]],[]]", File.ReadLines(_folder.At("as.jsonl")).ElementAt(10));

        CliResult pack = CliProcess.Run("pack", _folder.At("as.jsonl"), _folder.At("bs.jsonl"), "--weight", "3", "--weight", "1",
            "--tokenizer", _folder.At("tokenizer"), "-o", _folder.At("packed"), "--held-out", "0.2");
        Assert.True(pack.ExitCode == 0, pack.Error);
        Assert.Contains("left out:", pack.Output);
        Assert.Contains(" spans, ", pack.Output);
        CliResult verified = CliProcess.Run("pack", "--verify", _folder.At("packed"));
        Assert.True(verified.ExitCode == 0, verified.Error);
        Assert.Contains("as they were packed", verified.Output);
        Assert.Contains("heldout", verified.Output);

        string shard = _folder.At("packed", "heldout", "shard-00000.safetensors");
        byte[] bytes = File.ReadAllBytes(shard);
        bytes[^3] ^= 4;
        File.WriteAllBytes(shard, bytes);
        CliResult damaged = CliProcess.Run("pack", "--verify", _folder.At("packed"));
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains($"phf: {shard}: ", damaged.Error);
        Assert.Contains("pack again", damaged.Error);
        Assert.Equal(0, CliProcess.Run("pack", "--verify", _folder.At("packed", "train")).ExitCode);
        string other = _folder.At("packed", "train", "shard-00000.safetensors");
        File.WriteAllBytes(other, File.ReadAllBytes(other)[..^1]);
        string both = CliProcess.Run("pack", "--verify", _folder.At("packed")).Error;
        Assert.Contains($"{other}: ", both);
        Assert.Contains($"{shard}: ", both);
    }

    [Fact]
    public void Pack_WrongOptions_Are2()
    {
        SmallDataset.Tokenizer.Save(_folder.At("tokenizer"));
        SmallDataset.WriteScored(_folder, 10, "s.jsonl");
        Assert.Contains("2 --weight for 1 files", Usage("--weight", "1", "--weight", "2"));
        Assert.Contains("--weight 0: a number above 0", Usage("--weight", "0"));
        Assert.Contains("give it alone", Usage("--verify", _folder.At("packed")));
        CliResult nothing = CliProcess.Run("pack");
        Assert.Equal(2, nothing.ExitCode);
        foreach (string missing in (string[])["Required argument missing for command: 'pack'", "Option '--tokenizer' is required", "Option '--output' is required"])
            Assert.Contains(missing, nothing.Error);
        Assert.Equal(1, CliProcess.Run("pack", "--verify", _folder.At("nowhere")).ExitCode);

        string Usage(params string[] options)
        {
            CliResult result = Pack("s.jsonl", "packed", options);
            Assert.Equal(2, result.ExitCode);
            return result.Error;
        }
    }

    [Fact]
    public void Score_DiskFull_NamesTheFile_AndLeavesNothing()
    {
        if (!OperatingSystem.IsLinux()) return; // a limit on file sizes stands in for the full disk
        Write("a.txt", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} of the text\n")));
        // Without W^X the runtime needs no large files of its own.
        CliResult result = Shell($"trap '' XFSZ; ulimit -f 200; DOTNET_EnableWriteXorExecute=0 dotnet '{Program}' score '{_folder.At("a.txt")}' "
            + $"--scorer words --list '{_folder.At("list.txt")}' -o '{_folder.At("out.jsonl")}'");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"phf: cannot write {_folder.At("out.jsonl")}: ", result.Error);
        Assert.Contains("free some space", result.Error);
        Assert.Empty(Directory.GetFiles(_folder.FullName, "out.jsonl*")); // what was scored of cut.jsonl.gz is kept for --resume
    }

    [Theory]
    [InlineData("out.jsonl", false)]
    [InlineData("out.jsonl.gz", true)]
    public void Score_Stopped_GoesOn_ToTheSameBytes(string output, bool killed)
    {
        if (OperatingSystem.IsWindows()) return; // SIGINT
        Write("a.txt", string.Concat(Enumerable.Range(0, 2000).Select(i => $"Line {i} of the text. {(i % 7 == 0 ? "Bad. " : "")}More of it.\n")));
        Write("slow", ""); // while it is there, a sentence takes a moment
        string command = $"while read -r line; do if [ -f '{_folder.At("slow")}' ]; then sleep 0.002; fi; echo ${{#line}}; done";
        string[] score = ["score", _folder.At("a.txt"), "--scorer", "command", "--command", command, "-o", _folder.At(output)];
        using (CliProcess process = CliProcess.Start(score))
        {
            process.WaitUntil(() => File.Exists(_folder.At($".{output}.partial.json")));
            if (killed) process.Kill();
            else process.Interrupt();
            CliResult stopped = process.Wait();
            if (!killed) Assert.Equal(130, stopped.ExitCode);
            if (!killed) Assert.Contains("scored documents are kept; go on with --resume", stopped.Error);
        }
        Assert.False(File.Exists(_folder.At(output)));
        File.Delete(_folder.At("slow"));
        CliProcess.Run(score).Failed(1, "continue it with --resume, or start again with --force");
        CliResult other = CliProcess.Run([.. score, "--resume", "--segment", "line"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("it has other settings", other.Error);

        CliResult resumed = CliProcess.Run([.. score, "--resume"]).Succeeded();
        Assert.Contains("continuing behind ", resumed.Error);
        string once = _folder.At("once" + output[3..]);
        CliResult whole = CliProcess.Run([.. score[..^1], once]).Succeeded();
        Assert.Equal(File.ReadAllBytes(once), File.ReadAllBytes(_folder.At(output)));
        Assert.Equal(whole.Output.Split('\n')[4..], resumed.Output.Split('\n')[4..]); // the summary is that of the whole, too
        Assert.Equal(4, Directory.GetFiles(_folder.FullName).Length); // corpus, list and two outputs: nothing else stays behind
    }

    [Fact]
    public void Score_WithResume_AndNothingToGoOnWith_StartsAnew()
    {
        Write("a.txt", "One. Bad.\n");
        Assert.Equal(0, Score("a.txt", "out.jsonl", "--resume").ExitCode);
        CliResult again = Score("a.txt", "out.jsonl", "--resume");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("exists", again.Error);
    }

    [Fact]
    public void Stats_SaysWhatScoreSaid_WithAHistogram()
    {
        Write("a.txt", "Good one. Bad.\nFine.\n");
        CliResult score = Score("a.txt", "out.jsonl");
        CliResult stats = CliProcess.Run("stats", _folder.At("out.jsonl")).Succeeded();
        string[] rows = [.. score.Output.Split('\n').Where(line => line.Contains("suggested") || line.Contains("above 0"))];
        Assert.Equal(4, rows.Length);
        Assert.All(rows, row => Assert.Contains(Cells(row), stats.Output.Split('\n').Select(Cells)));
        Assert.Contains("50 % have a segment above 0", score.Output);
        Assert.Contains("exactly 0", stats.Output);
        Assert.Contains("66.67 %", stats.Output);
        CliProcess.Run("stats", _folder.At("a.txt")).Failed(1, "no JSON of a scored document");

        static string Cells(string row) => string.Join('|', row.Split('│').Select(cell => cell.Trim()));
    }

    [Fact]
    public void Classifier_IsTrained_Measured_AndScores()
    {
        string[] words = ["one", "two", "three", "four", "five", "six", "seven"];
        Write("labelled.csv", "body,mark\n" + string.Concat(Enumerable.Range(0, 400).Select(i => $"{words[i % 7]} {words[i % 5]} {(i % 2 == 0 ? "bad" : "good")} {words[i % 3]} {i:x},{(i % 2 == 0 ? "spam" : "ham")}\n")));
        string[] fields = ["--text-field", "body", "--label-field", "mark", "--positive", "spam"];
        CliResult train = CliProcess.Run(["classifier", "train", _folder.At("labelled.csv"), "-o", _folder.At("model"), "--bits", "12", .. fields]).Succeeded();
        Assert.Contains("held-out AUC", train.Output);
        Assert.Equal("classifier.phfc report.json report.md", string.Join(' ', Directory.GetFiles(_folder.At("model")).Select(Path.GetFileName).Order()));
        CliResult measured = CliProcess.Run(["classifier", "evaluate", _folder.At("labelled.csv"), "--model", _folder.At("model"), .. fields]).Succeeded();
        Assert.Contains("400, 200 positive", measured.Output);
        Write("a.txt", "two bad four\ntwo good four\n");
        CliProcess.Run("score", _folder.At("a.txt"), "--scorer", "classifier", "--model", _folder.At("model"), "-o", _folder.At("s.jsonl")).Succeeded();
        ScoredDocument[] scored = [.. ScoredFile.Read(_folder.At("s.jsonl"))];
        Assert.True(scored[0].AvgScore > scored[1].AvgScore);

        CliProcess.Run(["classifier", "train", _folder.At("labelled.csv"), "-o", _folder.At("model"), .. fields]).Failed(1, "exists and is not empty");
        CliProcess.Run(["classifier", "evaluate", _folder.At("labelled.csv"), .. fields[..4]]).Failed(1, "label 'spam' is neither a number nor true or false; name the positive labels with --positive");
        CliProcess.Run(["classifier", "evaluate", _folder.At("labelled.csv")]).Failed(1, "no column 'text'");
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Phf.Cli.dll");

    private CliResult Score(string input, string output, params string[] options)
        => CliProcess.Run(["score", _folder.At(input), "--scorer", "words", "--list", _folder.At("list.txt"), "-o", _folder.At(output), .. options]);

    private CliResult Pack(string input, string output, params string[] options)
        => CliProcess.Run(["pack", _folder.At(input), "--tokenizer", _folder.At("tokenizer"), "-o", _folder.At(output), .. options]);

    private void Write(string name, string content) => File.WriteAllText(_folder.At(name), content);

    /// <summary>A table cell may be broken over lines; this joins what is in the cells.</summary>
    private static string Joined(string table) => string.Concat(table.Where(c => c is not ('│' or '\n'))).Replace("  ", "");

    private static CliResult Shell(string command)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true, ArgumentList = { "-c", command } };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
