using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 3: tenants that wait are served by weight, however large their calls are.</summary>
public sealed class FairTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Tenants_ThatWait_GetWhatTheProviderCountsByTheirWeights()
    {
        (string Id, int Weight, int Words, int Max)[] tenants = [("small", 1, 10, 100), ("medium", 2, 150, 200), ("large", 5, 600, 300)];
        const int Tokens = 180_000;
        await using var stage = await Stage.StartAsync(
            new Settings
            {
                Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Charge = ChargeRule.LargerOfCharactersAndMax, Limits = [new Limit(Counts.Tokens, Tokens) { Capacity = Tokens / 60 }] }],
            },
            endpoint => new
            {
                accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", new { tpm = Tokens, burstSeconds = 1 }) },
                tenants = tenants.Select(tenant => Stage.Tenant(tenant.Id, tenant.Weight)),
            });

        await Task.WhenAll(tenants.Select(tenant => new Fleet(stage).RunAsync(
            12, TimeSpan.FromSeconds(25), (_, _) => Ask.Chat("gpt", tenant.Words, tenant.Max, tenant.Id, headers: ("Authorization", $"Bearer key-{tenant.Id}")))));

        var labels = stage.Provider.Tell().Deployments[0].Labels;
        var all = tenants.Sum(tenant => labels[tenant.Id].FirstLimit);
        foreach (var tenant in tenants)
        {
            var (got, due) = (labels[tenant.Id].FirstLimit / all, tenant.Weight / 8.0);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tenant.Id}: {got:0.000} of all, by weight {due:0.000}"));
            Assert.InRange(got / due, 0.93, 1.07);
        }
    }
}
