using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>An instance that the platform adds, before calls come to it.</summary>
public class WarmupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void FirstCall_OfAnInstanceThatWasWarmedUp_WaitsForNoOwner(int instances) => AppWorld.Run(
        async world =>
        {
            world.RenewLeases();
            await Task.WhenAll(Enumerable.Range(0, instances).Select(instance => WarmUpAsync(world, instance)));
            var asked = world.Hub.EntityOperations;
            Assert.InRange(world.Time.GetUtcNow() - SimulatedTime.Start, TimeSpan.Zero, TimeSpan.FromSeconds(5));

            for (var instance = 0; instance < instances; instance++)
            {
                Assert.Equal(TimeSpan.Zero, (await CallAsync(world, instance)).Waited);
            }

            Assert.Equal(asked, world.Hub.EntityOperations);
        },
        new HubOptions { Workers = instances });

    [Fact]
    public void Calls_ThatComeToAnInstanceAfterItsWarmUp_SoonHaveTheWholeLimit() => AppWorld.Run(
        async world =>
        {
            world.RenewLeases();
            await WarmUpAsync(world, 0);

            var begun = world.Time.GetUtcNow();
            await Task.WhenAll(Enumerable.Range(0, 110).Select(_ => CallAsync(world, 0)));

            // Ten a second, and the second's worth that was there.
            Assert.InRange((world.Time.GetUtcNow() - begun).TotalSeconds, 10, 13);
        },
        configuration: AppWorld.Configuration.Replace("\"rpm\": 60000", "\"rpm\": 600, \"burstSeconds\": 1", StringComparison.Ordinal));

    [Fact]
    public void Instance_ThatNoCallComesTo_GivesBackWhatItAskedFor_AndAsksNoMore() => AppWorld.Run(async world =>
    {
        world.RenewLeases();
        await WarmUpAsync(world, 0);

        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
        var asked = world.Hub.EntityOperations;
        await Task.Delay(TimeSpan.FromMinutes(10), world.Time);

        Assert.Equal(asked, world.Hub.EntityOperations);
        Assert.InRange(asked, 2, 16);
    });

    [Fact]
    public void WarmUp_WhileOwnersDoNotAnswer_EndsAllTheSame() => AppWorld.Run(async world =>
    {
        await WarmUpAsync(world, 0);

        Assert.InRange(world.Time.GetUtcNow() - SimulatedTime.Start, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15));
    });

    private static Task WarmUpAsync(AppWorld world, int instance) =>
        new Warmup(world.Get<EmbeddedLimiter>(instance), world.Get<DurableClientSource>(instance))
            .RunAsync(null, world.Hub.Client(world.Hub.Workers[instance]), CancellationToken.None);

    private static async Task<AdmissionResult> CallAsync(AppWorld world, int instance)
    {
        var charge = new Charge(1, 500, 0, 0, 0);
        var result = await world.Get<EmbeddedLimiter>(instance).AdmitAsync(
            new AdmissionRequest("gpt-x", "acme", null, Priority.Standard, charge, [charge]), CancellationToken.None);
        Assert.NotNull(result.Reservation);
        return result;
    }
}
