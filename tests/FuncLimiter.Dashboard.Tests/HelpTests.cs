using System.Text.RegularExpressions;
using FuncLimiter.Dashboard.Tests.Hosting;
using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests;

/// <summary>The pages of docs as the server shows them, so that they can be read where nothing else can be reached.</summary>
public sealed partial class HelpTests
{
    private static readonly string[] Pages =
        [.. Directory.EnumerateFiles(Path.Combine(Shots.Root, "docs"), "*.md").Append(Path.Combine(Shots.Root, "README.md")).Order(StringComparer.Ordinal)];

    [BrowserFact]
    public async Task Pages_AreShownWhole_AndTheirLinksLeadToHeadingsThatAreThere()
    {
        await using var site = await DashboardSite.StartAsync(Scene.Provider, Scene.Configuration);
        await using var browser = await Browser.StartAsync();
        var page = await browser.PageAsync(1440, 900, ColorScheme.Light);
        var (places, links) = (new HashSet<string>(StringComparer.Ordinal), new List<(string From, string To)>());
        Assert.InRange(Pages.Length, 20, 100);
        foreach (var file in Pages)
        {
            var (name, source) = (Path.GetFileNameWithoutExtension(file), await File.ReadAllTextAsync(file));
            await OpenAsync(site, page, name);
            Assert.Equal(Title().Match(source).Groups[1].Value, await page.Locator("h1").InnerTextAsync());
            Assert.Equal(TableHead().Count(source), await page.Locator("table").CountAsync());

            // What is left of Markdown outside code was not understood.
            var words = await page.EvaluateAsync<string>("(() => { const copy = document.getElementById('page').cloneNode(true); copy.querySelectorAll('pre, code').forEach(code => code.remove()); return copy.textContent; })()");
            Assert.DoesNotMatch(Leftover(), words);
            places.Add(name);
            places.UnionWith((await page.EvaluateAsync<string[]>("[...document.querySelectorAll('#page [id]')].map(heading => heading.id)")).Select(id => $"{name}#{id}"));
            links.AddRange((await page.EvaluateAsync<string[]>("[...document.querySelectorAll('#page a')].map(link => link.getAttribute('href'))")).Select(to => (name, to)));
        }

        var own = links.Where(link => !link.To.StartsWith("http", StringComparison.Ordinal))
            .Select(link => (link.From, To: link.To.StartsWith('#') ? link.From + link.To : link.To[(link.To.IndexOf('=', StringComparison.Ordinal) + 1)..])).ToArray();
        Assert.InRange(own.Length, 50, int.MaxValue);
        Assert.All(own, link => Assert.True(
            places.Contains(link.To) || File.Exists(Path.Combine(Shots.Root, $"{link.To}.md")), $"{link.From} leads to {link.To}, which is not there"));
    }

    [AccessibilityTheory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task Page_HasNoAccessibilityViolations_NorScrollsSideways(int width, int height, ColorScheme theme)
    {
        await using var site = await DashboardSite.StartAsync(Scene.Provider, Scene.Configuration);
        await using var browser = await Browser.StartAsync();
        var page = await browser.PageAsync(width, height, theme);
        foreach (var name in new[] { "troubleshooting", "operations", "README" })
        {
            await OpenAsync(site, page, name);
            Assert.Empty(await Axe.ViolationsAsync(page));
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{name} scrolls sideways");
        }

        await page.ScreenshotAsync(new() { Path = Shots.Path($"help-{width}.png") });
    }

    private static async Task OpenAsync(DashboardSite site, IPage page, string name)
    {
        await page.GotoAsync(new Uri(site.Address, $"/dashboard/help.html?page={name}").ToString());
        await Assertions.Expect(page.Locator("h1")).ToHaveCountAsync(1, new() { Timeout = 15_000 });
    }

    [GeneratedRegex("^# (.+)$", RegexOptions.Multiline)]
    private static partial Regex Title();

    [GeneratedRegex(@"^ *\| *-{3}[ |:-]*\|$", RegexOptions.Multiline)]
    private static partial Regex TableHead();

    [GeneratedRegex(@"\]\(|\*\*|```|<!--|\| ---")]
    private static partial Regex Leftover();
}
