using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>Prices that FuncLimiter brings, and those that users put in their place.</summary>
public class PriceCatalogueTests
{
    [Fact]
    public void Shipped_NamesForEachPriceWhereAndWhenItWasSeen() => Assert.All(PriceCatalogue.Shipped.Prices, price =>
    {
        Assert.True(Uri.IsWellFormedUriString(price.Source, UriKind.Absolute), price.Source);
        Assert.InRange(price.Seen, new DateOnly(2026, 1, 1), new DateOnly(2026, 11, 29));
        Assert.True(price.Price.CachedInput <= price.Price.Input && price.Price.Input <= price.Price.Output, price.Model);
        Assert.Contains(price.Provider, FuncLimiter.Providers.ProviderCatalog.Ids);
    });

    [Theory]
    [InlineData("anthropic", "claude-opus-4-5", 5.0)]
    [InlineData("anthropic", "claude-opus-4-5-20251101", 5.0)]
    [InlineData("openai", "gpt-5.4-mini-2026-03-01", 0.75)]
    [InlineData("openai", "claude-opus-4-5", null)]
    [InlineData("openai", "gpt-x", null)]
    public void Model_HasTheListedPrice_WhateverDateItsNameEndsIn(string provider, string model, double? input) =>
        Assert.Equal((decimal?)input, PriceCatalogue.Shipped.Find(provider, model)?.Price.Input);

    [Fact]
    public void Model_WithoutAPrice_GetsTheCatalogues_WhereItIsNamed_AndAWrittenOneStands()
    {
        var models = """{ "model": "claude-opus-5", "limits": { "rpm": 5 } }, { "model": "claude-opus-4-8", "price": { "input": 1, "output": 2 } }, { "model": "claude-x" }""";

        Assert.Equal([5m, 1m, null], Read($$"""{ "prices": "shipped", {{Account(models)}} }""").Configuration!.Accounts[0].Models.Select(model => model.Price?.Input));
        Assert.Equal([null, 1m, null], Read($$"""{ {{Account(models)}} }""").Configuration!.Accounts[0].Models.Select(model => model.Price?.Input));
    }

    [Fact]
    public void File_OfAUsers_TakesTheShippedOnesPlace()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "models": [{ "provider": "anthropic", "model": "claude-x", "input": 7, "output": 9, "source": "our contract", "seen": "2026-11-01" }] }""");
            var read = Read($$"""{ "prices": {{JsonSerializer.Serialize(file)}}, {{Account("""{ "model": "claude-x" }, { "model": "claude-opus-5" }""")}} }""");

            Assert.Equal([7m, null], read.Configuration!.Accounts[0].Models.Select(model => model.Price?.Input));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("[]", "list of models")]
    [InlineData("""{ "models": [{ "model": "m" }] }""", "models[0]")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "input": -1, "output": 1, "source": "s", "seen": "2026-01-01" }] }""", "models[0].input")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "input": 1, "output": 1, "source": "s", "seen": "yesterday" }] }""", "models[0].seen")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "input": 1, "output": 1, "source": "s", "seen": "2026-01-01" }, { "provider": "p", "model": "m", "input": 1, "output": 1, "source": "s", "seen": "2026-01-01" }] }""", "second time")]
    [InlineData("{", "no catalogue")]
    public void File_ThatIsNoCatalogue_IsAMistake(string text, string said)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            var mistake = Assert.Single(Read($$"""{ "prices": {{JsonSerializer.Serialize(file)}}, {{Account("""{ "model": "m" }""")}} }""").Mistakes);

            Assert.Equal("$.prices", mistake.Path);
            Assert.Contains(said, mistake.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void File_ThatIsNotThere_IsAMistake() =>
        Assert.Equal("$.prices", Assert.Single(Read($$"""{ "prices": "nowhere/prices.json", {{Account("""{ "model": "m" }""")}} }""").Mistakes).Path);

    // A prompt of 100,000 tokens is of the lower band, one of a token more of the upper, with its answer.
    [Theory]
    [InlineData(100_000, 0.01 + 0.0005)]
    [InlineData(100_001, 0.0500005 + 0.0025)]
    public void LongPrompts_CostWhatTheirBandDoes(long input, double usd)
    {
        var price = PriceCatalogue.Shipped.Find("anthropic", "claude-haiku-5-5")!.Price;

        Assert.Equal((decimal)usd, CallCost.Of(price, new TokenUsage(input, 1_000)).TotalUsd);
    }

    [Fact]
    public void Price_ThatWasSeenLongAgo_IsOld()
    {
        var price = PriceCatalogue.Shipped.Find("anthropic", "claude-opus-5")!;

        Assert.False(price.IsOld(price.Seen.AddDays(90)));
        Assert.True(price.IsOld(price.Seen.AddDays(91)));
    }

    private static string Account(string models) => $$""" "accounts": [{ "id": "a", "provider": "anthropic", "apiKey": "${KEY}", "models": [{{models}}] }] """;

    private static ConfigurationResult Read(string json) => ConfigurationReader.Read(json, static _ => "value");
}
