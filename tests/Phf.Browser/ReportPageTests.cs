using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Phf.Browser;

/// <summary>What a reader does with a report, in a real browser: by mouse, by keyboard, on a phone, in light and dark.</summary>
public sealed class ReportPageTests(ReportPages pages) : IClassFixture<ReportPages>
{
    private const int MostTabs = 150;

    [BrowserFact]
    public async Task Looks_AreTakenAtBothWidths_InLightAndDark()
    {
        foreach (int width in (int[])[ReportPages.Wide, ReportPages.Narrow])
        {
            foreach (bool dark in (bool[])[false, true])
            {
                foreach (string file in (string[])["story.html", "hidden.html", "picture.html"])
                {
                    await using OpenPage open = await pages.OpenAsync(file, width, dark);
                    foreach (ILocator folded in await open["details.more"].AllAsync()) await folded.EvaluateAsync("e => e.open = true");
                    string picture = Path.Combine(ReportPages.Screenshots, $"{Path.GetFileNameWithoutExtension(file)}-{width}-{(dark ? "dark" : "light")}.png");
                    await open.Page.ScreenshotAsync(new() { Path = picture, FullPage = true });
                    Assert.True(new FileInfo(picture).Length > 10_000, picture);
                }
            }
        }
    }

    [BrowserFact]
    public async Task Colours_FollowTheReadersChoice_WhileThePageIsOpen()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        (double paper, double ink, double chart) light = await Brightness(open);
        await open.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        (double paper, double ink, double chart) dark = await Brightness(open);
        Assert.True(light.paper > 240 && light.ink < 60 && light.chart < 128, $"{light}");
        Assert.True(dark.paper < 40 && dark.ink > 200 && dark.chart > 128, $"{dark}");
    }

    [BrowserFact]
    public async Task Chart_AloneInAFile_FollowsTheReadersChoice()
    {
        foreach (bool dark in (bool[])[false, true])
        {
            await using OpenPage open = await pages.OpenAsync("story.svg", ReportPages.Wide, dark);
            Assert.Equal(dark, await BrightnessOf(open, "rect", "fill") < 128);
            Assert.Equal(!dark, await BrightnessOf(open, "text", "fill") < 128);
        }
    }

    [BrowserFact]
    public async Task NothingIsWiderThanTheWindow_AndTablesScrollByKeyboard()
    {
        foreach (int width in (int[])[320, ReportPages.Narrow, 768, ReportPages.Wide])
        {
            await using OpenPage open = await pages.OpenAsync("story.html", width);
            foreach (ILocator folded in await open["details"].AllAsync()) await folded.EvaluateAsync("e => e.open = true");
            await open["select[name=beside]"].SelectOptionAsync("rwr");
            Assert.True(await open.SidewaysAsync() <= 0, $"{width}: {await open.SidewaysAsync()} pixels too wide: {await TooWide(open)}");
        }
        await using OpenPage phone = await pages.OpenAsync("story.html", ReportPages.Narrow);
        ILocator table = phone["[role=region][aria-label='Table of groups of runs']"];
        await table.FocusAsync();
        await phone.Page.Keyboard.PressAsync("ArrowRight");
        await phone.Page.WaitForFunctionAsync("e => e.scrollLeft > 0", await table.ElementHandleAsync());
    }

    [BrowserFact]
    public async Task NarrowWindows_GetChartsOfTheirOwn_WithKeys()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Narrow);
        ILocator narrow = open["svg.narrow"].First, wide = open["svg.wide"].First, keys = open["ul.keys"].First;
        Assert.True(await narrow.IsVisibleAsync() && await keys.IsVisibleAsync() && !await wide.IsVisibleAsync());
        Assert.Contains("conditional", await keys.InnerTextAsync());
        await open.Page.SetViewportSizeAsync(ReportPages.Wide, 900);
        Assert.True(!await narrow.IsVisibleAsync() && !await keys.IsVisibleAsync() && await wide.IsVisibleAsync());
    }

    [BrowserFact]
    public async Task EverythingThatCanBeUsed_IsReachedByKeyboard_InOrder_AndIsSeen()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        var reached = new List<string>();
        double last = -1;
        for (int i = 0; i < MostTabs; i++)
        {
            await open.Page.Keyboard.PressAsync("Tab");
            if (await open.Page.EvaluateAsync<bool>("document.activeElement === document.body")) break;
            reached.Add(await open.FocusedAsync());
            double top = await open.Page.EvaluateAsync<double>("document.activeElement.getBoundingClientRect().top + scrollY");
            Assert.True(top >= last - 60, $"{reached[^1]} stands above {reached[Math.Max(0, reached.Count - 2)]}"); // lines of wrapped controls apart
            last = top;
            Assert.Equal("solid", await open.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle")); // :focus-visible
        }
        foreach (string control in (string[])["A Numbers", "A Control tokens", "A Samples", "DIV Table of groups of runs", "SUMMARY Every run", "SUMMARY The same against", "SELECT run", "SELECT beside", "SELECT scenario", "INPUT found", "BUTTON sample-next"])
            Assert.True(reached.Any(one => one.StartsWith(control, StringComparison.Ordinal)), $"{control} was not reached: {string.Join("; ", reached)}");
    }

    [BrowserFact]
    public async Task Links_LeadToTheirSections()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        IReadOnlyList<ILocator> links = await open["nav a"].AllAsync();
        Assert.True(links.Count >= 9, $"{links.Count} links");
        foreach (ILocator link in links)
        {
            await link.FocusAsync();
            await open.Page.Keyboard.PressAsync("Enter");
            string target = (await link.GetAttributeAsync("href"))!;
            await Assertions.Expect(open[$"section{target}"]).ToBeInViewportAsync();
        }
    }

    [BrowserFact]
    public async Task FoldedParts_OpenByKeyboard()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        ILocator summary = open["summary", "Every run"], table = open["[aria-label='Table of runs']"];
        Assert.False(await table.IsVisibleAsync());
        await summary.FocusAsync();
        await open.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(table).ToBeVisibleAsync();
        await open.Page.Keyboard.PressAsync("Space");
        await Assertions.Expect(table).ToBeHiddenAsync();
    }

    [BrowserFact]
    public async Task Markers_AreOnTop_AndSayWhatTheyAre()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        ILocator markers = open["svg.wide"].First.Locator(":is(circle, polygon):has(title)");
        Assert.Equal(8, await markers.CountAsync()); // six groups, and two further ways of sampling one
        foreach (ILocator marker in await markers.AllAsync())
        {
            Assert.Matches("misalignment .*% of samples, KL", await marker.Locator("title").TextContentAsync());
            await marker.HoverAsync(new() { Timeout = 3000 }); // fails where another element lies over it
        }
    }

    [BrowserFact]
    public async Task Samples_AreChosenPagedAndSetBesideEachOther()
    {
        await using OpenPage open = await pages.OpenAsync("story.html", ReportPages.Wide);
        ILocator place = open["#sample-place"], items = open["#samples li"], previous = open["#sample-previous"], next = open["#sample-next"];
        await Assertions.Expect(items).ToHaveCountAsync(12);
        Assert.True(await previous.IsDisabledAsync());
        await next.ClickAsync();
        await Assertions.Expect(place).ToContainTextAsync("page 2 of");
        await open["select[name=run]"].SelectOptionAsync("conditional");
        await Assertions.Expect(place).ToContainTextAsync("page 1 of"); // another choice begins anew
        Assert.Equal(["conditional"], (await open["#samples li strong"].AllInnerTextsAsync()).Distinct());
        await open["select[name=scenario]"].SelectOptionAsync("both tags banned");
        await open["input[name=found]"].CheckAsync();
        int marks = await open["#samples mark"].CountAsync();
        Assert.True(marks >= await items.CountAsync() && marks > 0, "each of these samples has a find, which is marked");
        await open["input[name=found]"].UncheckAsync();
        await open["select[name=scenario]"].SelectOptionAsync("");
        await open["select[name=beside]"].SelectOptionAsync("rwr");
        await Assertions.Expect(open["#samples ol"]).ToHaveCountAsync(2);
        LocatorBoundingBoxResult left = (await open["#samples ol"].Nth(0).BoundingBoxAsync())!, right = (await open["#samples ol"].Nth(1).BoundingBoxAsync())!;
        Assert.True(right.X >= left.X + left.Width && Math.Abs(right.Y - left.Y) < 1, "side by side");
        await open.Page.SetViewportSizeAsync(ReportPages.Narrow, 900);
        Assert.True((await open["#samples ol"].Nth(1).BoundingBoxAsync())!.Y > left.Y, "one below the other");
    }

    [BrowserFact]
    public async Task TextsThatMayOffend_WaitForTheirButton()
    {
        await using OpenPage open = await pages.OpenAsync("hidden.html", ReportPages.Wide);
        await Assertions.Expect(open["#samples .text"]).ToHaveCountAsync(0);
        await open["#samples button.reveal"].First.FocusAsync();
        await open.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(open["#samples .text"]).ToHaveCountAsync(1);
        Assert.True(await open.Page.EvaluateAsync<bool>("document.activeElement.classList.contains('text')")); // the keyboard is where it was
        await open["input[name=reveal]"].CheckAsync();
        await Assertions.Expect(open["#samples .text"]).ToHaveCountAsync(12);
    }

    private static async Task<(double Paper, double Ink, double Chart)> Brightness(OpenPage open) =>
        (await BrightnessOf(open, "body", "backgroundColor"), await BrightnessOf(open, ".headline", "color"), await BrightnessOf(open, "svg.wide text", "fill"));

    /// <summary>Mean of red, green and blue, 0 to 255.</summary>
    private static async Task<double> BrightnessOf(OpenPage open, string selector, string property)
    {
        string colour = await open[selector].First.EvaluateAsync<string>("(e, property) => getComputedStyle(e)[property]", property);
        return Regex.Matches(colour, "[0-9.]+").Take(3).Average(part => double.Parse(part.Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static Task<string> TooWide(OpenPage open) => open.Page.EvaluateAsync<string>(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre')).map(e => e.tagName + '.' + e.className.toString()).slice(0, 5).join(', ')");
}
