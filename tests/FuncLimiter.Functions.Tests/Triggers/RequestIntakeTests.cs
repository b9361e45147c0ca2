using System.Text;
using System.Text.Json;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Functions.Triggers;

namespace FuncLimiter.Functions.Tests.Triggers;

public class RequestIntakeTests
{
    private const string Good = """{"path":"/v1/chat/completions","body":{"model":"gpt-x","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}}""";

    [Fact]
    public void GoodMessage_IsCompleted_AndItsOutcomeSentToReplyToWithTheCorrelationId() => AppWorld.Run(async world =>
    {
        Assert.IsType<Disposal.Complete>(await TakeAsync(world, Message(Good)));
        while (world.Replies.Count == 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
        }

        var (queue, reply) = Assert.Single(world.Replies);
        Assert.Equal(("agent-results", "c-7"), (queue, reply.CorrelationId));
        using var body = JsonDocument.Parse(reply.Body);
        Assert.Equal("done", body.RootElement.GetProperty("state").GetString());
        Assert.Equal(reply.Id, body.RootElement.GetProperty("id").GetString());
    });

    [Fact]
    public void MessageWithoutCorrelationId_IsAnsweredUnderItsOwnId() => AppWorld.Run(async world =>
    {
        await TakeAsync(world, Message(Good) with { CorrelationId = null });
        while (world.Replies.Count == 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
        }

        Assert.Equal("m-1", world.Replies[0].Reply.CorrelationId);
    });

    [Fact]
    public void MessageThatComesTwice_DoesNothingTwice() => AppWorld.Run(async world =>
    {
        Assert.IsType<Disposal.Complete>(await TakeAsync(world, Message(Good)));
        Assert.IsType<Disposal.Complete>(await TakeAsync(world, Message(Good) with { DeliveryCount = 2 }));
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        Assert.Single(world.Provider.Calls);
        Assert.Single(world.Replies);
    });

    [Fact]
    public void SomethingElseUnderTheSameId_IsDeadLettered() => AppWorld.Run(async world =>
    {
        await TakeAsync(world, Message(Good));

        var disposal = await TakeAsync(world, Message(Good.Replace("hi", "ho", StringComparison.Ordinal)));

        Assert.Equal("idempotency_key_reused", Assert.IsType<Disposal.DeadLetter>(disposal).Reason);
    });

    [Theory]
    [InlineData("", "invalid_json")]
    [InlineData("{", "invalid_json")]
    [InlineData("[]", "empty_job")]
    [InlineData("{}", "missing_required_parameter")]
    [InlineData("""{"path":"/v1/nothing","body":{}}""", "invalid_path")]
    [InlineData("""{"path":"/v1/chat/completions","body":{"model":"other","messages":[{"role":"user","content":"hi"}]}}""", "model_not_found")]
    [InlineData("""{"path":"/v1/chat/completions","body":{"model":"gpt-x","stream":true,"messages":[{"role":"user","content":"hi"}]}}""", "stream_not_supported")]
    public void BadMessage_IsDeadLetteredWithAReason(string body, string reason) => AppWorld.Run(async world =>
    {
        var disposal = Assert.IsType<Disposal.DeadLetter>(await TakeAsync(world, Message(body)));

        Assert.Equal(reason, disposal.Reason);
        Assert.NotEmpty(disposal.Description);
        Assert.Empty(world.Jobs.All);
    });

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    public void MessageWithoutATenantsKey_IsDeadLettered(string? key) => AppWorld.Run(async world =>
    {
        var properties = key is null ? new Dictionary<string, object>() : new Dictionary<string, object> { ["authorization"] = key };

        var disposal = await TakeAsync(world, Message(Good) with { Properties = properties });

        Assert.Equal("invalid_api_key", Assert.IsType<Disposal.DeadLetter>(disposal).Reason);
    });

    [Fact]
    public void MessageWithoutAnId_IsDeadLettered() => AppWorld.Run(async world =>
        Assert.IsType<Disposal.DeadLetter>(await TakeAsync(world, Message(Good) with { Id = "" })));

    [Fact]
    public void MessageThatFindsTheStoreFull_IsHeldBackAndDeliveredAgain() => AppWorld.Run(
        async world =>
        {
            world.Provider.Waits = _ => [TimeSpan.FromHours(1)];
            await TakeAsync(world, Message(Good));
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

            var first = Assert.IsType<Disposal.Abandon>(await TakeAsync(world, Message(Good) with { Id = "m-2" }));
            var later = Assert.IsType<Disposal.Abandon>(await TakeAsync(world, Message(Good) with { Id = "m-2", DeliveryCount = 9 }));

            Assert.Equal(TimeSpan.FromSeconds(2), first.Delay);
            Assert.Equal(TimeSpan.FromSeconds(20), later.Delay);
        },
        configuration: AppWorld.Configuration.Replace("\"tenants\"", "\"jobs\": { \"maxWaiting\": 1, \"maxCalls\": 1 }, \"tenants\"", StringComparison.Ordinal));

    private static RequestMessage Message(string body) => new(
        "m-1", Encoding.UTF8.GetBytes(body), new Dictionary<string, object> { ["Authorization"] = $"Bearer {AppWorld.Key}" }, "agent-results", "c-7", 1);

    private static Task<Disposal> TakeAsync(AppWorld world, RequestMessage message) => world.Get<RequestIntake>().TakeAsync(message, CancellationToken.None);
}
