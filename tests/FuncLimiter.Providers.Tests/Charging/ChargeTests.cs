using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Charging;

public class ChargeTests
{
    /// <summary>1,000 tokens of prompt, 250 of them in the cache, 300 of answer.</summary>
    private static readonly TokenEstimate Estimate = new(1000, 300, 250);

    [Theory]
    [InlineData("openai", 500L, 1, 1000)] // the prompt is larger than the bound
    [InlineData("openai", 4000L, 1, 4000)]
    [InlineData("openai", 4000L, 3, 12000)]
    [InlineData("openai", null, 1, 1300)]
    [InlineData("azure-openai", 500L, 1, 1500)]
    [InlineData("azure-openai", 500L, 3, 2500)]
    [InlineData("azure-openai", null, 1, 1300)]
    [InlineData("anthropic", 64000L, 1, 1050)] // max_tokens does not matter, cache reads are free
    [InlineData("bedrock", 32000L, 1, 32750)]
    [InlineData("gemini", 4000L, 1, 1000)] // input alone
    [InlineData("groq", 500L, 1, 1250)]
    [InlineData("cerebras", 500L, 1, 1500)]
    [InlineData("cerebras", null, 1, 17384)]
    [InlineData("xai", 4000L, 1, 1300)]
    public void ChargeAtStart_CountsTokensByTheProvidersRule(string provider, long? most, int choices, long tokens)
    {
        var charge = ProviderCatalog.Get(provider).ChargeAtStart(Request(most: most, choices: choices), Estimate);

        Assert.Equal((1, tokens, 1), (charge.Requests, charge.Tokens, charge.Concurrent));
    }

    [Fact]
    public void ChargeAtStart_AtAnthropic_CountsNothingAsCachedUnasked() =>
        Assert.Equal(1000, ProviderCatalog.Get("anthropic").ChargeAtStart(Request() with { AsksForCache = false }, Estimate).InputTokens);

    [Fact]
    public void ChargeAtStart_AtOpenAI_CountsCharactersWhereTheyAreMore() =>
        Assert.Equal(2001, ProviderCatalog.Get("openai").ChargeAtStart(Request(most: 10, textBytes: 8001), Estimate).Tokens);

    [Theory]
    [InlineData("openai", 1000, 0)]
    [InlineData("azure-openai", 1000, 0)]
    [InlineData("bedrock", 750, 0)]
    [InlineData("openai-compatible", 1000, 0)]
    public void ChargeAtStart_OfEmbeddings_CountsInputAlone(string provider, long tokens, long output)
    {
        var charge = ProviderCatalog.Get(provider).ChargeAtStart(Request(Operation.Embeddings), Estimate);

        Assert.Equal((tokens, output), (charge.Tokens, charge.OutputTokens));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure-openai")]
    [InlineData("cerebras")]
    public void ChargeAtEnd_WhereTheChargeIsKept_StaysWhateverWasUsed(string id)
    {
        var (start, end) = Settle(id, Request(most: 4000), new TokenUsage(900, 20));

        Assert.Equal((1, start.Tokens, 900, 20, 0), (end.Requests, end.Tokens, end.InputTokens, end.OutputTokens, end.Concurrent));
    }

    [Fact]
    public void ChargeAtEnd_AtGroq_GivesCachedTokensBackOfTheInputAlone() =>
        Assert.Equal(new Charge(1, 1250, 400, 20, 0), Settle("groq", Request(most: 500), new TokenUsage(900, 20, 500)).End);

    [Fact]
    public void ChargeAtEnd_AtAnthropic_CountsWritesAndUncachedInputAndRealOutput() =>
        Assert.Equal(new Charge(1, 1443, 1050, 393, 0), Settle("anthropic", Request(most: 64000), new TokenUsage(101_050, 393, 100_000, 1000)).End);

    [Fact]
    public void ChargeAtEnd_AtAnthropicsHaiku35_CountsCacheReads() =>
        Assert.Equal(101_050, Settle("anthropic", Request(model: "claude-3-5-haiku-20241022"), new TokenUsage(101_050, 393, 100_000)).End.InputTokens);

    [Fact]
    public void CountingTokens_AtAnthropic_TouchesNoBudgetOfMessages()
    {
        var (start, end) = Settle("anthropic", Request(Operation.CountTokens), null);

        Assert.Equal((new Charge(0, 0, 0, 0, 1), Charge.None), (start, end));
    }

    /// <summary>AWS's example: 3,000 in, 4,000 read from and 1,000 written to the cache, 1,000 out, at most 32,000.</summary>
    [Theory]
    [InlineData("anthropic.claude-sonnet-4-20250514-v1:0", 9000)]
    [InlineData("us.anthropic.claude-opus-4-8", 19000)]
    [InlineData("anthropic.claude-opus-5", 14000)]
    [InlineData("openai.gpt-5.6-mini", 14000)]
    [InlineData("amazon.nova-pro-v1:0", 5000)]
    public void Charge_AtBedrock_StartsWithTheBoundAndSettlesWithTheBurndown(string model, long settled)
    {
        var provider = ProviderCatalog.Get("bedrock");
        var request = Request(model: model, most: 32_000);

        var start = provider.ChargeAtStart(request, new TokenEstimate(8000, 1000, 4000));
        var end = provider.ChargeAtEnd(request, start, new TokenUsage(8000, 1000, 4000, 1000), OutcomeKind.Success);

        Assert.Equal((36_000, settled), (start.Tokens, end.Tokens));
        Assert.Equal((4000, 1000), (end.InputTokens, end.OutputTokens));
    }

    [Theory]
    [InlineData("anthropic.claude-3-5-sonnet-20240620-v1:0", 5)]
    [InlineData("anthropic.claude-opus-4-20250514-v1:0", 5)]
    [InlineData("anthropic.claude-opus-4-7", 5)]
    [InlineData("anthropic.claude-opus-4-8", 15)]
    [InlineData("global.anthropic.claude-sonnet-5-20260601-v1:0", 10)]
    [InlineData("anthropic.claude-fable-5-1", 10)]
    [InlineData("openai.gpt-oss-120b-1:0", 1)]
    public void Burndown_DependsOnTheModelsVersion(string model, long burndown) => Assert.Equal(burndown, BedrockModel.Burndown(model));

    [Theory]
    [InlineData("openai", OutcomeKind.RateLimited, 0)]
    [InlineData("openai", OutcomeKind.TransientFailure, 4000)]
    [InlineData("anthropic", OutcomeKind.RateLimited, 0)]
    [InlineData("anthropic", OutcomeKind.Overloaded, 0)]
    [InlineData("anthropic", OutcomeKind.TransientFailure, 1050)]
    [InlineData("bedrock", OutcomeKind.RateLimited, 0)]
    public void ChargeAtEnd_OfAFailure_StillCountsTheCall(string provider, OutcomeKind outcome, long tokens)
    {
        var end = Settle(provider, Request(most: 4000), null, outcome).End;

        Assert.Equal((1, tokens, 0), (end.Requests, end.Tokens, end.Concurrent));
    }

    [Fact]
    public void ChargeAtEnd_WhenUsageIsUnknown_StaysAsForeseen()
    {
        foreach (var id in ProviderCatalog.Ids)
        {
            var (start, end) = Settle(id, Request(most: 4000), null);
            Assert.Equal(start with { Concurrent = 0 }, end);
        }
    }

    [Fact]
    public void Charges_AreNeverNegative() => Always.Holds(
        Gen.Choose(0, 100_000).Four().Zip(Gen.Elements(ProviderCatalog.Ids.ToArray())),
        given =>
        {
            var ((input, output, cached, most), id) = given;
            var usage = new TokenUsage(input, output, cached);
            var request = Request(most: most + 1);
            var start = ProviderCatalog.Get(id).ChargeAtStart(request, new TokenEstimate(input, output, cached));
            var end = ProviderCatalog.Get(id).ChargeAtEnd(request, start, usage, OutcomeKind.Success);
            return IsSane(start, 1) && IsSane(end, 0);
        });

    private static bool IsSane(in Charge charge, long concurrent) =>
        charge is { Requests: 1, Tokens: >= 0, InputTokens: >= 0, OutputTokens: >= 0 } && charge.Concurrent == concurrent;

    private static (Charge Start, Charge End) Settle(
        string id, RequestFacts request, TokenUsage? usage, OutcomeKind outcome = OutcomeKind.Success)
    {
        var provider = ProviderCatalog.Get(id);
        var start = provider.ChargeAtStart(request, Estimate);
        return (start, provider.ChargeAtEnd(request, start, usage, outcome));
    }

    private static RequestFacts Request(
        Operation operation = Operation.ChatCompletions, string model = "m", long? most = null, int choices = 1, int textBytes = 0) =>
        new(operation, model, 0, 0, false, most, choices, textBytes, 0);
}
