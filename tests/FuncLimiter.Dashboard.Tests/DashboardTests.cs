using System.Text;
using System.Text.RegularExpressions;
using FuncLimiter.Dashboard.Tests.Hosting;
using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests;

public class DashboardTests(LoadedSite loaded) : IClassFixture<LoadedSite>
{
    // The ledger is read now and then, soon while there is much new in it.
    private const string CostsAreUpToDate = """
        () => {
          const usd = id => parseFloat(document.getElementById(id).textContent.match(/\$([\d.]+)/)?.[1]);
          return usd('costs-total') >= 0.7 * usd('figure-cost');
        }
        """;

    // On a machine that is late some of the limit is kept in hand, and calls wait below the warning.
    private static readonly Regex WantsTokens = new("wants gpt-x: (openai-east/gpt-x is nearly out of tokens a minute|waits for tokens a minute of openai-east/gpt-x)");

    [BrowserFact]
    public async Task Budget_OfWhich83PercentIsTaken_Shows83Percent()
    {
        var page = await OpenAsync(1440, 900, ColorScheme.Light);
        await TakeAsync("gpt-still", 99_600);

        var row = page.Locator("[data-budget='deployment:still/gpt-still']");
        await Assertions.Expect(row.Locator(".percent")).ToHaveTextAsync("83 %", new() { Timeout = 10_000 });

        await Assertions.Expect(row.Locator(".amount")).ToHaveTextAsync("99.6k of 120k tokens a minute");
        await Assertions.Expect(row.Locator(".percent")).ToHaveClassAsync("percent warn");
        var alert = page.Locator("#alerts li", new() { HasText = "still/gpt-still" });
        await Assertions.Expect(alert.Locator(".percent")).ToHaveTextAsync("83 %", new() { Timeout = 8_000 });
        await Assertions.Expect(alert.Locator(".cause")).ToContainTextAsync("Cause: workflow nightly of elm takes 100 % of it");
        await page.ScreenshotAsync(new() { Path = Shots.Path("alert.png"), FullPage = true });

        var opened = page.Context.WaitForPageAsync();
        await alert.GetByRole(AriaRole.Link, new() { Name = "What this means, and what to do" }).ClickAsync();
        await Assertions.Expect((await opened).GetByRole(AriaRole.Heading, new() { Name = "An alert" })).ToBeInViewportAsync(new() { Timeout = 15_000 });
    }

    [BrowserFact]
    public async Task Page_TakesAnAdminKey_AndAPauseIsAskedFirst_AndSeenAtOnce()
    {
        var page = await OpenAsync(1440, 900, ColorScheme.Light, hasKey: false);
        await page.GetByLabel("Key", new() { Exact = true }).FillAsync(Scene.AdminKey);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for deployment anthropic-1/claude-x" }).ClickAsync();
        await page.GetByLabel("Pause for 5 minutes").CheckAsync();
        await page.GetByLabel("Why, for the audit").FillAsync("maintenance");

        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();

        await Assertions.Expect(page.Locator("#action")).Not.ToBeVisibleAsync(new() { Timeout = 10_000 });
        await Assertions.Expect(page.Locator("[data-budget='deployment:anthropic-1/claude-x'] .closed")).ToContainTextAsync("closed for", new() { Timeout = 10_000 });
        await Assertions.Expect(page.Locator("#cooldowns")).ToContainTextAsync("anthropic-1/claude-x");
        Assert.Contains("maintenance", await loaded.Site.ReadAsync("/admin/audit"), StringComparison.Ordinal);
    }

    [AccessibilityTheory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(1440, 900, ColorScheme.Dark)]
    [InlineData(390, 844, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task Page_HasNoAccessibilityViolations_NorDoItsDialogs(int width, int height, ColorScheme theme)
    {
        var page = await OpenAsync(width, height, theme);
        await Assertions.Expect(page.Locator("#tenants tr")).Not.ToHaveCountAsync(0, new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("#events li")).Not.ToHaveCountAsync(0, new() { Timeout = 15_000 });

        Assert.Empty(await Axe.ViolationsAsync(page));
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for tenant acme" }).ClickAsync();
        Assert.Empty(await Axe.ViolationsAsync(page));
    }

    [BrowserTheory]
    [InlineData("desktop-light", 1440, 900, ColorScheme.Light)]
    [InlineData("desktop-dark", 1440, 900, ColorScheme.Dark)]
    [InlineData("phone-light", 390, 844, ColorScheme.Light)]
    [InlineData("phone-dark", 390, 844, ColorScheme.Dark)]
    public async Task Page_UnderLoad_ShowsWhoWaitsWhoIsServedAndWhatWasDecided(string name, int width, int height, ColorScheme theme)
    {
        var page = await OpenAsync(width, height, theme);
        var faults = new List<string>();
        page.PageError += (_, fault) => faults.Add(fault);

        await Assertions.Expect(page.Locator("#link-text")).ToHaveTextAsync("live", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#waiting")).ToContainTextAsync("background", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#waiting")).ToContainTextAsync(WantsTokens, new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("[data-tenant='acme']")).ToContainTextAsync("weight 3", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("[data-tenant='acme'] .ought")).ToContainTextAsync("fair", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("admitted", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#headroom")).ToContainTextAsync("claude-x", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("[data-budget='deployment:openai-east/gpt-x'] .spark .stroke")).ToHaveAttributeAsync("d", new Regex("^M"), new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#alerts")).ToContainTextAsync("Cause:", new() { Timeout = 60_000 });
        await page.WaitForFunctionAsync(CostsAreUpToDate, null, new() { Timeout = 60_000 });
        await page.ScreenshotAsync(new() { Path = Shots.Path($"{name}.png"), FullPage = true });

        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways");
        Assert.Empty(faults);
    }

    [AccessibilityTheory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task Page_BeforeTheFirstCall_SaysHowToSendOne_AndSendsIt(int width, int height, ColorScheme theme)
    {
        await using var site = await DashboardSite.StartAsync(Scene.Provider, Scene.Configuration);
        var page = await loaded.Browser.PageAsync(width, height, theme);
        await page.GotoAsync(new Uri(site.Address, "/dashboard").ToString());

        await Assertions.Expect(page.Locator("#first-how")).ToContainTextAsync($"OPENAI_BASE_URL={site.Address.GetLeftPart(UriPartial.Authority)}/v1", new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("#first-how")).ToContainTextAsync("\"model\":\"gpt-x\"");
        Assert.Empty(await Axe.ViolationsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        Assert.Empty(await Axe.ViolationsAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.Locator("#try-answer")).ToContainTextAsync("Refused with 401", new() { Timeout = 15_000 });
        await page.GetByLabel("A tenant's key").FillAsync("elm");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.Locator("#try-answer")).ToContainTextAsync("Answered by openai-east/gpt-x", new() { Timeout = 15_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Assertions.Expect(page.Locator("#first")).ToBeHiddenAsync(new() { Timeout = 15_000 });
    }

    [BrowserFact]
    public async Task Search_ShowsOnlyWhatMatches()
    {
        var page = await OpenAsync(1440, 900, ColorScheme.Light);
        await Assertions.Expect(page.Locator("#budgets tr")).Not.ToHaveCountAsync(0);

        await page.GetByLabel("Find").First.FillAsync("anthropic claude");

        await Assertions.Expect(page.Locator("#budgets tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("#budgets tr .name")).ToHaveTextAsync("anthropic-1/claude-x");
    }

    [BrowserFact]
    public async Task Theme_IsSwitchedByItsButton_AndKept()
    {
        var page = await OpenAsync(1440, 900, ColorScheme.Light);

        await page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
        await page.ReloadAsync();

        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
    }

    private async Task<IPage> OpenAsync(int width, int height, ColorScheme theme, bool hasKey = true)
    {
        var page = await loaded.Browser.PageAsync(width, height, theme, hasKey);
        await page.GotoAsync(new Uri(loaded.Site.Address, "/dashboard").ToString());
        return page;
    }

    private async Task TakeAsync(string model, int tokens)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/reservations")
        {
            Content = new StringContent($$"""{"model":"{{model}}","inputTokens":{{tokens}},"outputTokens":0}""", Encoding.UTF8, "application/json"),
            Headers = { { "x-api-key", "elm" }, { "X-Workflow", "nightly" } },
        };
        using var response = await loaded.Site.Client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
