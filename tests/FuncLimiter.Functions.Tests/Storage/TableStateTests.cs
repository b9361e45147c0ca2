using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.State;

namespace FuncLimiter.Functions.Tests.Storage;

public class TableStateTests
{
    [Fact]
    public void Owner_IsKnownToEveryInstanceUntilItsTimeIsOver() => AppWorld.Run(
        async world =>
        {
            var (here, there) = (world.Get<TableState>(0), world.Get<TableState>(1));
            var now = world.Time.GetUtcNow();
            Task[] kept =
            [
                here.KeepAsync("resp_1", new StateOwner("east", "acme"), now),
                here.KeepAsync("resp_1", new StateOwner("west", "globex"), now + TimeSpan.FromSeconds(1)),
                here.KeepAsync("files/a?#", new StateOwner("east", "acme"), now),
                here.KeepAsync("files/a?#", new StateOwner("east", "globex"), now + TimeSpan.FromSeconds(1)),
            ];
            await here.FlushAsync();
            await Task.WhenAll(kept);

            Assert.Equal([new("east", "acme"), new("west", "globex")], await there.FindAsync("resp_1", CancellationToken.None));
            Assert.Equal([new("east", "globex")], await there.FindAsync("files/a?#", CancellationToken.None));
            Assert.Empty(await there.FindAsync("resp_2", CancellationToken.None));

            Assert.Equal(0, await there.SweepAsync(now + TimeSpan.FromDays(399), 10, CancellationToken.None));
            while (await there.SweepAsync(now + TimeSpan.FromDays(401), 10, CancellationToken.None) > 0)
            {
            }

            Assert.Empty(world.Answers.All);
        },
        new HubOptions { Workers = 2 });
}
