using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phf.Formats.Hub;

namespace Phf.Tests.Formats.Hub;

/// <summary>What a request was; <paramref name="IsForContent"/>: to the host of large files, not to the Hub.</summary>
internal sealed record HubRequest(string Method, string Path, bool IsForContent, string? Authorization, string? Range);

/// <summary>
/// Answers on this machine as the Hugging Face Hub does, with one repository: a listing, small files behind a redirect to another path, large ones behind one to
/// another host, with hashes, sizes and ranges. A test may answer any request in its place.
/// </summary>
internal sealed class FakeHub : IDisposable
{
    public const string Name = "someone/thing", Token = "hf_secret", Commit = "0123456789abcdef0123456789abcdef01234567";
    private const int LargeFrom = 1000; // bytes

    private readonly HttpListener _listener;
    private readonly Uri _content;
    private readonly Task _loop;
    private readonly TemporaryFolder _folder = new();

    public FakeHub(bool isDataset = false)
    {
        (_listener, Endpoint, _content) = Listen();
        IsDataset = isDataset;
        _loop = Task.Run(Serve);
        Options = new HubOptions { Endpoint = Endpoint, Cache = _folder.At("hub"), Token = Token, Retries = 3, FirstDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(20) };
    }

    public Uri Endpoint { get; }

    public bool IsDataset { get; }

    public HubOptions Options { get; }

    /// <summary>The repository's files.</summary>
    public Dictionary<string, byte[]> Files { get; } = new()
    {
        ["config.json"] = """{"model_type": "gpt2"}"""u8.ToArray(),
        ["sub folder/notes #1.txt"] = "small"u8.ToArray(),
        ["empty.txt"] = [],
        ["model.safetensors"] = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i / 7))],
    };

    public List<HubRequest> Requests { get; } = [];

    /// <summary>Answers a request in the server's place; false leaves it to the server.</summary>
    public Func<HubRequest, HttpListenerResponse, bool> Answer { get; set; } = (_, _) => false;

    public string Folder => Path.Combine(Options.Cache, $"{(IsDataset ? "datasets" : "models")}--someone--thing");

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public string PathOf(string file) => At(["snapshots", Commit, .. file.Split('/')]);

    /// <summary>Downloads what <paramref name="include"/> names, or all.</summary>
    public void Download(params string[] include)
    {
        using HubDownload download = HubDownload.Plan(Options, new HubRepository(Name, IsDataset), HubDownload.MainRevision, include, default);
        download.Run(_ => { }, default);
    }

    public static string HashOf(byte[] content) => Convert.ToHexStringLower(content.Length >= LargeFrom ? SHA256.HashData(content)
        : SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

    /// <summary>Sends a header of so many bytes and then fewer of them: a lost connection.</summary>
    public static bool Cut(HttpListenerResponse response, int status, long length, ReadOnlySpan<byte> content)
    {
        (response.StatusCode, response.ContentLength64) = (status, length);
        response.OutputStream.Write(content);
        response.OutputStream.Flush();
        response.Abort();
        return true;
    }

    public static bool Send(HttpListenerResponse response, int status, byte[] content, params (string Name, string Value)[] headers)
    {
        response.StatusCode = status;
        foreach ((string name, string value) in headers) response.Headers[name] = value;
        response.ContentLength64 = content.Length;
        response.OutputStream.Write(content);
        response.Close();
        return true;
    }

    public void Dispose()
    {
        _listener.Stop();
        _loop.Wait();
        _listener.Close();
        _folder.Dispose();
    }

    /// <summary>Listens on two ports that were free a moment ago; another process may have taken one since.</summary>
    private static (HttpListener Listener, Uri Hub, Uri Content) Listen()
    {
        for (int attempt = 0; ; attempt++)
        {
            using TcpListener hub = new(IPAddress.Loopback, 0), content = new(IPAddress.Loopback, 0);
            hub.Start();
            content.Start();
            Uri[] places = [.. new[] { hub, content }.Select(probe => new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}"))];
            hub.Stop();
            content.Stop();
            var listener = new HttpListener();
            foreach (Uri place in places) listener.Prefixes.Add(place.AbsoluteUri);
            try
            {
                listener.Start();
                return (listener, places[0], places[1]);
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                listener.Close();
            }
        }
    }

    private void Serve()
    {
        foreach (HttpListenerContext context in _listener.Contexts())
        {
            Uri uri = context.Request.Url!;
            var request = new HubRequest(context.Request.HttpMethod, Uri.UnescapeDataString(uri.AbsolutePath), uri.Port == _content.Port,
                context.Request.Headers["Authorization"], context.Request.Headers["Range"]);
            Requests.Add(request);
            try
            {
                if (!Answer(request, context.Response)) Reply(request, context.Response);
            }
            catch (Exception problem) when (problem is HttpListenerException or IOException)
            {
                // The client has gone; that is its affair.
            }
        }
    }

    private void Reply(HubRequest request, HttpListenerResponse response)
    {
        const string Cached = "/api/resolve-cache/";
        string resolve = $"/{(IsDataset ? "datasets/" : "")}{Name}/resolve/{Commit}/";
        if (request.IsForContent) SendFile(request, response, Files.Values.First(content => HashOf(content) == request.Path[1..]));
        else if (request.Path == $"/api/{(IsDataset ? "datasets" : "models")}/{Name}/revision/main")
            Send(response, 200, JsonSerializer.SerializeToUtf8Bytes(new { id = Name, sha = Commit, siblings = Files.Keys.Select(file => new { rfilename = file }) }));
        else if (request.Path.StartsWith(Cached, StringComparison.Ordinal)) SendFile(request, response, Files[request.Path[Cached.Length..]]);
        else if (!request.Path.StartsWith(resolve, StringComparison.Ordinal) || !Files.TryGetValue(request.Path[resolve.Length..], out byte[]? content))
            Send(response, 404, [], ("X-Error-Code", "EntryNotFound"));
        else if (content.Length < LargeFrom)
            Send(response, 307, [], ("Location", Cached + Uri.EscapeDataString(request.Path[resolve.Length..])));
        else
            Send(response, 302, [], ("Location", new Uri(_content, HashOf(content)).AbsoluteUri), ("X-Repo-Commit", Commit),
                ("X-Linked-Etag", $"\"{HashOf(content)}\""), ("X-Linked-Size", $"{content.Length}"));
    }

    private static void SendFile(HubRequest request, HttpListenerResponse response, byte[] content)
    {
        response.Headers["ETag"] = $"W/\"{HashOf(content)}\"";
        if (!request.IsForContent) response.Headers["X-Repo-Commit"] = Commit;
        if (request.Method == "HEAD")
        {
            response.ContentLength64 = content.Length;
            response.Close();
            return;
        }
        int from = request.Range is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
        if (from >= content.Length && from > 0) Send(response, 416, []);
        else if (from > 0) Send(response, 206, content[from..], ("Content-Range", $"bytes {from}-{content.Length - 1}/{content.Length}"));
        else Send(response, 200, content);
    }
}
