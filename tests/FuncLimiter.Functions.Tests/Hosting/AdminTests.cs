using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What operators may change while the app runs.</summary>
public class AdminTests
{
    [Theory]
    [InlineData("/admin/limits", """{"scope":"deployment:one/gpt-x","dimension":"requests","windowSeconds":60,"amount":5}""", "account|model")]
    [InlineData("/admin/weights", """{"tenant":"acme","weight":2}""", "whole tenant")]
    [InlineData("/admin/revocations", """{"tenant":"acme","hash":"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}""", "whole tenant")]
    public void ChangeOfWhatInstancesShare_IsRefusedWithWhereToMakeIt(string path, string body, string where) => AppWorld.Run(async world =>
    {
        var (status, text) = await AskAsync(world, path, body);

        var error = JsonNode.Parse(text)!["error"]!;
        var message = error["message"]!.GetValue<string>();
        Assert.Equal((409, "not_changed_here"), (status, error["code"]!.GetValue<string>()));
        Assert.All((string[])["funclimiter.json", "FuncLimiterSettings", "within a minute", where], word => Assert.Contains(word, message, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData("deployment:one/gpt-x", 200)]
    [InlineData("deployment:nowhere/gpt-x", 404)]
    public void Pause_ReachesAllInstances_SoItIsTaken(string scope, int expected) => AppWorld.Run(async world =>
    {
        var (status, text) = await AskAsync(world, "/admin/pauses", $$"""{"scope":"{{scope}}","seconds":5}""");

        Assert.True(status == expected, text);
    });

    [Fact]
    public void RuleOfCharging_PinnedAtOneInstance_HoldsOnAll_UntilItIsForgotten() => AppWorld.Run(
        async world =>
        {
            world.RenewLeases();
            var (status, text) = await AskAsync(world, "/admin/learned", """{"scope":"deployment:one/gpt-x","rule":"promptAndMaxOutput","reason":"their support says so"}""");
            Assert.True(status == 200, text);
            Assert.Equal((ChargeRule.PromptAndMaxOutput, true), Charging(world, worker: 0));
            await SeenAsync(world, (ChargeRule.PromptAndMaxOutput, true));

            (status, text) = await AskAsync(world, "/admin/learned", """{"scope":"deployment:one/gpt-x"}""");

            Assert.True(status == 200, text);
            Assert.Null(Charging(world, worker: 0));
            await SeenAsync(world, null);
        },
        new HubOptions { Workers = 3, Redelivery = 0.3 });

    [Theory]
    [InlineData("""{"scope":"deployment:nowhere/gpt-x","rule":"prompt"}""")]
    [InlineData("""{"scope":"tenant:acme","rule":"prompt"}""")]
    [InlineData("""{"scope":"tenant:acme"}""")]
    [InlineData("""{"scope":"deployment:one/gpt-x","dimension":"inputTokens","rule":"prompt"}""")]
    public void WhatIsNotLearned_IsNotPinnedAndNotForgotten(string body) => AppWorld.Run(async world =>
    {
        var (status, text) = await AskAsync(world, "/admin/learned", body);

        Assert.True(status == 404, text);
        Assert.Contains("nothing_to_change", text, StringComparison.Ordinal);
    });

    [Fact]
    public void OwnerThatDoesNotAnswer_IsSaidNotToHave() => AppWorld.Run(
        async world =>
        {
            var (status, text) = await AskAsync(world, "/admin/learned", """{"scope":"deployment:one/gpt-x"}""");

            Assert.True(status == 503, text);
            Assert.Contains("owner_not_heard", text, StringComparison.Ordinal);
        },
        new HubOptions { EntityDelay = TimeSpan.FromHours(1) });

    // Other instances learn with their next lease, for which calls must come.
    private static async Task SeenAsync(AppWorld world, (ChargeRule, bool)? expected)
    {
        for (var worker = 0; worker < world.Hub.Workers.Count; worker++)
        {
            var (limiter, end) = (world.Get<EmbeddedLimiter>(worker), world.Time.GetUtcNow() + TimeSpan.FromMinutes(5));
            while (Charging(world, worker) != expected)
            {
                Assert.True(world.Time.GetUtcNow() < end, $"Instance {worker} charges by {Charging(world, worker)}.");
                _ = limiter.AdmitAsync(new AdmissionRequest("gpt-x", "acme", null, Priority.Standard, new Charge(1, 10, 5, 5, 0), [new Charge(1, 10, 5, 5, 0)]), CancellationToken.None).AsTask();
                await Task.Delay(TimeSpan.FromSeconds(2), world.Time);
            }
        }
    }

    private static (ChargeRule, bool)? Charging(AppWorld world, int worker) =>
        world.Get<EmbeddedLimiter>(worker).Report().Budgets.SingleOrDefault(budget => budget.Name == "deployment:one/gpt-x")?.Meters
            .Single(meter => meter.Dimension == Dimension.Tokens).Charging is { } charging ? (charging.Rule, charging.IsPinned) : null;

    private static async Task<(int Status, string Body)> AskAsync(AppWorld world, string path, string body)
    {
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = world.Hub.Workers[0].Services };
        context.Features.Set(new OperatorAccess());
        (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", path, "application/json");
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = answer;
        await world.Get<AdminEndpoint>().ChangeAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()));
    }
}
