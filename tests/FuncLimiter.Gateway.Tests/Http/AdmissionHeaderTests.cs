using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class AdmissionHeaderTests
{
    [Theory]
    [InlineData(0.5, "normal")]
    [InlineData(0.8, "warn")]
    [InlineData(0.93, "act")]
    public async Task Answer_TellsHowThingsStand(double utilization, string pressure)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Tightest = new("tenant:default", [new(Dimension.Requests, 60, 600, 600, 60, 20, 4)], Instant.Distant, utilization);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal("openai-1/gpt-x", Value(response, "X-FuncLimiter-Deployment"));
        Assert.Equal("0", Value(response, "X-FuncLimiter-Waited-Ms"));
        Assert.Equal(pressure, Value(response, "X-FuncLimiter-Pressure"));
        Assert.Equal("\"tenant:default\";r=40;t=4", Value(response, "RateLimit"));
        Assert.Equal("\"tenant:default\";q=600;w=60;qu=\"requests\"", Value(response, "RateLimit-Policy"));
    }

    [Theory]
    [InlineData("interactive", Priority.Interactive, 20)]
    [InlineData("Background", Priority.Background, 3600)]
    [InlineData(null, Priority.Standard, 120)]
    public async Task Priority_SetsHowLongACallMayWait(string? header, Priority priority, int seconds)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = header is null
            ? await gateway.PostAsync("/v1/chat/completions", Samples.Chat)
            : await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Priority", header));

        var request = gateway.Limiter.Requests.Single();
        Assert.Equal(priority, request.Priority);
        Assert.InRange(request.MaxWait!.Value.TotalSeconds, seconds - 1, seconds);
    }

    [Theory]
    [InlineData("wait=3", 3)]
    [InlineData("handling=lenient, wait=7", 7)]
    [InlineData("wait=900", 120)]
    [InlineData("wait=-1", 120)]
    public async Task Preference_BoundsTheWait(string prefer, int seconds)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Prefer", prefer));

        Assert.InRange(gateway.Limiter.Requests.Single().MaxWait!.Value.TotalSeconds, seconds - 1, seconds);
    }

    [Fact]
    public async Task Tenant_IsTheKeysOwner_WhateverItSays()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("api-key", Samples.AcmeKey), ("X-Tenant", "globex"));

        Assert.Equal("acme", gateway.Limiter.Requests.Single().Tenant);
    }

    [Fact]
    public async Task Tenant_MayBeNamedWhereNoneIsConfigured_UpToABound()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxNamedTenants = 2 });

        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Tenant", "t1"));
        using var second = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Tenant", "t2"));
        using var third = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Tenant", "t3"));
        using var usual = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(400, (int)third.StatusCode);
        Assert.Equal(["t1", "t2", "default"], gateway.Limiter.Requests.Select(request => request.Tenant));
    }

    private static string Value(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
