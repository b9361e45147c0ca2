using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;

namespace FuncLimiter.Functions.Tests.Leasing;

public class OwnerStateTests
{
    private const string Scope = "account:one";
    private const string Deployment = "deployment:one/gpt-x";

    private const string Earlier = """
        {
          "Owner": { "Version": 1, "Books": { "deployment:one/gpt-x": {
            "At": 639028224000000000, "LastNumber": 7,
            "Accounts": [
              { "Limit": "Requests/60/Bucket", "Bucket": { "Level": 10, "At": 639028224000000000, "Lows": [] }, "Learned": 60000 },
              { "Limit": "Tokens/60/Bucket", "Bucket": { "Level": 10, "At": 639028224000000000, "Lows": [] }, "Learned": 60000000 }],
            "Tenures": [{ "Instance": "a", "Sequence": 3, "Held": 6, "Demands": [],
              "Answer": { "Instance": "a", "Answers": 3, "Number": 7, "Continues": 6, "IssuedAt": 639028224000000000, "ExpiresAt": 639028224200000000, "AskAgainAt": 639028224200000000,
                "Lines": [{ "Rate": 700, "Capacity": 1200 }, { "Rate": 700000, "Capacity": 1200000 }], "Shares": [] },
              "Lines": [{ "Rate": 600, "Capacity": 60 }, { "Rate": 600000, "Capacity": 600 }] }] } } },
          "Amounts": { "deployment:one/gpt-x": [60000, 60000000] },
          "Answers": [{ "Instance": "a", "At": 639028224000000000, "Answer": { "Scope": "account:one", "Budgets": [{ "Budget": "deployment:one/gpt-x", "Lease": { "Instance": "a", "Answers": 3, "Number": 7, "Continues": 6, "IssuedAt": 639028224000000000, "ExpiresAt": 639028224200000000, "AskAgainAt": 639028224200000000,
                "Lines": [{ "Rate": 700, "Capacity": 1200 }, { "Rate": 700000, "Capacity": 1200000 }], "Shares": [] } }] } }]
        }
        """;

    private static readonly LeasePolicy Policy = new();
    private static readonly LeaseSource Source = FindSource();

    /// <summary>As it was stored before leases were refreshed by how busy instances are.</summary>
    [Fact]
    public void StateOfAnEarlierForm_IsGoneOnFrom()
    {
        var now = Instant.From(SimulatedTime.Start) + TimeSpan.FromSeconds(1);
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            brotli.Write(Encoding.UTF8.GetBytes(Earlier));
        }

        var owner = BudgetOwner.Open(Scope, new OwnerState { Version = 1, At = SimulatedTime.Start, Packed = packed.ToArray() }, Source, now);
        var ask = Ask("b", 1);
        owner.Answer(ask, now);

        var record = ScopeRecord.Unpack(owner.Save(now).Packed)!;
        Assert.Equal(["a", "b"], record.Owner.Books[Deployment].Tenures.Select(tenure => tenure.Instance).Order());
        Assert.Equal(700, record.Owner.Books[Deployment].Tenures.Single(tenure => tenure.Instance == "a").Answer!.Lines[0].Rate);
        Assert.Equal(2, record.Answers.Count);
    }

    /// <summary>As the backend kept it before persons' words on what was learned were in it.</summary>
    [Fact]
    public void StateWithoutTeachings_IsGoneOnFrom()
    {
        var now = Instant.From(SimulatedTime.Start) + TimeSpan.FromSeconds(1);
        var before = BudgetOwner.Open(Scope, null, Source, now);
        before.Answer(Ask("a", 1), now);
        var stored = JsonNode.Parse(Wire.Write(before.Save(now))!)!.AsObject();
        Assert.True(stored.Remove(nameof(OwnerState.Taught)) || stored.Remove("taught"));

        var owner = BudgetOwner.Open(Scope, Wire.Read<OwnerState>(stored.ToJsonString()), Source, now);
        owner.Teach(new ScopeTeaching("1", Deployment, Dimension.Tokens, ChargeRule.Prompt), now);
        owner.Teach(new ScopeTeaching("2", "deployment:one/nobody"), now);
        var first = owner.Save(now);
        owner = BudgetOwner.Open(Scope, first, Source, now);
        owner.Teach(new ScopeTeaching("2", Deployment), now);

        Assert.Equal([new("1", true), new("2", false)], owner.Save(now).Taught);
        var book = ScopeRecord.Unpack(owner.Save(now).Packed)!.Owner.Books[Deployment];
        Assert.Equal(("a", ChargeRule.Prompt, true), (book.Tenures.Single().Instance, book.Charging.Single().Learned.Rule, book.Charging.Single().Learned.IsPinned));
    }

    [Theory]
    [InlineData(99, "")]
    [InlineData(1, "no record")]
    public void StateThatCanNotBeRead_IsWaitedOut(int version, string packed)
    {
        var time = new SimulatedTime();
        var now = Instant.From(time.GetUtcNow());
        var state = new OwnerState { Version = version, Packed = Encoding.UTF8.GetBytes(packed) };

        var owner = BudgetOwner.Open(Scope, state, Source, now);
        owner.Answer(Ask("a", 1), now);
        var early = ScopeRecord.Unpack(owner.Save(now).Packed)!.Answers.Single().Answer.Budgets.Single().Lease;
        var later = now + Policy.Duration + TimeSpan.FromSeconds(5);
        owner = BudgetOwner.Open(Scope, owner.Save(now), Source, later);
        owner.Answer(Ask("a", 2), later);
        var late = ScopeRecord.Unpack(owner.Save(later).Packed)!.Answers.Single().Answer.Budgets.Single().Lease;

        Assert.Equal((0, 0), (early.Number, early.Lines[0].Grant + early.Lines[0].Rate));
        Assert.True(late.Number > 0 && late.Lines[0].Grant > 0);
    }

    [Fact]
    public void State_OfFiftyInstancesWithManyTenants_StaysSmall()
    {
        var time = new SimulatedTime();
        var now = Instant.From(time.GetUtcNow());
        OwnerState? state = null;
        for (var instance = 0; instance < 50; instance++)
        {
            var owner = BudgetOwner.Open(Scope, state, Source, now);
            owner.Answer(Ask($"instance-{instance:D32}", 1, tenants: 20), now);
            state = owner.Save(now);
        }

        Assert.InRange(Wire.Write(state)!.Length, 1, 60_000);
    }

    /// <summary>By half of the limits lent since, and until a person has it forgotten; a word that is older changes nothing.</summary>
    [Fact]
    public void AWordOnASharedLimit_IsKeptWithTheState_AndHoldsUntilANewerOne()
    {
        var now = Instant.From(SimulatedTime.Start) + TimeSpan.FromSeconds(1);
        var word = new SharingWord([Deployment, "deployment:two/gpt-x"], now, 40, IsShared: true)
        {
            Charging = [new(Dimension.Tokens, TimeSpan.FromMinutes(1).Ticks, ChargeRule.Prompt, 2, 1, 0, now, 40)],
        };
        var source = FindSource(
            """
            {"accounts":[
              {"id":"one","provider":"openai","apiKey":"${KEY}","models":[{"model":"gpt-x","limits":{"rpm":60000,"tpm":6000000}}]},
              {"id":"two","provider":"openai","apiKey":"${KEY}","models":[{"model":"gpt-x","limits":{"rpm":60000,"tpm":6000000}}]}]}
            """);
        var owner = BudgetOwner.Open(Scope, null, source, now);
        owner.Answer(Wire.Read<ScopeAsk>(Wire.Write(Ask("a", 1, sharing: word))!)!, now);
        owner = BudgetOwner.Open(Scope, Wire.Read<OwnerState>(Wire.Write(owner.Save(now))!), source, now);
        owner.Answer(Ask("b", 1, sharing: word with { At = now - TimeSpan.FromSeconds(1), IsShared = false }), now);

        var told = LeaseOf("b");
        Assert.True(told.Sharing is { IsShared: true, Answers: 40 });
        Assert.False(told.IsAlone);
        Assert.Equal(word.Budgets, told.Sharing.Budgets);
        Assert.Equal(ChargeRule.Prompt, told.Charging.Single().Rule);

        owner.Teach(new ScopeTeaching("1", Deployment), now);
        owner.Answer(Ask("b", 2), now);
        Assert.True(LeaseOf("b").Sharing is { IsShared: false });

        Lease LeaseOf(string instance) => ScopeRecord.Unpack(owner.Save(now).Packed)!.Answers.Single(kept => kept.Instance == instance).Answer.Budgets.Single().Lease;
    }

    private static ScopeAsk Ask(string instance, long sequence, int tenants = 1, SharingWord? sharing = null) => new(Scope,
    [
        new BudgetAsk(Deployment, new LeaseAsk(
            instance,
            sequence,
            0,
            [.. Enumerable.Range(0, tenants).Select(tenant => new LeaseDemand($"tenant-{tenant}", 1, Core.Scheduling.Priority.Standard, new LeaseRates(500, 1000)))],
            [new LeaseReport(0, 0, 0, 1, []), new LeaseReport(0, 0, 0, 100, [])]) { Sharing = sharing }),
    ]);

    private static LeaseSource FindSource(string? configuration = null)
    {
        LeaseSource? source = null;
        Task Find(AppWorld world)
        {
            source = world.Get<LeaseSource>();
            return Task.CompletedTask;
        }

        _ = configuration is null ? AppWorld.Run(Find) : AppWorld.Run(Find, configuration: configuration);
        return source!;
    }
}
