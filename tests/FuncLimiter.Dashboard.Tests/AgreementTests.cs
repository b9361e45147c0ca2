using System.Globalization;
using System.Text.RegularExpressions;
using FuncLimiter.Dashboard.Tests.Hosting;
using FuncLimiter.Simulation.Fleets;
using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests;

public class AgreementTests
{
    [BrowserFact]
    public async Task Figures_AfterALoad_AreTheSameOnThePage_InStatus_InMetrics_AndAtTheProvider()
    {
        await using var site = await DashboardSite.StartAsync(Scene.Provider, Scene.Configuration);
        await using var browser = await Browser.StartAsync();
        var page = await browser.PageAsync(1440, 900, ColorScheme.Light);
        await page.GotoAsync(new Uri(site.Address, "/dashboard").ToString());

        await Fleet.RunAsync(Scene.Load(site.Address, TimeSpan.FromSeconds(12)) with { FinishesCalls = true });
        await Task.Delay(TimeSpan.FromSeconds(2));

        using var status = await site.StatusAsync();
        var metrics = await site.ReadAsync("/metrics");
        var provider = site.Provider.Report();
        var admitted = (double)provider.Accepted;
        Near(admitted, status.RootElement.GetProperty("admitted").GetDouble());
        Near(admitted, Metric(metrics, "funclimiter_calls_admitted_total"));
        Near(admitted, Number(await page.Locator("#figure-admitted").InnerTextAsync()));

        // The provider's own count of the tokens of the deployment that was asked the most.
        var tokens = provider["gpt-x"].Limits[1].Accepted;
        var meter = status.RootElement.GetProperty("budgets").EnumerateArray()
            .Single(budget => budget.GetProperty("name").GetString() == "deployment:openai-east/gpt-x")
            .GetProperty("meters").EnumerateArray().Single(limit => limit.GetProperty("dimension").GetString() == "tokens");
        Near(tokens, meter.GetProperty("consumed").GetDouble());
        Near(tokens, Metric(metrics, "funclimiter_consumed{budget=\"deployment:openai-east/gpt-x\",dimension=\"tokens\",window_seconds=\"60\"}"));
        var shown = page.Locator("[data-budget='deployment:openai-east/gpt-x'] .meter").Nth(1).Locator(".amount");
        var consumed = await shown.GetAttributeAsync("title");
        Near(tokens, Number(consumed![..consumed!.IndexOf(' ', StringComparison.Ordinal)]));

        // A bucket of six seconds' refill is whole again after as long.
        await Assertions.Expect(shown).ToHaveTextAsync("0 of 12k at once, 120k tokens a minute", new() { Timeout = 15_000 });
    }

    private static void Near(double expected, double actual) => Assert.InRange(actual, expected * 0.99, expected * 1.01);

    private static double Metric(string text, string series) =>
        double.Parse(Regex.Match(text, $"^{Regex.Escape(series)} (.+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);

    private static double Number(string shown)
    {
        var times = shown[^1] switch { 'k' => 1_000, 'M' => 1_000_000, _ => 1 };
        return times * double.Parse(shown.TrimEnd('k', 'M'), NumberStyles.Number, CultureInfo.InvariantCulture);
    }
}
