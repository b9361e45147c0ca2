using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>The design that leases replace: every call asks the entity, which has one bucket and answers one question at a time.</summary>
internal static class NaiveFleet
{
    private const double RequestsPerSecond = 1_000;

    /// <summary>What an operation costs where the state is loaded, changed and stored; far less than any backend takes.</summary>
    private static readonly TimeSpan OperationTime = TimeSpan.FromMilliseconds(5);

    public static FleetResult Run(FleetSetup setup)
    {
        FleetResult? result = null;
        AppWorld.Run(
            async world =>
            {
                var provider = new CountingProvider(world.Time, RequestsPerSecond, double.MaxValue / 4, 2);
                var end = world.Time.GetUtcNow() + setup.Duration;
                var free = world.Time.GetUtcNow();
                var callers = Enumerable.Range(0, setup.Instances * setup.Callers).Select(async _ =>
                {
                    while (world.Time.GetUtcNow() < end)
                    {
                        var turn = new TaskCompletionSource();
                        world.Hub.DeliverToEntity(() =>
                        {
                            world.Hub.CountEntityOperation();
                            free = (free > world.Time.GetUtcNow() ? free : world.Time.GetUtcNow()) + OperationTime;
                            world.Time.At(free, () => turn.TrySetResult());
                        });
                        await turn.Task;
                        provider.Take(1);
                        await Task.Delay(setup.CallTime, world.Time);
                    }
                });
                await Task.WhenAll(callers);
                result = new FleetResult(
                    provider.Calls,
                    provider.Overdrawn,
                    provider.Calls / (RequestsPerSecond * (setup.Duration.TotalSeconds + 2)),
                    1,
                    world.Hub.EntityOperations * 1000.0 / provider.Calls);
            },
            new HubOptions { EntityDelay = setup.EntityDelay, Seed = setup.Seed });
        return result!;
    }
}
