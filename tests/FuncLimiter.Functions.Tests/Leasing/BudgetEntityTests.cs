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
    private const string LimitedTenant = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "gpt-x", "limits": { "rpm": 60000 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"], "limits": { "rpm": 6000 } }]
        }
        """;

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

        await instance.AskAsync();
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

    /// <summary>Of 60,000 calls a minute the provider said to allow 600. It may allow more once an operator says that the limit is another.</summary>
    [Fact]
    public void Configure_OfAnotherLimit_ForgetsWhatAProviderSaidOfTheOldOne() => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        await instance.AskAsync(new Observation(OutcomeKind.Success) { Readings = [new(Dimension.Requests, TimeSpan.FromMinutes(1), 600, null, null)] });
        Assert.InRange((await instance.AskAsync()).Lines[0].Rate, 1, 10);

        await instance.SignalAsync(BudgetOperations.Configure, Limits(1, 30_000, 60_000_000));

        Assert.InRange((await instance.AskAsync()).Lines[0].Rate, 250, 500);
    });

    [Fact]
    public void Configure_OfATenant_ChangesWhatItsOwnerLends() => AppWorld.Run(
        async world =>
        {
            var scope = LeaseScope.OfTenant("acme", Policy);
            var instance = new Instance("a", world, scope, "tenant:acme", lines: 1);
            await instance.AskAsync();
            Assert.InRange((await instance.AskAsync()).Lines[0].Rate, 50, 100);

            await instance.SignalAsync(BudgetOperations.Configure, new ScopeLimits(1, new Dictionary<string, long[]> { ["tenant:acme"] = [600] }));

            Assert.InRange((await instance.AskAsync()).Lines[0].Rate, 1, 10);
        },
        configuration: LimitedTenant);

    [Fact]
    public void CoolDown_OfATenant_HoldsForEveryLeaseOfIt() => AppWorld.Run(
        async world =>
        {
            var until = Instant.From(world.Time.GetUtcNow()) + TimeSpan.FromMinutes(5);
            var instance = new Instance("a", world, LeaseScope.OfTenant("acme", Policy), "tenant:acme", lines: 1);
            await instance.SignalAsync(BudgetOperations.CoolDown, new ScopeCooldown("tenant:acme", until));

            Assert.Equal(until, (await instance.AskAsync()).NotBefore);
        },
        configuration: LimitedTenant);

    [Theory]
    [InlineData("delete")]
    [InlineData("Delete")]
    public void Delete_WaitsOutWhatIsLent_ThenNothingIsLeft_HoweverOftenItComes(string operation) => AppWorld.Run(async world =>
    {
        var instance = new Instance("a", world);
        await instance.SignalAsync(operation, "");
        Assert.Null(world.Hub.Entity(BudgetOperations.Owner(Scope)).State);

        await instance.AskAsync();
        Assert.True((await instance.AskAsync()).Lines[0].Rate > 0);
        await instance.SignalAsync(operation, "");
        await instance.SignalAsync(operation, "");
        var other = new Instance("b", world);
        Assert.Equal(0, (await other.AskAsync()).Number);

        await Task.Delay(Policy.Duration, world.Time);
        Assert.NotEqual(0, (await other.AskAsync()).Number);
        await Task.Delay(3 * Policy.Duration, world.Time);
        await instance.SignalAsync(operation, "");
        Assert.Null(world.Hub.Entity(BudgetOperations.Owner(Scope)).State);
        Assert.Empty(world.Hub.Entity(BudgetOperations.Owner(Scope)).Failures);
    });

    private static ScopeLimits Limits(long sequence, long requests, long tokens) =>
        new(sequence, new Dictionary<string, long[]> { [Deployment] = [requests, tokens] });

    private static async Task<ScopeRecord> RecordAsync(AppWorld world, string scope = Scope)
    {
        while (world.Hub.Entity(BudgetOperations.Owner(scope)).State is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), world.Time);
        }

        return ScopeRecord.Unpack(Wire.Read<OwnerState>(world.Hub.Entity(BudgetOperations.Owner(scope)).State)!.Packed)!;
    }

    /// <summary>One that asks by itself.</summary>
    private sealed class Instance(string name, AppWorld world, string scope = Scope, string budget = Deployment, int lines = 2)
    {
        private long _sequence;
        private long _holds;
        private double[] _levels = new double[lines];

        public ScopeAsk? Last { get; private set; }

        public Instant Now => Instant.From(world.Time.GetUtcNow());

        private DurableTaskClient Client => world.Hub.Client(world.Hub.Workers[0]);

        public async Task<Lease> AskAsync(Observation? heard = null)
        {
            await SendNewAsync(heard);
            await Task.Delay(TimeSpan.FromSeconds(5), world.Time);
            var lease = await ReadAsync();
            _holds = lease.Number;
            _levels = [.. lease.Lines.Zip(_levels, (line, level) => Math.Min(line.Capacity, level + line.Grant))];
            return lease;
        }

        public Task SendNewAsync(Observation? heard = null)
        {
            LeaseDemand[] demand = [new("t", 1, Core.Scheduling.Priority.Standard, new LeaseRates(500, 50_000))];
            LeaseReport[] reports = [.. _levels.Select((level, line) => new LeaseReport(0, 0, level, line == 0 ? 1 : 100, []))];
            var ask = new LeaseAsk(name, ++_sequence, _holds, demand, reports) { News = heard is null ? [] : [new LeaseNews(heard, Now)] };
            return SendAsync(Last = new ScopeAsk(scope, [new BudgetAsk(budget, ask)]));
        }

        public Task SendAgainAsync() => Last is null ? Task.CompletedTask : SendAsync(Last);

        public Task SendAsync(ScopeAsk ask) => SignalAsync(BudgetOperations.Lease, ask);

        public async Task SignalAsync(string operation, object input)
        {
            await Client.Entities.SignalEntityAsync(BudgetOperations.Owner(scope), operation, input);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
        }

        public async Task<Lease> ReadAsync()
        {
            var record = await RecordAsync(world, scope);
            return record.Answers.Single(kept => kept.Instance == name).Answer.Budgets.Single().Lease;
        }
    }
}
