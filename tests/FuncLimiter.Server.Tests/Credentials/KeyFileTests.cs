using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>Keys in files are replaced while the real process runs.</summary>
public sealed class KeyFileTests(CloudSetup setup) : IClassFixture<CloudSetup>
{
    [Fact]
    public async Task Key_ThatWasReplacedAndRevoked_IsReadAgain_AndNobodyNotices()
    {
        Assert.Equal(200, (await ChatAsync()).Status);

        setup.WriteKey();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ChatAsync()));

        Assert.All(replies, reply => Assert.True(reply.Status == 200, reply.Text));
    }

    [Fact]
    public async Task Key_ThatWasReplaced_IsReadAgainByItself()
    {
        Assert.Equal(200, (await ChatAsync()).Status);
        var old = setup.OpenAI.Key;
        setup.OpenAI.AlsoTakes = old;
        setup.WriteKey();

        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (setup.OpenAI.Served.Last() != setup.OpenAI.Key)
        {
            Assert.True(DateTime.UtcNow < end, "The new key was never used.");
            await Task.Delay(200);
            Assert.Equal(200, (await ChatAsync()).Status);
        }

        setup.OpenAI.AlsoTakes = null;
        Assert.DoesNotContain(old, setup.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(setup.OpenAI.Key, setup.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_WhoseFileIsEmptied_StaysAsItIs()
    {
        setup.WriteKey(string.Empty);
        await Wait.UntilAsync(() => setup.Output.Contains("stays as it is", StringComparison.Ordinal));

        Assert.Equal(200, (await ChatAsync()).Status);
        setup.WriteKey();
        Assert.Equal(200, (await ChatAsync()).Status);
    }

    private Task<Reply> ChatAsync() => setup.Client.PostAsync(
        "/v1/chat/completions", """{"model":"gpt-x","messages":[{"role":"user","content":"Say it."}],"max_tokens":10}""");
}
