using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>What gives out credentials is away: nothing is known of the provider, whose deployments stay open.</summary>
public sealed class MissingCredentialTests(CloudSetup setup) : IClassFixture<CloudSetup>
{
    [Fact]
    public async Task Token_ThatEndsWhileNoneCanBeHad_IsToldAsMissing_AndEverythingGoesOnWhenOneCan()
    {
        setup.Google.GoodForSeconds = 2;
        Assert.Equal(200, (await Chat("file")).Status);
        setup.Google.GivesTokens = false;

        // The last one is used to its end.
        Assert.Equal(200, (await Chat("file")).Status);
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        var refused = await Chat("file");
        var open = await IsOpenAsync("file");
        setup.Google.GivesTokens = true;

        AssertMissing(refused, "file/google/gemini-x", "service-account.json");
        Assert.True(open, "A token that can't be had closed the deployment.");
        await UntilServedAsync("file");
    }

    [Fact]
    public async Task Role_ThatCannotBeTakenOn_IsToldAsMissing_ItsFallbackServes_AndItsDeploymentStaysOpen()
    {
        setup.Amazon.GivesCredentials = false;

        var refused = await Chat("role");
        var elsewhere = await Chat("role-or-own");
        var open = await IsOpenAsync("role");
        setup.Amazon.GivesCredentials = true;

        AssertMissing(refused, $"role/{CloudSetup.Model}", CloudSetup.Role);
        Assert.Equal((200, $"own/{CloudSetup.Model}"), (elsewhere.Status, elsewhere.Headers["X-FuncLimiter-Deployment"]));
        Assert.True(open, "Credentials that can't be had closed the deployment.");
        await UntilServedAsync("role");
    }

    private static void AssertMissing(Reply reply, string deployment, string source)
    {
        Assert.True(reply.Status == 503, reply.Text);
        Assert.Equal("credential_missing", reply.Json["error"]!["code"]!.GetValue<string>());
        Assert.Contains(deployment, reply.Text, StringComparison.Ordinal);
        Assert.Contains(source, reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", reply.Text, StringComparison.Ordinal);
        Assert.True(reply.Headers.ContainsKey("Retry-After"));
    }

    private Task<Reply> Chat(string model) => setup.Client.PostAsync(
        "/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Say it."}],"max_tokens":100}""");

    private async Task<bool> IsOpenAsync(string account)
    {
        var budget = (await setup.Client.FetchAsync("/status")).Json["budgets"]!.AsArray()
            .Single(one => one!["name"]!.GetValue<string>() is var name && name.StartsWith($"deployment:{account}/", StringComparison.Ordinal) && !name.EndsWith("/claude-x", StringComparison.Ordinal))!;
        return budget["cooldownUntil"] is null;
    }

    private async Task UntilServedAsync(string model)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while ((await Chat(model)).Status != 200)
        {
            Assert.True(DateTime.UtcNow < end, "It was not served again.");
            await Task.Delay(200);
        }
    }
}
