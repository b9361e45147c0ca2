using System.Text.RegularExpressions;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>A refusal tells which budget is full of what, in the words and headers that callers know.</summary>
[Collection(TimesCases.Name)]
public sealed partial class RefusalTests(TimesSetup setup)
{
    internal static FieldCase[] Cases =>
    [
        new("refusal-deployment", "openai") { Limits = new { rpm = 2, tpm = 5_000_000 } },
        new("refusal-tenant", "openai") { TenantLimits = new { rpm = 2 } },
        new("refusal-headers", "openai") { Limits = new { rpm = 2, tpm = 5_000_000 } },
        new("refusal-pressure", "openai") { Limits = new { rpm = 2, tpm = 5_000_000 } },
    ];

    [Fact]
    public async Task Refusal_NamesTheDeploymentsBudgetAndItsDimension()
    {
        var one = setup.Server["refusal-deployment"];

        AssertNames(await RefusedAsync(one), $"deployment:{one.Deployment}");
    }

    [Fact]
    public async Task Refusal_NamesTheTenantsBudgetAndItsDimension()
    {
        var one = setup.Server["refusal-tenant"];

        AssertNames(await RefusedAsync(one), $"tenant:{one.Tenant}");
    }

    [Fact]
    public async Task Refusal_HasTheHeadersOfTheCallersApi()
    {
        var reply = await RefusedAsync(setup.Server["refusal-headers"]);

        Assert.Equal("2", reply.Header("x-ratelimit-limit-requests"));
        Assert.Equal("0", reply.Header("x-ratelimit-remaining-requests"));
        Assert.Matches(Duration(), reply.Header("x-ratelimit-reset-requests"));
    }

    [Fact]
    public async Task Refusal_TellsThatThePressureIsHigh()
    {
        var reply = await RefusedAsync(setup.Server["refusal-pressure"]);

        Assert.Contains(reply.Header("X-FuncLimiter-Pressure"), (string[])["warn", "act"]);
    }

    private static void AssertNames(FieldReply reply, string budget)
    {
        var text = reply.Text.Replace("max_tokens", "", StringComparison.Ordinal);
        Assert.Contains(budget, text, StringComparison.Ordinal);
        Assert.Matches(Requests(), text.Replace(budget, "", StringComparison.Ordinal));
        Assert.DoesNotContain("token", text, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<FieldReply> RefusedAsync(FieldCase one)
    {
        for (var call = 0; call < 2; call++)
        {
            var served = await setup.Server.ChatAsync(one);
            Assert.True(served.Status == 200, served.ToString());
        }

        var reply = await setup.Server.ChatAsync(one, ("Prefer", "wait=1"));
        Assert.True(reply.Status == 429, reply.ToString());
        return reply;
    }

    [GeneratedRegex(@"^(\d+h)?(\d+m)?(\d+(\.\d+)?(ms|s))?$(?<!^)")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\brequests?\b|\brpm\b", RegexOptions.IgnoreCase)]
    private static partial Regex Requests();
}
