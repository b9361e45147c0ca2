using System.Text.Json;
using FuncLimiter.Server.Top;
using Spectre.Console;

namespace FuncLimiter.Server.Tests.Top;

public class TopViewTests
{
    private const string Status = """
        {"at":"2026-01-01T00:00:00Z","pressure":"warn","waiting":7,"admitted":1234,"refused":3,"providerRateLimited":1,
         "budgets":[
           {"name":"deployment:calm/gpt-y","utilization":0.1,"pressure":"normal","cooldownUntil":null,"meters":[{"dimension":"requests","windowSeconds":60,"configured":600,"effective":600,"use":0.1}]},
           {"name":"deployment:east/gpt-x[beta]","utilization":0.8,"pressure":"warn","cooldownUntil":"2026-01-01T00:00:30Z","meters":[{"dimension":"tokens","windowSeconds":60,"configured":120000,"effective":90000,"use":0.83}]}],
         "alerts":[{"budget":"deployment:east/gpt-x[beta]","level":"warn","use":0.83,"cause":"workflow nightly of acme takes 78 % of it","steps":["bob of acme is capped at 1,200 tokens a minute"]}],
         "queues":[{"route":"gpt-x","tenant":"acme","priority":"background","waiting":7,"oldestSeconds":12.4}]}
        """;

    [Fact]
    public void Picture_HasTheTightestLimitFirst_TheQueue_AndAlertsWithTheirCause()
    {
        var text = Draw(int.MaxValue);

        Assert.Contains("waiting 7", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("gpt-x[beta]", StringComparison.Ordinal) < text.IndexOf("calm/gpt-y", StringComparison.Ordinal));
        Assert.Contains("83 %", text, StringComparison.Ordinal);
        Assert.Contains("90,000 (of 120,000) tokens / 60 s", text, StringComparison.Ordinal);
        Assert.Contains("12.4 s", text, StringComparison.Ordinal);
        Assert.Contains("workflow nightly of acme takes 78 % of it; bob of acme is capped", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Picture_ShowsNoMoreBudgetsThanFit()
    {
        Assert.DoesNotContain("calm/gpt-y", Draw(1), StringComparison.Ordinal);
    }

    private static string Draw(int mostBudgets)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 240;
        using var status = JsonDocument.Parse(Status);
        console.Write(TopView.Draw(new Uri("http://localhost:8080"), status.RootElement, mostBudgets));
        return output.ToString();
    }
}
