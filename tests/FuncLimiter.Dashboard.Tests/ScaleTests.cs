using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FuncLimiter.Dashboard.Tests.Hosting;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace FuncLimiter.Dashboard.Tests;

/// <summary>A thousand budgets and ten thousand tenants, all of them in use. The figures are told; what is held to is far from them, since machines are busy.</summary>
public class ScaleTests(ITestOutputHelper output)
{
    private const int Budgets = 1_000;
    private const int Tenants = 10_000;

    [BrowserFact]
    public async Task Page_WithAThousandBudgetsAndTenThousandTenants_StaysFluent_AndCostsTheServerLittle()
    {
        await using var site = await DashboardSite.StartAsync(new() { Deployments = [] }, Configuration);
        await using var browser = await Browser.StartAsync();
        using var over = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(part => UseAsync(site.Client, part, over.Token)));
        var page = await browser.PageAsync(1440, 900, ColorScheme.Light);
        await page.GotoAsync(new Uri(site.Address, "/dashboard").ToString());
        await Assertions.Expect(page.Locator("#budgets-count")).ToHaveTextAsync($"{Budgets}", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#tenants-count")).ToHaveTextAsync($"{Tenants}", new() { Timeout = 30_000 });
        var before = await WatchAsync(site.Client);

        var frames = await page.EvaluateAsync<double>(
            "() => new Promise(done => { let count = 0; const began = performance.now(); const next = () => { count++; const took = performance.now() - began; took < 8000 ? requestAnimationFrame(next) : done(count / took * 1000); }; requestAnimationFrame(next); })");

        var after = await WatchAsync(site.Client);
        var share = (after.Sum - before.Sum) / Math.Max(1, after.Count - before.Count);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frames:0} frames a second; the server spends {share:P2} of a core on watching and showing"));
        await page.GetByLabel("Find").Nth(1).FillAsync("tenant-9876");
        await Assertions.Expect(page.Locator("#tenants tr .name")).ToHaveTextAsync("tenant-9876");
        await page.ScreenshotAsync(new() { Path = Shots.Path("scale.png"), FullPage = true });
        await over.CancelAsync();
        await load;
        Assert.True(frames >= 10, $"{frames:0} frames a second");
        Assert.True(share < 0.2, $"{share:P1} of a core");
    }

    private static string Configuration(Uri provider)
    {
        var text = new StringBuilder("{\"accounts\":[");
        for (var account = 0; account < 100; account++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(account > 0 ? "," : "")}{{\"id\":\"account-{account}\",\"provider\":\"openai\",\"endpoint\":\"{provider}\",\"apiKey\":\"${{KEY}}\",\"models\":[");
            for (var model = 0; model < Budgets / 100; model++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{(model > 0 ? "," : "")}{{\"model\":\"model-{account}-{model}\",\"limits\":{{\"rpm\":600,\"tpm\":{10_000 + (account * 100)}}}}}");
            }

            text.Append("]}");
        }

        text.Append("],\"tenants\":[");
        for (var tenant = 0; tenant < Tenants; tenant++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(tenant > 0 ? "," : "")}{{\"id\":\"tenant-{tenant}\",\"keys\":[\"sha256:{Hash(tenant)}\"],\"weight\":{1 + (tenant % 3)}}}");
        }

        return text.Append("]}").ToString();
    }

    private static string Hash(int tenant) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"key-{tenant}")));

    // Each tenant and each budget in turn: what agents that call providers themselves ask for.
    private static async Task UseAsync(HttpClient client, int part, CancellationToken over)
    {
        for (var call = part; !over.IsCancellationRequested; call += 4)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/reservations")
            {
                Content = new StringContent(
                    $$"""{"model":"model-{{call % 100}}-{{call / 100 % 10}}","inputTokens":300,"outputTokens":20,"maxWaitSeconds":0}""", Encoding.UTF8, "application/json"),
                Headers = { { "x-api-key", $"key-{call * 7 % Tenants}" } },
            };
            using var response = await client.SendAsync(request, CancellationToken.None);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static async Task<(double Sum, double Count)> WatchAsync(HttpClient client)
    {
        var text = await client.GetStringAsync("/metrics");
        double Value(string name) => double.Parse(Regex.Match(text, $"^{name} (.+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
        return (Value("funclimiter_watch_duration_seconds_sum"), Value("funclimiter_watch_duration_seconds_count"));
    }
}
