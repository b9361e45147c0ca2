using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Tests.Leasing;

public class BudgetEntityTests
{
    private const string Scope = "account:one";
    private const string Deployment = "deployment:one/gpt-x";
    private static readonly LeasePolicy Policy = new();

    [Fact]
    public void FirstAsk_IsLentFromAtOnce() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);

        var lease = await instance.AskAsync();

        Assert.True(lease.Lines[0].Grant > 0);
        Assert.True(lease.NotBefore <= instance.Now);
    });

    [Fact]
    public void AskThatComesTwice_IsAnsweredTheSame() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        var first = await instance.AskAsync();
        await instance.SendAgainAsync();

        Assert.Equal(Wire.Write(first), Wire.Write(await instance.ReadAsync()));
    });

    [Fact]
    public void AskThatComesLate_ChangesNothing() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        await instance.AskAsync();
        var late = instance.Last!;
        var newest = await instance.AskAsync();
        await instance.SendAsync(late);

        Assert.Equal(Wire.Write(newest), Wire.Write(await instance.ReadAsync()));
    });

    [Fact]
    public void WhatIsLent_IsNeverMoreThanTheLimit_InWhateverOrderAsksCome() => AppWorld.Run(
        async world =>
        {
            var instances = Enumerable.Range(0, 6).Select(number => new Instance($"i{number}", world)).ToArray();
            var chance = new Random(5);
            for (var round = 0; round < 60; round++)
            {
                var instance = instances[chance.Next(instances.Length)];
                await (chance.Next(4) == 0 ? instance.SendAgainAsync() : instance.SendNewAsync());
                await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(1500)), world.Time);
                var record = await RecordAsync(world);
                var book = record.Owner.Books[Deployment];
                var lent = book.Tenures.Sum(tenure => Math.Max(tenure.Lines[0].Rate, tenure.Answer?.Lines[0].Rate ?? 0));
                Assert.InRange(lent, 0, 1000.0 + 1e-6);
            }
        },
        new HubOptions { Redelivery = 0.3, EntityDelay = TimeSpan.FromSeconds(2), Seed = 4 });

    [Fact]
    public void UnknownOperation_FailsAndChangesNothing() => AppWorld.Run(async world =>
    {
        await new Instance("a", world).AskAsync();
        var before = world.Hub.Entity(BudgetOperations.Owner(Scope)).State;

        await new Instance("b", world).SignalAsync("Explode", "");

        Assert.Single(world.Hub.Entity(BudgetOperations.Owner(Scope)).Failures);
        Assert.Equal(before, world.Hub.Entity(BudgetOperations.Owner(Scope)).State);
    });

    [Fact]
    public void CoolDown_HoldsForEveryLeaseUntilItIsOver() => AppWorld.Run(async world =>
    {
        var until = Instant.From(world.Time.GetUtcNow()) + TimeSpan.FromMinutes(5);
        var instance = new Instance("a", world);
        await instance.SignalAsync(BudgetOperations.CoolDown, new ScopeCooldown(Deployment, until));

        Assert.Equal(until, (await instance.AskAsync()).NotBefore);

        await instance.SignalAsync(BudgetOperations.CoolDown, new ScopeCooldown(Deployment, Instant.Distant));
        Assert.True((await instance.AskAsync()).NotBefore <= instance.Now);
    });

    [Fact]
    public void Configure_ChangesWhatIsLent_AndAnOlderOneThatComesLateDoesNot() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        await instance.SignalAsync(BudgetOperations.Configure, Limits(2, 600, 6_000_000));
        await instance.SignalAsync(BudgetOperations.Configure, Limits(1, 6_000_000, 6_000_000));

        var lease = await instance.AskAsync();

        Assert.InRange(lease.Lines[0].Rate, 1, 10);
    });

    [Fact]
    public void Configure_RaisesALimitThatWasLowered() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        await instance.SignalAsync(BudgetOperations.Configure, Limits(1, 600, 6_000_000));
        await instance.AskAsync();
        await instance.SignalAsync(BudgetOperations.Configure, Limits(2, 60_000, 60_000_000));

        Assert.InRange((await instance.AskAsync()).Lines[0].Rate, 400, 1000);
    });

    [Theory]
    [InlineData(99, "")]
    [InlineData(1, "no record")]
    public void StateThatCanNotBeRead_IsWaitedOut(int version, string packed)
    {
        var time = new SimulatedTime();
        var now = Instant.From(time.GetUtcNow());
        var state = new OwnerState { Version = version, Packed = System.Text.Encoding.UTF8.GetBytes(packed) };
        LeaseSource? source = null;
        AppWorld.Run(world =>
        {
            source = world.Get<LeaseSource>();
            return Task.CompletedTask;
        });

        var owner = BudgetOwner.Open(Scope, state, source!, now);
        owner.Answer(Ask("a", 1), now);
        var early = ScopeRecord.Unpack(owner.Save(now).Packed)!.Answers.Single().Answer.Budgets.Single().Lease;
        var later = now + Policy.Duration + TimeSpan.FromSeconds(5);
        owner = BudgetOwner.Open(Scope, owner.Save(now), source!, later);
        owner.Answer(Ask("a", 2), later);
        var late = ScopeRecord.Unpack(owner.Save(later).Packed)!.Answers.Single().Answer.Budgets.Single().Lease;

        Assert.Equal(0, early.Lines[0].Grant + early.Lines[0].Rate);
        Assert.True(late.Lines[0].Rate > 0);
    }

    [Fact]
    public void State_OfFiftyInstancesWithManyTenants_StaysSmall()
    {
        var time = new SimulatedTime();
        var now = Instant.From(time.GetUtcNow());
        LeaseSource? source = null;
        AppWorld.Run(world =>
        {
            source = world.Get<LeaseSource>();
            return Task.CompletedTask;
        });
        OwnerState? state = null;
        for (var instance = 0; instance < 50; instance++)
        {
            var owner = BudgetOwner.Open(Scope, state, source!, now);
            owner.Answer(Ask($"instance-{instance:D32}", 1, tenants: 20), now);
            state = owner.Save(now);
        }

        Assert.InRange(Wire.Write(state)!.Length, 1, 60_000);
    }

    private static ScopeLimits Limits(long sequence, long requests, long tokens) =>
        new(sequence, new Dictionary<string, long[]> { [Deployment] = [requests, tokens] });

    private static ScopeAsk Ask(string instance, long sequence, int tenants = 1) => new(Scope,
    [
        new BudgetAsk(Deployment, new LeaseAsk(
            instance,
            sequence,
            0,
            [.. Enumerable.Range(0, tenants).Select(tenant => new LeaseDemand($"tenant-{tenant}", 1, Core.Scheduling.Priority.Standard, new LeaseRates(500, 1000)))],
            [new LeaseReport(0, 0, 0, 1, []), new LeaseReport(0, 0, 0, 100, [])])),
    ]);

    private static async Task<ScopeRecord> RecordAsync(AppWorld world)
    {
        while (world.Hub.Entity(BudgetOperations.Owner(Scope)).State is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), world.Time);
        }

        return ScopeRecord.Unpack(Wire.Read<OwnerState>(world.Hub.Entity(BudgetOperations.Owner(Scope)).State)!.Packed)!;
    }

    /// <summary>One that asks by itself.</summary>
    private sealed class Instance(string name, AppWorld world)
    {
        private long _sequence;
        private long _holds;
        private double[] _levels = [0, 0];

        public ScopeAsk? Last { get; private set; }

        public Instant Now => Instant.From(world.Time.GetUtcNow());

        private DurableTaskClient Client => world.Hub.Client(world.Hub.Workers[0]);

        public async Task<Lease> AskAsync()
        {
            await SendNewAsync();
            await Task.Delay(TimeSpan.FromSeconds(5), world.Time);
            var lease = await ReadAsync();
            _holds = lease.Number;
            _levels = [.. lease.Lines.Zip(_levels, (line, level) => Math.Min(line.Capacity, level + line.Grant))];
            return lease;
        }

        public Task SendNewAsync()
        {
            LeaseDemand[] demand = [new("t", 1, Core.Scheduling.Priority.Standard, new LeaseRates(500, 50_000))];
            LeaseReport[] lines = [new(0, 0, _levels[0], 1, []), new(0, 0, _levels[1], 100, [])];
            return SendAsync(Last = new ScopeAsk(Scope, [new BudgetAsk(Deployment, new LeaseAsk(name, ++_sequence, _holds, demand, lines))]));
        }

        public Task SendAgainAsync() => Last is null ? Task.CompletedTask : SendAsync(Last);

        public Task SendAsync(ScopeAsk ask) => SignalAsync(BudgetOperations.Lease, ask);

        public async Task SignalAsync(string operation, object input)
        {
            await Client.Entities.SignalEntityAsync(BudgetOperations.Owner(Scope), operation, input);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
        }

        public async Task<Lease> ReadAsync()
        {
            var record = await RecordAsync(world);
            return record.Answers.Single(kept => kept.Instance == name).Answer.Budgets.Single().Lease;
        }
    }
}
