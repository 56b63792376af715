using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Phf.Tests.Scoring;

/// <summary>What a request was: its path, its Authorization header and its body.</summary>
internal sealed record FakeRequest(string Path, string? Authorization, string Body);

/// <summary>A web server on this machine that answers as a test tells it to.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<FakeRequest, int, (int Status, string Body, string? RetryAfter)> _answer;
    private readonly Task _loop;

    /// <param name="answer">Given the request and its number from 0.</param>
    public FakeServer(Func<FakeRequest, int, (int Status, string Body, string? RetryAfter)> answer)
    {
        _answer = answer;
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        Endpoint = new Uri($"http://127.0.0.1:{port}/v1");
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _loop = Task.Run(Serve);
    }

    public Uri Endpoint { get; }

    public List<FakeRequest> Requests { get; } = [];

    public void Dispose()
    {
        _listener.Stop();
        _loop.Wait();
        _listener.Close();
    }

    private void Serve()
    {
        foreach (HttpListenerContext context in _listener.Contexts())
        {
            using var body = new StreamReader(context.Request.InputStream);
            var request = new FakeRequest(context.Request.Url!.AbsolutePath, context.Request.Headers["Authorization"], body.ReadToEnd());
            Requests.Add(request);
            (context.Response.StatusCode, string text, string? retryAfter) = _answer(request, Requests.Count - 1);
            if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
            context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(text));
            context.Response.Close();
        }
    }
}
