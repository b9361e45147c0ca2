using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FuncLimiter.Dashboard.Tests.Hosting;
using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests;

/// <summary>Money as the page shows it: budgets in dollars, and what has no price as unknown, never as nothing.</summary>
public class MoneyTests
{
    private const string Price = """, "price": { "input": 2.5, "output": 10 }""";

    [BrowserFact]
    public async Task Budget_OfMoney_IsShownInDollarsADay()
    {
        await using var site = await StartAsync(Price, Tenant("""{ "usdPerDay": 50 }"""));
        await CallAsync(site);
        await using var browser = await Browser.StartAsync();
        var page = await OpenAsync(browser, site);

        var amount = page.Locator("[data-budget='tenant:acme'] .amount");
        await Assertions.Expect(amount).ToHaveTextAsync(new Regex(@"^\$0\.\d+ of \$50\.00 a day$"), new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("body")).Not.ToContainTextAsync("undefined");

        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for tenant acme" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("body")).Not.ToContainTextAsync("undefined");
    }

    [BrowserFact]
    public async Task Cost_WithoutAPrice_IsUnknown()
    {
        await using var site = await StartAsync("", Tenant("{}"));
        await CallAsync(site);
        await using var browser = await Browser.StartAsync();
        var page = await OpenAsync(browser, site);

        await Assertions.Expect(page.Locator("#figure-cost")).ToHaveTextAsync("unknown", new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("#figure-cost-note")).ToHaveTextAsync("1 call has no price");
        await Assertions.Expect(page.Locator("[data-tenant='acme'] [data-label='Cost']")).ToHaveTextAsync("unknown");
    }

    [AccessibilityTheory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task Costs_AreShownByWorkflow_AndOfOneByRun_TheDearestFirst(int width, int height, ColorScheme theme)
    {
        await using var site = await StartAsync(Price, Tenant("{}"));
        foreach (var (workflow, run) in new[] { ("small", "s1"), ("large", "l1"), ("large", "l2"), ("large", "l2") })
        {
            await CallAsync(site, ("X-Workflow", workflow), ("X-Run", run));
        }

        await using var browser = await Browser.StartAsync();
        var page = await OpenAsync(browser, site, width, height, theme);
        var rows = page.Locator("#costs tr");

        await Assertions.Expect(rows).ToHaveTextAsync([new Regex(@"^large3[\d,]+\$0\.\d+75 %$"), new Regex(@"^small1[\d,]+\$0\.\d+25 %$")], new() { Timeout = 15_000 });
        Assert.Empty(await Axe.ViolationsAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Runs of large" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveTextAsync([new Regex("^l2large2"), new Regex("^l1large1")], new() { Timeout = 15_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "All workflows" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveTextAsync([new Regex("^large3"), new Regex("^small1")], new() { Timeout = 15_000 });
        await page.GetByLabel("Costs by").SelectOptionAsync("model");
        await Assertions.Expect(rows).ToHaveTextAsync([new Regex("^gpt-x4")], new() { Timeout = 15_000 });
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways");
    }

    private static string Tenant(string limits) =>
        $$"""[{ "id": "acme", "keys": ["sha256:{{Convert.ToHexStringLower(SHA256.HashData("acme"u8))}}"], "limits": {{limits}} }]""";

    private static Task<DashboardSite> StartAsync(string price, string tenants) => DashboardSite.StartAsync(Scene.Provider, provider => $$"""
        {
          "accounts": [{ "id": "openai-east", "provider": "openai", "endpoint": "{{provider}}", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 600 }{{price}} }] }],
          "tenants": {{tenants}}
        }
        """);

    private static async Task CallAsync(DashboardSite site, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent("""{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":90}""", Encoding.UTF8, "application/json"),
            Headers = { { "x-api-key", "acme" } },
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await site.Client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<IPage> OpenAsync(
        Browser browser, DashboardSite site, int width = 1440, int height = 900, ColorScheme theme = ColorScheme.Light)
    {
        var page = await browser.PageAsync(width, height, theme);
        await page.GotoAsync(new Uri(site.Address, "/dashboard").ToString());
        return page;
    }
}
