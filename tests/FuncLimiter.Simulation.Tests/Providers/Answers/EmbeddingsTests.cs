using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Answers;

public class EmbeddingsTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "embed-x");

    [Fact]
    public async Task Inputs_GetAVectorEachAndChargeTheirText()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Tpm(1000)] });

        var answer = await AskAsync(client, """["12345678","1234"]""", ""","dimensions":4""");

        Assert.Equal(2, answer.Json["data"]!.AsArray().Count);
        Assert.Equal(4, answer.Json["data"]![1]!["embedding"]!.AsArray().Count);
        Assert.Equal(3, answer.Json["usage"]!["prompt_tokens"]!.GetValue<int>());
        Assert.Equal("997", answer["x-ratelimit-remaining-tokens"]);
    }

    [Fact]
    public async Task TokenIds_AreOneInputAndATokenEach()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var one = await AskAsync(client, "[1,2,3]");
        var two = await AskAsync(client, "[[1,2,3],[4]]");

        Assert.Single(one.Json["data"]!.AsArray());
        Assert.Equal(3, one.Json["usage"]!["prompt_tokens"]!.GetValue<int>());
        Assert.Equal(2, two.Json["data"]!.AsArray().Count);
        Assert.Equal(4, two.Json["usage"]!["prompt_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Base64_IsLittleEndianFloats()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await AskAsync(client, "\"x\"", ""","encoding_format":"base64","dimensions":4""");

        var bytes = Convert.FromBase64String(answer.Json["data"]![0]!["embedding"]!.GetValue<string>());
        Assert.Equal(16, bytes.Length);
        Assert.Equal(0.5f, BitConverter.ToSingle(bytes, 0));
    }

    [Fact]
    public async Task Azure_HasThemUnderItsDeployment()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Dialect = ProviderDialect.Azure });

        var answer = await client.SendAsync(
            "/openai/deployments/embed-x/embeddings?api-version=2024-10-21", """{"input":"x"}""", ("api-key", "sk-a"));

        Assert.Single(answer.Json["data"]!.AsArray());
    }

    [Fact]
    public async Task Azure_TakesTheDeploymentFromTheBodyUnderV1()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Dialect = ProviderDialect.Azure });

        var answer = await client.SendAsync("/openai/v1/embeddings", """{"model":"embed-x","input":"x"}""", ("api-key", "sk-a"));

        Assert.Single(answer.Json["data"]!.AsArray());
    }

    [Fact]
    public async Task Models_AreThoseOfTheKey()
    {
        await using var client = await DoubleClient.StartAsync(Plain, Plain with { Model = "gpt-x" }, Plain with { Key = "sk-b", Model = "other" });

        var answer = await client.SendAsync("/v1/models", null, ("Authorization", "Bearer sk-a"));

        Assert.Equal(["embed-x", "gpt-x"], answer.Json["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()));
    }

    private static Task<DoubleClient.Answer> AskAsync(DoubleClient client, string input, string more = "") => client.SendAsync(
        "/v1/embeddings", $$"""{"model":"embed-x","input":{{input}}{{more}}}""", ("Authorization", "Bearer sk-a"));
}
