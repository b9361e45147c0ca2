using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Webhooks;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Jobs;

namespace FuncLimiter.Server.Tests.Storage.Jobs;

public sealed class DeliveryStoreTests : JobStoreFixture
{
    [Fact]
    public async Task Delivery_ComesDueWhenTheLastCallEndsAndNotBefore()
    {
        await AddAsync(Job("j", calls: 2, webhook: "https://example.com/hook"));
        await TakeAsync();

        await Store.EndAsync(new JobItemKey("j", 0), Answer());
        Assert.Null(await Deliveries.NextDueAsync(CancellationToken.None));
        Assert.Empty(await DueAsync(Now.AddHours(1)));

        await Store.EndAsync(new JobItemKey("j", 1), Answer(at: Now.AddSeconds(5)));
        Assert.Equal(Now.AddSeconds(5), await Deliveries.NextDueAsync(CancellationToken.None));
        Assert.Equal(new Delivery("j", "acme", "https://example.com/hook", 1), Assert.Single(await DueAsync(Now.AddSeconds(5))));
    }

    [Fact]
    public async Task Delivery_WhenItsSenderDies_ComesDueAgainAfterAKill()
    {
        await EndedAsync("j");
        await DueAsync(Now);

        using var image = Image();
        using var after = Database.Open(image.Path);
        var deliveries = new DeliveryStore(after);

        Assert.Empty(await deliveries.TakeDueAsync(Now.AddMinutes(1), Now.AddMinutes(9), 10, CancellationToken.None));
        Assert.Equal(2, Assert.Single(await deliveries.TakeDueAsync(Now.AddMinutes(2), Now.AddMinutes(9), 10, CancellationToken.None)).Attempt);
    }

    [Theory]
    [InlineData(DeliveryState.Delivered)]
    [InlineData(DeliveryState.Failed)]
    public async Task Delivery_WhenItIsOver_IsNotTakenAgain(DeliveryState state)
    {
        await EndedAsync("j");
        await DueAsync(Now);

        await Deliveries.RecordAsync("j", state, Now, "why");

        Assert.Empty(await DueAsync(Now.AddDays(1)));
        Assert.Null(await Deliveries.NextDueAsync(CancellationToken.None));
        Assert.Equal(new DeliveryReport(state, 1, "why"), (await FindAsync("j"))!.Delivery);
    }

    [Fact]
    public async Task Delivery_WhenItIsToBeTriedAgain_ComesDueThen()
    {
        await EndedAsync("j");
        await DueAsync(Now);

        await Deliveries.RecordAsync("j", DeliveryState.Pending, Now.AddSeconds(30), "answered 500");

        Assert.Empty(await DueAsync(Now.AddSeconds(29)));
        Assert.Single(await DueAsync(Now.AddSeconds(30)));
    }

    private Task<IReadOnlyList<Delivery>> DueAsync(DateTimeOffset now) => Deliveries.TakeDueAsync(now, now.AddMinutes(2), 10, CancellationToken.None);

    private async Task EndedAsync(string id)
    {
        await AddAsync(Job(id, webhook: "https://example.com/hook"));
        await TakeAsync();
        await Store.EndAsync(new JobItemKey(id, 0), Answer());
    }
}
