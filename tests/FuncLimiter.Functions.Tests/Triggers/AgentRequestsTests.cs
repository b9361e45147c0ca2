using Azure.Messaging.ServiceBus;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Functions.Triggers;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Functions.Tests.Triggers;

/// <summary>The function itself: what is delivered to it is settled once, by what became of it.</summary>
public class AgentRequestsTests
{
    private const string Good = """{"path":"/v1/chat/completions","body":{"model":"gpt-x","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}}""";

    [Fact]
    public void GoodMessage_IsCompletedAtOnce_AndItsJobRuns() => AppWorld.Run(async world =>
    {
        var settled = await DeliverAsync(world, Deliveries.Message("m-1", Good, AppWorld.Key, "agent-results", "c-1"));
        while (world.Replies.Count == 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
        }

        Assert.Equal(("m-1", "complete", null, null), Assert.Single(settled));
        Assert.Equal(("agent-results", "c-1"), (world.Replies[0].Queue, world.Replies[0].Reply.CorrelationId));
    });

    [Fact]
    public void MessageDeliveredTwice_IsCompletedTwice_AndCalledOnce() => AppWorld.Run(async world =>
    {
        var first = await DeliverAsync(world, Deliveries.Message("m-1", Good, AppWorld.Key));
        var second = await DeliverAsync(world, Deliveries.Message("m-1", Good, AppWorld.Key, deliveries: 2));
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        Assert.All([.. first, .. second], settlement => Assert.Equal("complete", settlement.Settlement));
        Assert.Single(world.Provider.Calls);
    });

    [Theory]
    [InlineData("{", AppWorld.Key, "invalid_json")]
    [InlineData(Good, "wrong", "invalid_api_key")]
    [InlineData(Good, null, "invalid_api_key")]
    public void BadMessage_IsDeadLetteredWithItsReason(string body, string? key, string reason) => AppWorld.Run(async world =>
    {
        var (_, settlement, why, description) = Assert.Single(await DeliverAsync(world, Deliveries.Message("m-1", body, key)));

        Assert.Equal(("dead-letter", reason), (settlement, why));
        Assert.NotEmpty(description!);
    });

    [Fact]
    public void MessageThatFindsTheStoreFull_IsHeldBack_AndThenAbandoned() => AppWorld.Run(
        async world =>
        {
            world.Provider.Waits = _ => [TimeSpan.FromHours(1)];
            await DeliverAsync(world, Deliveries.Message("m-1", Good, AppWorld.Key));
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

            var delivered = world.Time.GetUtcNow();
            var settled = await DeliverAsync(world, Deliveries.Message("m-2", Good, AppWorld.Key, deliveries: 3));

            Assert.Equal(("m-2", "abandon", null, null), Assert.Single(settled));
            Assert.InRange(world.Time.GetUtcNow() - delivered, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(9));
        },
        configuration: AppWorld.Configuration.Replace("\"tenants\"", "\"jobs\": { \"maxWaiting\": 1, \"maxCalls\": 1 }, \"tenants\"", StringComparison.Ordinal));

    [Fact]
    public void MessageThatFindsStorageBroken_IsHeldBack_AndLeftToTheHost() => AppWorld.Run(async world =>
    {
        world.Storage = new IOException("away");
        var delivered = world.Time.GetUtcNow();
        var settled = new SettlementRecords();

        await Assert.ThrowsAsync<IOException>(() => DeliverAsync(world, Deliveries.Message("m-1", Good, AppWorld.Key, deliveries: 2), settled));

        Assert.Empty(settled.All);
        Assert.InRange(world.Time.GetUtcNow() - delivered, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5));
    });

    private static async Task<IReadOnlyList<(string Message, string Settlement, string? Reason, string? Description)>> DeliverAsync(
        AppWorld world, ServiceBusReceivedMessage message, SettlementRecords? settled = null)
    {
        settled ??= new SettlementRecords();
        world.Get<RequestIntake>();
        var process = world.Hub.Workers[0];
        var function = ActivatorUtilities.CreateInstance<AgentRequests>(process.Services);
        await function.RunAsync(message, settled, world.Hub.Client(process), CancellationToken.None);
        return settled.All;
    }
}
