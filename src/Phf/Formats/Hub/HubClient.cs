using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace Phf.Formats.Hub;

/// <summary>
/// The HTTP side of the Hub. Redirects are followed by hand, so that the token goes to the Hub's own host alone. What may succeed later is
/// asked again; a file that was cut short goes on where it ended.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 8, MostListingBytes = 1 << 26, ShownCharacters = 200;
    private const string LinkedHash = "X-Linked-Etag", LinkedSize = "X-Linked-Size", CommitHeader = "X-Repo-Commit", ErrorCode = "X-Error-Code", ErrorMessage = "X-Error-Message";
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly HubOptions _options;
    private readonly HubRepository _repository;
    private readonly string _endpoint;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _retry;
    private readonly byte[] _buffer = new byte[1 << 17];

    public HubClient(HubOptions options, HubRepository repository)
    {
        (_options, _repository) = (options, repository);
        _endpoint = options.Endpoint.AbsoluteUri.TrimEnd('/');
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = options.Timeout };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("phf", typeof(HubClient).Assembly.GetName().Version?.ToString(3)));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity")); // else a size would be that of something packed
        _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<HubBusyException>(),
            MaxRetryAttempts = options.Retries,
            Delay = options.FirstDelay,
            BackoffType = DelayBackoffType.Exponential,
            DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as HubBusyException)?.Wait),
        }).Build();
    }

    /// <summary>The commit that a revision stands for, and the names of its files.</summary>
    /// <exception cref="InvalidDataException">The answer is no listing, or has a name that would lead out of the cache.</exception>
    /// <exception cref="IOException">The Hub refuses, cannot be reached or stays busy.</exception>
    public (string Commit, string[] Files) List(string revision, CancellationToken cancel)
    {
        var uri = new Uri($"{_endpoint}/api/{_repository.Kind}/{_repository.Name}/revision/{Uri.EscapeDataString(revision)}");
        byte[] listing = _retry.Execute(token =>
        {
            using HttpResponseMessage response = Send(HttpMethod.Get, uri, from: 0, token);
            if (!response.IsSuccessStatusCode) throw Refused(response, $"revision {revision}");
            return ReadListing(response, token);
        }, cancel);
        try
        {
            using var json = JsonDocument.Parse(listing);
            string commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            if (!HubFile.IsCommit(commit)) throw new InvalidDataException($"{uri} names the commit '{Shown(commit)}'; 40 hexadecimal digits were expected");
            string[] files = [.. json.RootElement.GetProperty("siblings").EnumerateArray().Select(file => file.GetProperty("rfilename").GetString() ?? "")];
            return files.FirstOrDefault(file => !HubFile.IsSafe(file)) is not { } bad ? (commit, files)
                : throw new InvalidDataException($"{uri} lists a file '{Shown(bad)}', which would lie outside of its folder; nothing was fetched");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{uri}: no listing of files: {problem.Message}; check HF_ENDPOINT", problem);
        }
    }

    /// <summary>Size and hash of a file.</summary>
    /// <inheritdoc cref="List"/>
    public HubFile Describe(string commit, string name, CancellationToken cancel) => _retry.Execute(token =>
    {
        Uri uri = UriOf(commit, name);
        using HttpResponseMessage response = Send(HttpMethod.Head, uri, from: 0, token);
        bool isLinked = response.Headers.Contains(LinkedHash);
        if (!response.IsSuccessStatusCode && !isLinked) throw Refused(response, name);
        if (Header(response, CommitHeader) is { } other && other != commit)
            throw new InvalidDataException($"{uri} answers for the commit '{Shown(other)}', {commit} was asked for; run again");
        string hash = ((isLinked ? Header(response, LinkedHash) : response.Headers.ETag?.Tag) ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
        long? size = long.TryParse(Header(response, LinkedSize), out long linked) ? linked : isLinked ? null : response.Content.Headers.ContentLength;
        return HubFile.IsHash(hash) && size >= 0 ? new HubFile(name, size.Value, hash) : throw new InvalidDataException(
            $"{uri}: the server gives the hash '{Shown(hash)}' and {(size is null ? "no size" : $"the size {size}")}; without SHA-256 or git's SHA-1 and a size the file cannot be checked");
    }, cancel);

    /// <summary>Appends to <paramref name="partial"/> what is missing of a file.</summary>
    /// <param name="report">Bytes that are there.</param>
    /// <inheritdoc cref="List"/>
    public void Fetch(string commit, HubFile file, FileStream partial, Action<long> report, CancellationToken cancel)
    {
        while (partial.Length < file.Size)
        {
            long before = partial.Length;
            try
            {
                _retry.Execute(token => FetchOnce(commit, file, partial, report, token), cancel);
            }
            catch (HubBusyException) when (partial.Length > before)
            {
                // It advances, so the retries are counted anew.
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private void FetchOnce(string commit, HubFile file, FileStream partial, Action<long> report, CancellationToken cancel)
    {
        using HttpResponseMessage response = Send(HttpMethod.Get, UriOf(commit, file.Name), from: partial.Length, cancel);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && partial.Length > 0)
        {
            partial.SetLength(0);
            throw Busy($"{file.Name}: the server cannot go on where the file was cut short", response);
        }
        if (!response.IsSuccessStatusCode) throw Refused(response, file.Name);
        if (response.StatusCode != HttpStatusCode.PartialContent) partial.SetLength(0); // it sends the whole
        else if (response.Content.Headers.ContentRange?.From != partial.Length)
            throw new InvalidDataException($"{file.Name}: bytes from {partial.Length} on were asked for, the server sends {response.Content.Headers.ContentRange}");
        if (response.Content.Headers.ContentLength is { } length && partial.Length + length != file.Size) throw WrongSize(partial.Length + length);
        partial.Seek(0, SeekOrigin.End);
        using Stream content = response.Content.ReadAsStream(cancel);
        for (int read = Read(content, cancel); read > 0; read = Read(content, cancel))
        {
            if (partial.Length + read > file.Size) throw WrongSize(partial.Length + read);
            partial.Write(_buffer, 0, read);
            report(partial.Length);
        }
        if (partial.Length < file.Size) throw Busy($"{file.Name}: the connection ended after {partial.Length} of {file.Size} bytes", response);

        InvalidDataException WrongSize(long found)
        {
            partial.SetLength(0);
            return new($"{file.Name}: the server sends {found} bytes or more, it had said {file.Size}; nothing of it was kept, run again");
        }
    }

    /// <summary>Sends a request and follows redirects. HEAD stops at the answer that has the hash: behind it is only the host of large files.</summary>
    private HttpResponseMessage Send(HttpMethod method, Uri uri, long from, CancellationToken cancel)
    {
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            using var request = new HttpRequestMessage(method, uri);
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, to: null);
            if (_options.Token is { } token && uri.GetLeftPart(UriPartial.Authority) == _options.Endpoint.GetLeftPart(UriPartial.Authority))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            HttpResponseMessage response = SendOnce(request, cancel);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || (method == HttpMethod.Head && response.Headers.Contains(LinkedHash))) return response;
            using (response) uri = Redirected(uri, response.Headers.Location);
        }
        throw new InvalidDataException($"{uri}: redirected more than {MostRedirects} times");
    }

    private HttpResponseMessage SendOnce(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return _http.Send(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            throw new HubBusyException($"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} cannot be reached ({problem.Message}); check the network and HF_ENDPOINT, then run again: "
                + "what has come is kept", wait: null, problem);
        }
    }

    private static Uri Redirected(Uri from, Uri? to)
    {
        Uri? next = to is null || to.IsAbsoluteUri ? to : new Uri(from, to);
        return next?.Scheme == from.Scheme || next?.Scheme == Uri.UriSchemeHttps ? next
            : throw new InvalidDataException($"{from} redirects to '{Shown(to?.ToString() ?? "")}', which is not followed");
    }

    private byte[] ReadListing(HttpResponseMessage response, CancellationToken cancel)
    {
        using Stream content = response.Content.ReadAsStream(cancel);
        using var listing = new MemoryStream();
        for (int read = Read(content, cancel); read > 0; read = Read(content, cancel))
        {
            if (listing.Length + read > MostListingBytes) throw new InvalidDataException($"the listing of {_repository.Name} is longer than {MostListingBytes >> 20} MB");
            listing.Write(_buffer, 0, read);
        }
        return listing.ToArray();
    }

    /// <summary>Reads into the buffer; 0 at the end. A server that falls silent is a lost connection.</summary>
    private int Read(Stream content, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(_options.Timeout);
        try
        {
            return content.ReadAsync(_buffer, patience.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            throw new HubBusyException($"the connection to the server was lost ({problem.Message}); check the network, then run again: what has come is kept", wait: null, problem);
        }
    }

    private Uri UriOf(string commit, string name) => new(
        $"{_endpoint}/{(_repository.IsDataset ? "datasets/" : "")}{_repository.Name}/resolve/{commit}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}");

    private IOException Refused(HttpResponseMessage response, string what)
    {
        string found = $"{_repository.Name}, {what}: {_options.Endpoint.Host} answered {(int)response.StatusCode}"
            + (Header(response, ErrorMessage) is { } message ? $" ({Shown(message)})" : "");
        string? code = Header(response, ErrorCode);
        if ((int)response.StatusCode is 408 or 429 or >= 500) return Busy(found, response);
        string page = $"{_endpoint}/{(_repository.IsDataset ? "datasets/" : "")}{_repository.Name}";
        return new IOException($"{found}; " + ((int)response.StatusCode, code) switch
        {
            (_, "GatedRepo") or (403, _) => $"its files are given to those who asked: accept the terms on {page}, then set HF_TOKEN to a token of that account",
            (401, _) => _options.Token is null ? "there is no such name, or it is private: check the name, or set HF_TOKEN to a token that may read it"
                : "there is no such name, or the token in HF_TOKEN may not read it",
            (404, "RevisionNotFound") => $"there is no such revision: see {page} for its branches and tags, and name one with --revision",
            (404, _) => $"there is no such thing: check the name on {page}",
            _ => "check the name and HF_ENDPOINT",
        });
    }

    private HubBusyException Busy(string found, HttpResponseMessage response)
    {
        RetryConditionHeaderValue? after = response.Headers.RetryAfter;
        TimeSpan? wait = after?.Delta ?? after?.Date - DateTimeOffset.UtcNow;
        if (wait > LongestWait) wait = LongestWait;
        return new HubBusyException($"{found}, to {_options.Retries + 1} requests in a row; what has come is kept, run again later", wait < TimeSpan.Zero ? TimeSpan.Zero : wait, cause: null);
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <summary>What a server wrote, fit to be shown.</summary>
    private static string Shown(string text) =>
        string.Concat(text.Take(ShownCharacters).Select(letter => char.IsControl(letter) ? '?' : letter)) + (text.Length > ShownCharacters ? "..." : "");

    /// <summary>What may succeed later; <paramref name="wait"/> is how long the server wants to be left alone.</summary>
    private sealed class HubBusyException(string message, TimeSpan? wait, Exception? cause) : IOException(message, cause)
    {
        public TimeSpan? Wait { get; } = wait;
    }
}
