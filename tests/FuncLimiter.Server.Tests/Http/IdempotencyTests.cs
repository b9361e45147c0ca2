using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>One key of one tenant is one call at the provider, however often and wherever it is asked for.</summary>
public sealed class IdempotencyTests(PromptSetup setup) : IClassFixture<PromptSetup>
{
    private const string Replayed = "Idempotent-Replayed";

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Key_AskedTwiceInTurn_IsOneCallAndTheSameAnswer(string dialect)
    {
        var call = DialectCall.Of(dialect);
        var calls = setup.Provider.Report().Calls;

        var first = await PostAsync(call, call.Body(), $"turn-{dialect}");
        var second = await PostAsync(call, call.Body(), $"turn-{dialect}");

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.Equal(first.Text, second.Text);
        Assert.False(first.Headers.ContainsKey(Replayed));
        Assert.Equal("true", second.Headers[Replayed]);
        Assert.Equal(calls + 1, setup.Provider.Report().Calls);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Key_AskedManyTimesAtOnce_IsOneCallAndTheSameAnswer(string dialect)
    {
        var call = DialectCall.Of(dialect);
        var calls = setup.Provider.Report().Calls;

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(call, call.Body(), $"at-once-{dialect}")));

        Assert.All(replies, reply => Assert.Equal((200, replies[0].Text), (reply.Status, reply.Text)));
        Assert.Equal(19, replies.Count(reply => reply.Headers.ContainsKey(Replayed)));
        Assert.Equal(calls + 1, setup.Provider.Report().Calls);
    }

    [Theory]
    [InlineData("openai", "idempotency_key_reused")]
    [InlineData("azure", "idempotency_key_reused")]
    [InlineData("anthropic", "invalid_request_error")]
    public async Task Key_UsedForSomethingElse_IsRefusedInTheDialect(string dialect, string word)
    {
        var call = DialectCall.Of(dialect);
        await PostAsync(call, call.Body("one"), $"reused-{dialect}");
        var calls = setup.Provider.Report().Calls;

        var other = await PostAsync(call, call.Body("another"), $"reused-{dialect}");

        Assert.Equal((422, word), (other.Status, call.Word(other)));
        Assert.Equal(calls, setup.Provider.Report().Calls);
    }

    [Fact]
    public async Task Key_OfAnotherTenant_IsAnotherKey()
    {
        var call = DialectCall.OpenAI;
        var calls = setup.Provider.Report().Calls;

        await PostAsync(call, call.Body(), "shared");
        var other = await setup.Client.PostAsync(call.Path, call.Body("else"), ("x-api-key", Setup.GlobexKey), ("Idempotency-Key", "shared"));

        Assert.Equal(200, other.Status);
        Assert.Equal(calls + 2, setup.Provider.Report().Calls);
    }

    [Fact]
    public async Task Key_OfAJobAskedTwice_IsOneJobAndOneCall()
    {
        var call = DialectCall.OpenAI;
        var calls = setup.Provider.Report().Calls;
        var body = $$"""{"path":"{{call.Path}}","body":{{call.Body()}}}""";

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            setup.Client.PostAsync("/jobs", body, ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "job"))));
        var different = await setup.Client.PostAsync(
            "/jobs", $$"""{"path":"{{call.Path}}","body":{{call.Body("else")}}}""", ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "job"));
        var done = await setup.Client.UntilEndedAsync(replies[0].Headers["Location"], Setup.AcmeKey);

        Assert.All(replies, reply => Assert.Equal((202, replies[0].Headers["Location"]), (reply.Status, reply.Headers["Location"])));
        Assert.Equal(9, replies.Count(reply => reply.Headers.ContainsKey(Replayed)));
        Assert.Equal((422, "idempotency_key_reused"), (different.Status, call.Word(different)));
        Assert.Equal(200, done["result"]!["status"]!.GetValue<int>());
        Assert.Equal(calls + 1, setup.Provider.Report().Calls);
    }

    [Fact]
    public async Task Key_OfAStream_IsRefusedWhileItLasts()
    {
        await using var provider = await new Setup { PerToken = TimeSpan.FromMilliseconds(100) }.StartDoubleAsync();
        using var folder = new Setup().Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        var call = DialectCall.OpenAI;
        using var request = Requests.Create(
            HttpMethod.Post, call.Path, call.Body(maxTokens: 20, stream: true), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "stream"));
        using var stream = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        var during = await server.Client.PostAsync(
            call.Path, call.Body(maxTokens: 20, stream: true), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "stream"));

        Assert.Equal((409, "idempotency_key_in_flight"), (during.Status, call.Word(during)));
        Assert.Contains("data: [DONE]", await stream.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, provider.Report().Calls);
    }

    [Fact]
    public async Task Key_AskedAgainAfterAKill_IsTheSameAnswerAndTheSameJob()
    {
        var call = DialectCall.Anthropic;
        var job = $$"""{"path":"{{call.Path}}","body":{{call.Body()}}}""";
        await using var provider = await new Setup().StartDoubleAsync();
        using var folder = new Setup().Folder(provider.BaseAddress);
        var before = await folder.StartAsync();
        var first = await before.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "k"));
        var firstJob = await before.Client.PostAsync("/jobs", job, ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "k"));
        await before.Client.UntilEndedAsync(firstJob.Headers["Location"], Setup.AcmeKey);
        await before.KillAsync();
        await before.DisposeAsync();

        await using var after = await folder.StartAsync();
        var second = await after.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "k"));
        var other = await after.Client.PostAsync(call.Path, call.Body("else"), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "k"));
        var secondJob = await after.Client.PostAsync("/jobs", job, ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "k"));

        Assert.Equal((200, first.Text, "true"), (second.Status, second.Text, second.Headers[Replayed]));
        Assert.Equal((422, "invalid_request_error"), (other.Status, call.Word(other)));
        Assert.Equal(firstJob.Headers["Location"], secondJob.Headers["Location"]);
        Assert.Equal(2, provider.Report().Calls);
    }

    private Task<Reply> PostAsync(DialectCall call, string body, string key) =>
        setup.Client.PostAsync(call.Path, body, ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", key));
}
