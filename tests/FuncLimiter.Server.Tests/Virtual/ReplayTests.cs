using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Tests.Storage;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.WhatIf.Replaying;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.Server.Tests.Virtual;

/// <summary>What a record shows when it is played again.</summary>
public sealed class ReplayTests : IDisposable
{
    private const string Tenants = """, "tenants": [{ "id": "a", "weight": 3, "keys": ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] }, { "id": "b", "keys": ["sha256:3bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"], "limits": { "tpm": 20000 } }], "record": { "file": "r", "key": "${KEY_OF_SIXTEEN}" }""";

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{ "rpm": 60 }""", 0.01)]
    [InlineData("""{ "rpm": 300, "tpm": 38000 }""", 0.01)]
    [InlineData("""{ "tpm": 38000, "algorithm": "sliding" }""", 0.05)] // Of thousands of refusals, a few fall on other calls.
    [InlineData("""{ "tpm": 38000, "algorithm": "fixed" }""", 0.01)]
    public void Replay_OfADay_HasItsWaitsAndItsCost(string limits, double mostUsd)
    {
        var configuration = Read(limits);
        var record = Record(configuration, Fleet(24, 1));

        var report = Play(record, configuration);

        Assert.True(report.Recorded.Total is { Calls: > 3_000, WaitMean: > 1 }, $"{report.Recorded.Total}");
        Assert.InRange(report.Agreement.Waits, 0, 0.05);
        Assert.InRange((double)report.Agreement.CostUsd, 0, mostUsd);
        Assert.All(report.Recorded.Tenants.Zip(report.Played.Tenants), pair =>
        {
            Assert.Equal((pair.First.Tenant, pair.First.Priority, pair.First.Calls), (pair.Second.Tenant, pair.Second.Priority, pair.Second.Calls));
            Assert.Equal(pair.First.WaitMean, pair.Second.WaitMean, Math.Max(0.05 * pair.First.WaitMean, 0.05));
            Assert.Equal(pair.First.Refused, pair.Second.Refused, 0.05 * pair.First.Calls);
        });
    }

    [Fact]
    public void Replay_OfADayWithFailures_HasItsWaitsAndItsCost()
    {
        var configuration = Read("""{ "rpm": 60 }""");
        var fleet = Fleet(4, 1) with
        {
            Faults = [new FaultRule(FaultKind.ServerError) { Chance = 0.02 }],
        };
        var record = Record(configuration, fleet);

        var report = Play(record, configuration);

        Assert.Contains("\"failures\":[{", File.ReadAllText(Path.Combine(_folder.Path, "record.jsonl")), StringComparison.Ordinal);
        Assert.InRange(report.Agreement.Waits, 0, 0.05);
        Assert.Equal((double)report.Recorded.Total.CostUsd, (double)report.Played.Total.CostUsd, 0.01 * (double)report.Recorded.Total.CostUsd);
    }

    [Fact]
    public void Replay_WithTwiceTheLimit_WaitsLessAndServesMore()
    {
        var configuration = Read("""{ "tpm": 60000 }""");
        var record = Record(configuration, Fleet(2, 1.5));

        var report = ReplayReport.Of(record, configuration, Read("""{ "tpm": 120000 }"""), null, CancellationToken.None);

        Assert.True(report.Played.Total.Refused > 0 && report.Changed!.Total.Refused < report.Played.Total.Refused / 2, $"{report.Changed} {report.Played}");
        Assert.True(report.Changed.Total.Ok > report.Played.Total.Ok);
        Assert.True(report.Changed.Total.CostUsd > report.Played.Total.CostUsd);
    }

    [Theory]
    [InlineData("""[{ "for": "tenant", "name": "a", "per": "day", "calls": 700 }]""")]
    [InlineData("""[{ "for": "user", "tenant": "a", "name": "ann", "per": "hour", "tokens": 300000 }]""")]
    [InlineData("""[{ "for": "workflow", "tenant": "a", "name": "nightly", "per": "day", "calls": 300 }]""")]
    [InlineData("""[{ "for": "run", "usd": 0.5 }]""")]
    [InlineData("""[{ "for": "model", "name": "m", "per": "day", "usd": 1 }]""")]
    public void Replay_UnderBudgets_RefusesWhatTheyRefused_AndTellsHowManyThatAre(string budgets)
    {
        var configuration = Scenario.OneModel("""{ "rpm": 6000 }""", $"{Tenants}, \"budgets\": {budgets}");
        var fleet = Scenario.Hours(
            3,
            Scenario.Work("a", 600) with { Caller = new Caller("a", "ann", Priority.Standard, "nightly", "draft", "run-1") },
            Scenario.Work("a", 600) with { Name = "other", Caller = new Caller("a", "ben", Priority.Standard, "daily", "draft", "run-2") });
        var record = Record(configuration, fleet);

        var report = ReplayReport.Of(record, configuration, configuration with { Budgets = [] }, null, CancellationToken.None);

        Assert.True(report.Recorded.Total.Refused > 100, $"{report.Recorded.Total}");
        Assert.Equal(report.Recorded.Total.Refused, report.Played.Total.Refused, 0.005 * report.Recorded.Total.Calls);
        Assert.Equal(report.Recorded.Total.Refused, report.Recorded.Total.RefusedFor["Spent"]);
        Assert.Equal(report.Played.Total.Refused, report.Played.Total.RefusedFor["Spent"]);
        Assert.Equal(report.Agreement.Refused, report.Agreement.RefusedFor);
        Assert.InRange((double)report.Agreement.CostUsd, 0, 0.01);
        Assert.Equal((0, report.Recorded.Total.Calls), (report.Changed!.Total.RefusedFor.Count, report.Changed.Total.Ok));
    }

    [Fact]
    public void Replay_UnderAConfigurationWithoutItsRoute_LeavesItsCallsOut()
    {
        var configuration = Read("""{ "tpm": 60000 }""");
        var record = Record(configuration, Fleet(0.2, 1));
        var other = Scenario.Read("""{ "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "n" }] }] }""");

        var report = ReplayReport.Of(record, configuration, other, null, CancellationToken.None);

        Assert.Equal((report.Recorded.Total.Calls, 0L), (report.Changed!.NotPlayed, report.Changed.Total.Calls));
    }

    [Fact]
    public void Record_HoldsNoName()
    {
        var text = new MemoryStream();
        var (configuration, fleet) = (Read("""{ "rpm": 60 }"""), Scenario.Hours(0.5, Scenario.Work("tenant-of-the-test", 60) with { Name = "workflow-of-the-test" }));
        Write(configuration, fleet, text);

        var lines = Encoding.UTF8.GetString(text.ToArray());

        Assert.Contains("\"route\":\"m\"", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("of-the-test", lines, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense}", "line 2: no line of a record")]
    [InlineData("{}", "line 2: no line of a record")]
    [InlineData("""{"at":"2026-01-05T00:00:00+00:00","tenant":"x","route":"m","priority":"standard","outcome":"answered","input":-1}""", "line 2: a number of tokens")]
    [InlineData("""{"at":"2026-01-05T00:00:00+00:00","tenant":"x","route":"m","priority":"standard","outcome":"answered","waitedMs":-1}""", "line 2: a time")]
    [InlineData("""{"at":"2026-01-05T00:00:00+00:00","tenant":"x","route":"m","priority":"urgent","outcome":"answered"}""", "line 2: no line of a record")]
    [InlineData("""{"record":9,"key":"k","from":"2026-01-05T00:00:00+00:00"}""", "line 2: a record of form 9")]
    [InlineData("", "holds no calls")]
    public void Read_OfWhatIsNoRecord_TellsTheLine(string line, string told)
    {
        var file = Path.Combine(_folder.Path, "bad.jsonl");
        File.WriteAllText(file, "{\"record\":1,\"key\":\"k\",\"from\":\"2026-01-05T00:00:00+00:00\"}\n" + line + "\n");
        var errors = new StringWriter();

        Assert.Null(RecordReader.Read(new FileInfo(file), errors));
        Assert.Contains(told, errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("accounts[o].models[m].limits.tpm=5", "$.accounts[0].models[0].limits.tpm", "5")]
    [InlineData("accounts[0].models[0].limits={\"rpm\":7}", "$.accounts[0].models[0].limits.rpm", "7")]
    [InlineData("tenants[a].userLimits.rpm=60", "$.tenants[0].userLimits.rpm", "60")]
    [InlineData("routes[m].targets=[\"o/m\"]", "$.routes[0].targets[0]", "o/m")]
    [InlineData("tenants[a].id=c", "$.tenants[0].id", "c")]
    public void Change_IsMade(string text, string path, string value)
    {
        var json = Encoding.UTF8.GetBytes("""
            { "accounts": [{ "id": "o", "models": [{ "model": "m" /* the one */ }] }], "routes": [{ "model": "m" }], "tenants": [{ "id": "a", "weight": 2 }], }
            """);

        Assert.True(ConfigurationChange.TryParse(text, out var change));
        using var changed = JsonDocument.Parse(ConfigurationChange.Apply(json, [change], TextWriter.Null)!);

        var found = path[2..].Split('.', '[').Aggregate(changed.RootElement, (element, part) => part.EndsWith(']') ? element[int.Parse(part[..^1], null)] : element.GetProperty(part));
        Assert.Equal(value, found.ToString());
    }

    [Theory]
    [InlineData("tenants[nobody].weight=3")]
    [InlineData("tenants[a].weight.more=3")]
    [InlineData("accounts.o=3")]
    [InlineData("queue=")]
    public void Change_OfWhatIsNotThere_IsTold(string text)
    {
        var errors = new StringWriter();
        Assert.True(ConfigurationChange.TryParse(text, out var change));

        Assert.Null(ConfigurationChange.Apply("""{ "accounts": [], "tenants": [{ "id": "a", "weight": 2 }] }"""u8.ToArray(), [change], errors));
        Assert.Contains("no such place", errors.ToString(), StringComparison.Ordinal);
    }

    private static GatewayConfiguration Read(string limits) => Scenario.OneModel(limits, Tenants);

    // Of a load of 1, one and a fifth of what goes through in an hour, from nine to five.
    private static VirtualFleet Fleet(double hours, double load) => Scenario.Hours(
        hours,
        Scenario.Work("a", 0) with { CallsByHour = Office(2_500 * load) },
        Scenario.Work("a", 0, Priority.Interactive) with { Name = "chat", CallsByHour = Office(600 * load), MaxOutputTokens = 400, Returns = 0 },
        Scenario.Work("b", 0, Priority.Background) with { Name = "night", CallsByHour = Office(1_200 * load) }) with
    { StartsAt = TimeSpan.FromHours(hours < 24 ? 9 : 0) };

    private static double[] Office(double calls) => [.. Enumerable.Range(0, 24).Select(hour => hour is >= 9 and < 17 ? calls : calls / 5)];

    private static ReplayReport Play(CallRecord record, GatewayConfiguration configuration) =>
        ReplayReport.Of(record, configuration, null, null, CancellationToken.None);

    private static void Write(GatewayConfiguration configuration, VirtualFleet fleet, Stream to) =>
        new VirtualRun(configuration, fleet with { EndsAll = true }, 1, new RecordWriter(to, configuration, ProviderSetup.Epoch + fleet.StartsAt)).Play(null, CancellationToken.None);

    private CallRecord Record(GatewayConfiguration configuration, VirtualFleet fleet)
    {
        var file = Path.Combine(_folder.Path, "record.jsonl");
        using (var to = File.Create(file))
        {
            Write(configuration, fleet, to);
        }

        var errors = new StringWriter();
        return RecordReader.Read(new FileInfo(file), errors) ?? throw new InvalidOperationException(errors.ToString());
    }
}
