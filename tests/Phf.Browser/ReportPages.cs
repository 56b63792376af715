using Microsoft.Playwright;
using Phf.Tests;
using Phf.Tests.Cli;

namespace Phf.Browser;

/// <summary>Reports that <c>phf report</c> made, and a browser to open them in.</summary>
public sealed class ReportPages : IAsyncLifetime
{
    public const int Wide = 1280, Narrow = 390;

    private readonly TemporaryFolder _folder = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where pictures go: PHF_SCREENSHOTS, else a folder beside the tests.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(
        Environment.GetEnvironmentVariable("PHF_SCREENSHOTS") is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;

    public async Task InitializeAsync()
    {
        if (BrowserFactAttribute.Chromium is not { } chromium) return;
        foreach ((string name, string[] runs) in ((string, string[])[])[("story", ReportRuns.WriteStory(_folder.At("story"))), ("hidden", ReportRuns.WriteHidden(_folder.At("hidden")))])
            CliProcess.Run(["report", .. runs, "-o", _folder.At($"{name}.html"), "--chart", _folder.At($"{name}.svg")]).Succeeded();
        string picture = Convert.ToBase64String(await File.ReadAllBytesAsync(_folder.At("story.svg"))); // as a page elsewhere shows it
        await File.WriteAllTextAsync(_folder.At("picture.html"), $"<meta name=\"color-scheme\" content=\"light dark\"><img style=\"max-width: 100%\" src=\"data:image/svg+xml;base64,{picture}\">");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, ChromiumSandbox = false, Args = ["--disable-gpu"] }); // the superuser, as in a container, has no sandbox
    }

    /// <summary>Opens a report in a window of its own; whatever the page fetches, or its script complains of, is an error.</summary>
    /// <param name="file">story.html or hidden.html, a report; story.svg, its chart alone; picture.html, a page that shows it.</param>
    /// <param name="width">Of the window in pixels.</param>
    /// <param name="dark">The reader prefers dark.</param>
    public async Task<OpenPage> OpenAsync(string file, int width, bool dark = false)
    {
        IBrowserContext context = await _browser!.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
        });
        IPage page = await context.NewPageAsync();
        var open = new OpenPage(context, page, new Uri(_folder.At(file)));
        await page.GotoAsync(open.Address.AbsoluteUri);
        return open;
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
        _folder.Dispose();
    }
}

/// <summary>A page in a window of its own. Closing it asserts that it fetched nothing but itself and complained of nothing.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    internal OpenPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page, Address) = (context, page, address);
        page.PageError += (_, message) => _complaints.Add(message);
        page.Console += (_, message) => _complaints.Add($"{message.Type}: {message.Text}");
        page.Request += (_, request) =>
        {
            if (request.Url != address.AbsoluteUri && !request.Url.StartsWith("data:", StringComparison.Ordinal)) _complaints.Add($"fetched {request.Url}");
        };
    }

    public IPage Page { get; }

    public Uri Address { get; }

    public ILocator this[string selector] => Page.Locator(selector);

    public ILocator this[string selector, string text] => Page.Locator(selector, new() { HasText = text });

    /// <summary>Pixels by which the page is wider than the window.</summary>
    public Task<int> SidewaysAsync() => Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    /// <summary>What has the keyboard: its tag and id or text.</summary>
    public Task<string> FocusedAsync() => Page.EvaluateAsync<string>("(e => e.tagName + ' ' + (e.id || e.name || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 40)))(document.activeElement)");

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        Assert.Empty(_complaints);
    }
}
