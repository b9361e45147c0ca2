using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>Accounts at Bedrock that AWS credentials open, over HTTP against the real process.</summary>
public sealed class AwsAccountTests(CloudSetup setup) : IClassFixture<CloudSetup>
{
    private static readonly string Path = $"/model/{Uri.EscapeDataString(CloudSetup.Model)}";

    [Theory]
    [InlineData("own")]
    [InlineData("profile")]
    [InlineData("role")]
    public async Task Chat_IsSigned_AndAnsweredInTheCallersDialect(string account)
    {
        var reply = await setup.Client.PostAsync("/v1/chat/completions", Chat(account));

        Assert.True(reply.Status == 200, $"{reply.Text}\n{string.Join('\n', setup.Amazon.Refused)}\n{setup.Output}");
        Assert.Equal(AmazonDouble.Text, reply.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>());
        Assert.Equal($"{Path}/converse", setup.Amazon.Served.Last().Target);
    }

    [Fact]
    public async Task Chat_Streamed_IsSignedAndItsFramesAreReadToTheUsage()
    {
        var reply = await setup.Client.PostAsync("/v1/chat/completions", Chat("own", isStreamed: true), ("X-Run", "aws-streamed"));

        Assert.True(reply.Status == 200, $"{reply.Text}\n{string.Join('\n', setup.Amazon.Refused)}");
        var chunks = reply.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", chunks[^1]);
        Assert.Equal(AmazonDouble.Text, string.Concat(chunks[..^1].Select(chunk => JsonNode.Parse(chunk["data: ".Length..])!["choices"]!.AsArray().FirstOrDefault()?["delta"]?["content"]?.GetValue<string>())));
        Assert.Equal($"{Path}/converse-stream", setup.Amazon.Served.Last().Target);
        await setup.Client.UntilUsedAsync("aws-streamed", AmazonDouble.InputTokens, AmazonDouble.OutputTokens);
    }

    [Theory]
    [InlineData("converse", false)]
    [InlineData("converse-stream", true)]
    public async Task NativePath_IsSignedAnew_AndItsAnswerPassesByteForByte(string operation, bool isStreamed)
    {
        const string body = """{"messages":[{"role":"user","content":[{"text":"Grüß Gott"}]}]}""";
        using var request = Requests.Create(
            HttpMethod.Post, $"/model/own/{operation}?trace=a%20b&empty=", body,
            ("Authorization", "AWS4-HMAC-SHA256 Credential=theirs/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00"),
            ("x-amz-date", "20200101T000000Z"), ("x-amz-security-token", "theirs"), ("x-amz-meta", "kept"), ("x-api-key", "any"), ("X-Run", operation));

        using var response = await setup.Client.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();

        Assert.True((int)response.StatusCode == 200, $"{response}\n{string.Join('\n', setup.Amazon.Refused)}");
        var served = setup.Amazon.Served.Last();
        Assert.Equal($"{Path}/{operation}?trace=a%20b&empty=", served.Target);
        Assert.Equal(("kept", setup.OwnKey), (served.Headers["x-amz-meta"], served.AccessKey));
        Assert.DoesNotContain("theirs", string.Concat(served.Headers.Values), StringComparison.Ordinal);
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(body), served.Body);
        if (isStreamed)
        {
            Assert.Equal("application/vnd.amazon.eventstream", response.Content.Headers.ContentType?.ToString());
            Assert.Equal(AmazonDouble.Frames(new JsonObject { ["inputTokens"] = AmazonDouble.InputTokens, ["outputTokens"] = AmazonDouble.OutputTokens, ["totalTokens"] = AmazonDouble.InputTokens + AmazonDouble.OutputTokens }), bytes);
        }

        await setup.Client.UntilUsedAsync(operation, AmazonDouble.InputTokens, AmazonDouble.OutputTokens);
    }

    [Fact]
    public async Task Role_IsTakenOnOnce_WithItsExternalId_AndAgainWhenItsSessionIsRefused()
    {
        Assert.Equal(200, (await setup.Client.PostAsync("/v1/chat/completions", Chat("role"))).Status);
        Assert.Equal(200, (await setup.Client.PostAsync("/v1/chat/completions", Chat("role"))).Status);
        var assumed = Assert.Single(setup.Amazon.Assumed);
        Assert.Equal((CloudSetup.Role, "outside"), (assumed["RoleArn"], assumed["ExternalId"]));

        setup.Amazon.RevokeSessions();

        Assert.Equal(200, (await setup.Client.PostAsync("/v1/chat/completions", Chat("role"))).Status);
        Assert.Equal(2, setup.Amazon.Assumed.Count);
    }

    [Fact]
    public async Task Profile_WhoseKeyIsReplaced_IsReadAgain_AndNobodyNotices()
    {
        Assert.Equal(200, (await setup.Client.PostAsync("/v1/chat/completions", Chat("profile"))).Status);
        var old = setup.ProfileKey;
        setup.WriteProfile();
        setup.Amazon.Revoke(old);

        Assert.Equal(200, (await setup.Client.PostAsync("/v1/chat/completions", Chat("profile"))).Status);
        Assert.Equal(setup.ProfileKey, setup.Amazon.Served.Last().AccessKey);
    }

    private static string Chat(string model, bool isStreamed = false) => $$"""
        {"model":"{{model}}","messages":[{"role":"user","content":"Say it."}],"max_tokens":100{{(isStreamed ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "")}}}
        """;
}

/// <summary>What <c>/usage</c> tells of a run.</summary>
internal static class RunUsage
{
    /// <summary>Waits until a run has used that much, and no more.</summary>
    public static async Task UntilUsedAsync(this HttpClient client, string run, long input, long output)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            var row = (await client.FetchAsync("/usage?by=run")).Json["rows"]!.AsArray().FirstOrDefault(row => row!["run"]?.GetValue<string>() == run);
            var used = (row?["inputTokens"]?.GetValue<long>(), row?["outputTokens"]?.GetValue<long>());
            if (used == (input, output))
            {
                return;
            }

            Assert.True(DateTime.UtcNow < end, $"{run} used {used}, not {(input, output)}.");
            await Task.Delay(50);
        }
    }
}
