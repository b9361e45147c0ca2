using System.Text.Json;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>The schema that editors read and the reader agree.</summary>
public class ConfigurationSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(
        File.ReadAllText(RepositoryRoot.File("src", "FuncLimiter.Gateway", "Configuration", "funclimiter.schema.json"))).RootElement;

    public static TheoryData<string> Shapes => [.. FuncLimiter.Gateway.Configuration.Reading.Shapes.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Schema_HasTheMembersThatTheReaderKnows_AndNoOthers(string name)
    {
        var schema = name == "root" ? Schema : Schema.GetProperty("$defs").GetProperty(name);

        var declared = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);

        Assert.Equal(FuncLimiter.Gateway.Configuration.Reading.Shapes.All[name].Members.Select(member => member.Name).Order(), declared.Order());
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
    }

    [Fact]
    public void Schema_HasNoObjectThatTheReaderDoesNotKnow() =>
        Assert.Equal(
            FuncLimiter.Gateway.Configuration.Reading.Shapes.All.Keys.Where(name => name != "root").Order(),
            Schema.GetProperty("$defs").EnumerateObject().Select(property => property.Name).Order());

    [Fact]
    public void Schema_NamesTheProvidersThatTheReaderKnows() =>
        Assert.Equal(
            KnownProviders.Ids.Order(),
            Schema.GetProperty("$defs").GetProperty("account").GetProperty("properties").GetProperty("provider").GetProperty("enum")
                .EnumerateArray().Select(id => id.GetString()!).Order());

    [Theory]
    [InlineData("alerts.warnAt", "0.5")]
    [InlineData("accounts[0].limits.rpm", "20000")]
    [InlineData("routes", "[]")]
    [InlineData("accounts[0].apiKey", "\"${HOOK}\"")]
    [InlineData("tenants[0].weight", "0.5")]
    [InlineData("tenants[0].keys[0]", """{ "hash": "${HOOK}", "prefix": "fl-acme", "expires": "2027-06-30", "scope": ["calls", "jobs", "reservations", "usage"] }""")]
    [InlineData("admin.keys[0]", """{ "hash": "${HOOK}", "scope": ["look", "change"] }""")]
    public void Schema_AcceptsWhatTheReaderAccepts(string place, string? value)
    {
        var json = Sample.With(place, value);

        Assert.True(Sample.Read(json).IsValid);
        Assert.True(new SchemaEvaluator(Schema).Accepts(JsonDocument.Parse(json).RootElement));
    }

    [Theory]
    [InlineData("acounts", "[]")]
    [InlineData("accounts", "[]")]
    [InlineData("accounts[0].id", "\"a/b\"")]
    [InlineData("accounts[0].provider", "\"openia\"")]
    [InlineData("accounts[0].apiKey", "\"sk-plain\"")]
    [InlineData("accounts[0].apiKey", null)]
    [InlineData("accounts[0].models", "[]")]
    [InlineData("accounts[0].models[0].model", "5")]
    [InlineData("accounts[0].models[0].price.output", null)]
    [InlineData("accounts[0].models[0].price.batchDiscount", "2")]
    [InlineData("usage.maxRows", "999")]
    [InlineData("accounts[0].batch.pollSeconds", "0")]
    [InlineData("tenants[0].limits.usdPerDay", "0")]
    [InlineData("accounts[0].limits.usdPerDay", "50")]
    [InlineData("accounts[0].limits.rpm", "0")]
    [InlineData("accounts[0].limits.rpm", "1.5")]
    [InlineData("accounts[0].limits.rpm", "\"600\"")]
    [InlineData("accounts[0].models[0].limits.burstSeconds", "61")]
    [InlineData("accounts[0].models[0].limits.algorithm", "\"leaky\"")]
    [InlineData("routes[0].targets", "[]")]
    [InlineData("routes[0].fallback", "[5]")]
    [InlineData("tenants[0].keys", "[\"plain\"]")]
    [InlineData("tenants[0].keys[0]", """{ "prefix": "fl-acme" }""")]
    [InlineData("tenants[0].keys[0]", """{ "hash": "${HOOK}", "scope": ["look"] }""")]
    [InlineData("tenants[0].keys[0]", """{ "hash": "${HOOK}", "scope": [] }""")]
    [InlineData("tenants[0].keys[0]", """{ "hash": "${HOOK}", "expires": "tomorrow" }""")]
    [InlineData("tenants[0].keys[0]", """{ "hash": "${HOOK}", "prefix": "more than sixteen" }""")]
    [InlineData("admin.keys[0]", """{ "hash": "${HOOK}", "scope": ["calls"] }""")]
    [InlineData("tenants[0].weight", "0")]
    [InlineData("queue.maxWaitSeconds.standard", "-1")]
    [InlineData("queue.standardFloor", "2")]
    [InlineData("alerts.warnAt", "0")]
    [InlineData("jobs.maxRunning", "3")]
    [InlineData("jobs.webhooksToPrivateNetworks", "1")]
    public void Schema_RejectsWhatTheReaderRejects(string place, string? value)
    {
        var json = Sample.With(place, value);

        Assert.False(Sample.Read(json).IsValid);
        Assert.False(new SchemaEvaluator(Schema).Accepts(JsonDocument.Parse(json).RootElement));
    }
}
