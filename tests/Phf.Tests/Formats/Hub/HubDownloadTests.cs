using System.Diagnostics;
using System.Text.Json;
using Phf.Formats.Hub;

namespace Phf.Tests.Formats.Hub;

/// <summary>The cache as the Hub's own tools lay it out, and what a server or a network may do wrong.</summary>
public sealed class HubDownloadTests : IDisposable
{
    private const string Large = "model.safetensors";

    private readonly FakeHub _hub = new();

    private byte[] Content => _hub.Files[Large];

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void Files_LieInTheCache_AsTheHubsToolsPutThem()
    {
        _hub.Download();
        foreach ((string name, byte[] content) in _hub.Files)
        {
            Assert.Equal(content, File.ReadAllBytes(_hub.PathOf(name)));
            string up = name.Contains('/') ? "../../../" : "../../";
            Assert.Equal($"{up}blobs/{FakeHub.HashOf(content)}", new FileInfo(_hub.PathOf(name)).LinkTarget);
            Assert.False(File.Exists(_hub.At("blobs", FakeHub.HashOf(content) + ".incomplete")));
        }
        Assert.Equal(FakeHub.Commit, File.ReadAllText(_hub.At("refs", "main")));
        Assert.Equal(_hub.At("snapshots", FakeHub.Commit), HubDownload.FindCached(_hub.Options, new HubRepository(FakeHub.Name), "main"));
        Assert.Null(HubDownload.FindCached(_hub.Options, new HubRepository(FakeHub.Name), "v2"));

        _hub.Requests.Clear();
        _hub.Download();
        Assert.DoesNotContain(_hub.Requests, request => request.Method == "GET" && request.Path.Contains("resolve"));
    }

    [Fact]
    public void Token_GoesToTheHubAlone()
    {
        _hub.Download();
        Assert.Contains(_hub.Requests, request => request.IsForContent);
        Assert.All(_hub.Requests, request => Assert.Equal(request.IsForContent ? null : $"Bearer {FakeHub.Token}", request.Authorization));
        Assert.DoesNotContain(FakeHub.Token, _hub.Options.ToString());
    }

    [Fact]
    public void Dataset_HasItsOwnPlaces()
    {
        using var hub = new FakeHub(isDataset: true);
        hub.Download("config.json");
        Assert.True(File.Exists(hub.PathOf("config.json")));
    }

    /// <summary>Three times more often than it retries: as long as bytes come it goes on, each time from where it was cut.</summary>
    [Fact]
    public void LostConnections_AreGoneOnWith()
    {
        const int Piece = 25_000;
        _hub.Answer = (request, response) =>
        {
            if (!request.IsForContent) return false;
            int from = request.Range is null ? 0 : int.Parse(request.Range["bytes=".Length..^1]);
            if (Content.Length - from <= Piece) return false;
            if (from > 0) response.Headers["Content-Range"] = $"bytes {from}-{Content.Length - 1}/{Content.Length}";
            return FakeHub.Cut(response, from > 0 ? 206 : 200, Content.Length - from, Content.AsSpan(from, Piece));
        };
        _hub.Download(Large);
        Assert.Equal(Content, File.ReadAllBytes(_hub.PathOf(Large)));
        Assert.InRange(_hub.Requests.Count(request => request.IsForContent), Content.Length / Piece, 5 * Content.Length / Piece);
    }

    [Theory]
    [InlineData(1234, "bytes=1234-")]
    [InlineData(300_000, null)] // whole already: only checked
    [InlineData(300_001, null)] // longer than the file: of something else
    public void PartOfAnEarlierRun_IsKept(int length, string? range)
    {
        LeavePart([.. Content.Concat(Content).Take(length)]);
        _hub.Download(Large);
        Assert.Equal(Content, File.ReadAllBytes(_hub.PathOf(Large)));
        Assert.Equal(length == Content.Length ? [] : [range], _hub.Requests.Where(request => request.IsForContent).Select(request => request.Range));
    }

    [Fact]
    public void PartOfSomethingElse_IsFetchedAgain()
    {
        LeavePart(new byte[1000]);
        _hub.Download(Large);
        Assert.Equal(Content, File.ReadAllBytes(_hub.PathOf(Large)));
        Assert.Equal(["bytes=1000-", null], _hub.Requests.Where(request => request.IsForContent).Select(request => request.Range));
    }

    [Theory]
    [InlineData(200)] // it knows no ranges and sends the whole
    [InlineData(416)]
    public void ServerThatCannotGoOn_IsAskedForTheWhole(int status)
    {
        LeavePart(Content[..5000]);
        _hub.Answer = (request, response) => request.Range is not null && FakeHub.Send(response, status, status == 200 ? Content : []);
        _hub.Download(Large);
        Assert.Equal(Content, File.ReadAllBytes(_hub.PathOf(Large)));
    }

    [Theory]
    [InlineData(Large, "its hash is")]
    [InlineData("config.json", "its hash is")]
    public void WrongHash_KeepsNothing(string name, string message)
    {
        byte[] other = [.. _hub.Files[name]];
        other[3] ^= 1;
        _hub.Answer = (request, response) => request.Method == "GET" && (request.IsForContent || request.Path.Contains("resolve-cache")) && FakeHub.Send(response, 200, other);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => _hub.Download(name)).Message);
        AssertNothingKept();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    public void WrongSize_KeepsNothing(int more)
    {
        byte[] other = [.. Content.Concat(new byte[Math.Max(0, more)]).Take(Content.Length + more)];
        _hub.Answer = (request, response) => request.IsForContent && FakeHub.Send(response, 200, other);
        Assert.Contains("it had said 300000", Assert.Throws<InvalidDataException>(() => _hub.Download(Large)).Message);
        AssertNothingKept();
    }

    /// <summary>Without a length in the header the excess shows only while it comes: it is not written.</summary>
    [Fact]
    public void EndlessBody_IsCutOff()
    {
        _hub.Answer = (request, response) =>
        {
            if (!request.IsForContent) return false;
            response.SendChunked = true;
            try
            {
                for (int i = 0; i < 1000; i++) response.OutputStream.Write(Content);
            }
            finally
            {
                response.Abort();
            }
            return true;
        };
        Assert.Contains("or more, it had said 300000", Assert.Throws<InvalidDataException>(() => _hub.Download(Large)).Message);
        AssertNothingKept();
    }

    [Theory]
    [InlineData(401, null, "the token in HF_TOKEN may not read it")]
    [InlineData(401, "GatedRepo", "accept the terms on http://127.0.0.1:")]
    [InlineData(403, "GatedRepo", "accept the terms on http://127.0.0.1:")]
    [InlineData(404, "RepoNotFound", "check the name on http://127.0.0.1:")]
    [InlineData(404, "RevisionNotFound", "name one with --revision")]
    [InlineData(400, null, "check the name and HF_ENDPOINT")]
    public void Refusal_IsToldOnce_WithTheRemedy(int status, string? code, string remedy)
    {
        _hub.Answer = (_, response) => FakeHub.Send(response, status, [], [("X-Error-Message", "so\u00e9so"), .. code is null ? [] : new[] { ("X-Error-Code", code) }]);
        string message = Assert.Throws<IOException>(() => _hub.Download()).Message;
        Assert.Contains($"answered {status}", message);
        Assert.Contains(remedy, message);
        Assert.Single(_hub.Requests);
        Assert.False(Directory.Exists(_hub.Folder));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public void BusyServer_IsAskedAgain_AfterTheWaitItWants(int status)
    {
        var clock = Stopwatch.StartNew();
        _hub.Answer = (_, response) => _hub.Requests.Count <= 2 && FakeHub.Send(response, status, [], ("Retry-After", _hub.Requests.Count == 1 ? "1" : "0"));
        _hub.Download("config.json");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.95, 30);
        Assert.True(File.Exists(_hub.PathOf("config.json")));
    }

    [Fact]
    public void ServerThatStaysBusy_IsGivenUp()
    {
        _hub.Answer = (_, response) => FakeHub.Send(response, 500, []);
        Assert.Contains("to 4 requests in a row", Assert.ThrowsAny<IOException>(() => _hub.Download()).Message);
        Assert.Equal(4, _hub.Requests.Count);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/x")]
    [InlineData("a/../../b")]
    [InlineData("a\\..\\b")]
    [InlineData("C:x")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a/")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void NameThatLeadsElsewhere_IsRefused(string name)
    {
        _hub.Files.Add(name, "x"u8.ToArray());
        Assert.Contains("would lie outside of its folder", Assert.Throws<InvalidDataException>(() => _hub.Download()).Message);
        Assert.False(Directory.Exists(_hub.Options.Cache));
    }

    [Theory]
    [InlineData("../../../x")]
    [InlineData("main")]
    [InlineData("")]
    public void CommitThatIsNone_IsRefused(string commit)
    {
        _hub.Answer = (_, response) => FakeHub.Send(response, 200, JsonSerializer.SerializeToUtf8Bytes(new { sha = commit, siblings = Array.Empty<object>() }));
        Assert.Contains("40 hexadecimal digits", Assert.Throws<InvalidDataException>(() => _hub.Download()).Message);
    }

    [Theory]
    [InlineData("../../x", "5")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF01234567", "5")]
    [InlineData("0123456789abcdef0123456789abcdef01234567", "-5")]
    [InlineData("0123456789abcdef0123456789abcdef01234567", "much")]
    public void HashOrSizeThatIsNone_IsRefused(string hash, string size)
    {
        _hub.Answer = (request, response) => request.Method == "HEAD" && FakeHub.Send(response, 200, [], ("X-Linked-Etag", $"\"{hash}\""), ("X-Linked-Size", size));
        Assert.Contains("cannot be checked", Assert.Throws<InvalidDataException>(() => _hub.Download()).Message);
        Assert.False(Directory.Exists(_hub.Options.Cache));
    }

    [Theory]
    [InlineData("file:///etc/passwd", "not followed")]
    [InlineData("/again", "redirected more than")]
    public void RedirectThatLeadsNowhere_IsRefused(string location, string message)
    {
        _hub.Answer = (_, response) => FakeHub.Send(response, 302, [], ("Location", location));
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => _hub.Download()).Message);
        Assert.InRange(_hub.Requests.Count, 1, 10);
    }

    [Theory]
    [InlineData("snapshots")]
    [InlineData("blobs")]
    [InlineData("refs")]
    public void LinkInTheCache_IsNotWrittenThrough(string folder)
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_hub.Options.Cache, "elsewhere")).FullName;
        Directory.CreateDirectory(_hub.Folder);
        Directory.CreateSymbolicLink(_hub.At(folder), elsewhere);
        Assert.Contains("is a link to", Assert.Throws<IOException>(() => _hub.Download()).Message);
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [Fact]
    public void WithoutPatterns_OtherProgramsWeightsAreLeftOut()
    {
        foreach (string name in (string[])["tf_model.h5", "onnx/model.onnx", "pytorch_model.bin", "merges.txt"]) _hub.Files.Add(name, [1]);
        using HubDownload all = Plan(), some = Plan("*.json", "onnx/*"), every = Plan("*");
        Assert.Equal(["tf_model.h5", "onnx/model.onnx", "pytorch_model.bin"], all.LeftOut);
        Assert.Equal((5, 2, 8), (all.FileCount, some.FileCount, every.FileCount));
        Assert.Empty(every.LeftOut);
        Assert.Contains("none is named like *.zip", Assert.Throws<ArgumentException>(() => Plan("*.zip")).Message);
        _hub.Files.Remove(Large);
        using HubDownload older = Plan();
        Assert.DoesNotContain("pytorch_model.bin", older.LeftOut);
    }

    [Fact]
    public void Offline_AsksNobody()
    {
        var problem = Assert.Throws<IOException>(() => HubDownload.Plan(_hub.Options with { IsOffline = true }, new HubRepository(FakeHub.Name), "main", [], default));
        Assert.Contains("HF_HUB_OFFLINE is set", problem.Message);
        Assert.Empty(_hub.Requests);
    }

    [Theory]
    [InlineData("../x", "main", "no name on the Hub")]
    [InlineData("a/b", "../x", "no revision")]
    public void NameOrRevisionThatIsNone_IsRefused(string name, string revision, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => HubDownload.Plan(_hub.Options, new HubRepository(name), revision, [], default)).Message);

    private HubDownload Plan(params string[] include) => HubDownload.Plan(_hub.Options, new HubRepository(FakeHub.Name), "main", include, default);

    private void LeavePart(byte[] content)
    {
        Directory.CreateDirectory(_hub.At("blobs"));
        File.WriteAllBytes(_hub.At("blobs", FakeHub.HashOf(Content) + ".incomplete"), content);
    }

    private void AssertNothingKept()
    {
        Assert.All(Directory.GetFiles(_hub.At("blobs")), file => Assert.Equal(0, new FileInfo(file).Length));
        Assert.Empty(Directory.GetFileSystemEntries(_hub.At("snapshots")));
        Assert.Empty(Directory.GetFileSystemEntries(_hub.At("refs")));
    }
}
