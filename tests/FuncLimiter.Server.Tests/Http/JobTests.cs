using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>Jobs from their acceptance to their result, over HTTP.</summary>
public sealed class JobTests(PromptSetup setup) : IClassFixture<PromptSetup>
{
    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Job_OfOneCall_EndsWithTheProvidersAnswer(string dialect)
    {
        var call = DialectCall.Of(dialect);

        var accepted = await setup.Client.PostAsync("/jobs", Job(call), ("x-api-key", Setup.AcmeKey));
        var job = await setup.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey);

        Assert.Equal(202, accepted.Status);
        Assert.Equal($"/jobs/{accepted.Json["id"]}", accepted.Headers["Location"]);
        Assert.Equal("done", job["state"]!.GetValue<string>());
        Assert.Equal(200, job["result"]!["status"]!.GetValue<int>());
        Assert.Equal(call.Model, job["result"]!["body"]!["model"]!.GetValue<string>());
        Assert.Equal(5, job["result"]!["usage"]!["outputTokens"]!.GetValue<int>());
        Assert.EndsWith(call.Model, job["result"]!["deployment"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_OfAList_HasOneResultForEachInTheOrderAsked()
    {
        var list = $"[{Job(DialectCall.OpenAI)},{Job(DialectCall.Anthropic)},{Job(DialectCall.Azure)}]";

        var accepted = await setup.Client.PostAsync("/jobs", list, ("x-api-key", Setup.AcmeKey));
        var job = await setup.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey);

        Assert.Equal(["gpt-x", "claude-x", "gpt-z"], job["items"]!.AsArray().Select(item => item!["result"]!["body"]!["model"]!.GetValue<string>()));
        Assert.Equal((3, 3), (job["progress"]!["total"]!.GetValue<int>(), job["progress"]!["succeeded"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Call_ThatPrefersToBeAnsweredLater_IsAJob(string dialect)
    {
        var call = DialectCall.Of(dialect);

        var accepted = await setup.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey), ("Prefer", "respond-async"));
        var job = await setup.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey);

        Assert.Equal((202, "respond-async"), (accepted.Status, accepted.Headers["Preference-Applied"]));
        Assert.Equal(call.Model, job["result"]!["body"]!["model"]!.GetValue<string>());
    }

    [Fact]
    public async Task Job_OfAnotherTenant_IsNotThere()
    {
        var accepted = await setup.Client.PostAsync("/jobs", Job(DialectCall.OpenAI), ("x-api-key", Setup.AcmeKey));
        var path = accepted.Headers["Location"];

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var other = await setup.Client.SendAsync(method, path, null, ("x-api-key", Setup.GlobexKey));
            var unknown = await setup.Client.SendAsync(method, "/jobs/job_0", null, ("x-api-key", Setup.AcmeKey));
            var stranger = await setup.Client.SendAsync(method, path);

            Assert.Equal((404, "job_not_found"), (other.Status, DialectCall.OpenAI.Word(other)));
            Assert.Equal(other.Text, unknown.Text);
            Assert.Equal(401, stranger.Status);
        }

        Assert.Equal("done", (await setup.Client.UntilEndedAsync(path, Setup.AcmeKey))["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Job_WhileItWaits_TellsItsPlaceAndWhenToLookAgain()
    {
        var slow = new Setup { OpenAI = 30, BurstSeconds = 4 };
        await using var provider = await slow.StartDoubleAsync();
        using var folder = slow.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        var list = $"[{string.Join(',', Enumerable.Repeat(Job(DialectCall.OpenAI), 20))}]";

        for (var n = 0; n < 20; n++)
        {
            Assert.Equal(202, (await server.Client.PostAsync("/jobs", list, ("x-api-key", Setup.AcmeKey))).Status);
        }

        var last = await server.Client.PostAsync("/jobs", list, ("x-api-key", Setup.AcmeKey));

        Assert.Equal("waiting", last.Json["state"]!.GetValue<string>());
        Assert.InRange(last.Json["queue"]!["ahead"]!.GetValue<int>(), 1, 400);
        Assert.InRange(int.Parse(last.Headers["Retry-After"]), 1, 60);
    }

    [Fact]
    public async Task Job_OfAModelWithRoom_DoesNotWaitForOneThatHasNone()
    {
        var tight = new Setup { OpenAI = 30, BurstSeconds = 4, Jobs = new { maxRunning = 16 } };
        await using var provider = await tight.StartDoubleAsync();
        using var folder = tight.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        var stuck = $"[{string.Join(',', Enumerable.Repeat(Job(DialectCall.OpenAI), 500))}]";
        Assert.Equal(202, (await server.Client.PostAsync("/jobs", stuck, ("x-api-key", Setup.AcmeKey))).Status);
        await Task.Delay(500);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var free = await server.Client.PostAsync("/jobs", $"[{string.Join(',', Enumerable.Repeat(Job(DialectCall.Azure), 50))}]", ("x-api-key", Setup.AcmeKey));
        var job = await server.Client.UntilEndedAsync(free.Headers["Location"], Setup.AcmeKey);

        Assert.Equal(50, job["progress"]!["succeeded"]!.GetValue<int>());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}; the other model's backlog takes a quarter of an hour.");
    }

    [Fact]
    public async Task Job_Cancelled_EndsAtOnceAndItsCallUnderWayIsCutOff()
    {
        var slow = new Setup { Latency = TimeSpan.FromSeconds(20) };
        await using var provider = await slow.StartDoubleAsync();
        using var folder = slow.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        var accepted = await server.Client.PostAsync("/jobs", Job(DialectCall.OpenAI), ("x-api-key", Setup.AcmeKey));
        await Wait.UntilAsync(() => provider.Report().Deployments[0].UnderWay == 1);

        var cancelled = await GivenUpJob.GiveUpAsync(server.Client, accepted.Headers["Location"], Setup.AcmeKey);

        await Wait.UntilAsync(() => provider.Report().Deployments[0].Cancelled == 1);
        await GivenUpJob.IsAsToldAsync(cancelled, server.Client, accepted.Headers["Location"], Setup.AcmeKey);
    }

    [Fact]
    public async Task Job_NotDoneByItsDeadline_Expires()
    {
        var slow = new Setup { Latency = TimeSpan.FromSeconds(20) };
        await using var provider = await slow.StartDoubleAsync();
        using var folder = slow.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();

        var accepted = await server.Client.PostAsync(
            "/jobs", Job(DialectCall.OpenAI).Replace("{\"path\"", "{\"deadlineSeconds\":10,\"path\"", StringComparison.Ordinal), ("x-api-key", Setup.AcmeKey));
        var job = await server.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey);

        Assert.Equal(1, job["progress"]!["expired"]!.GetValue<int>());
        Assert.Equal("expired", job["result"]!["state"]!.GetValue<string>());
        Assert.Null(job["result"]!["status"]);
        await Wait.UntilAsync(() => provider.Report().Deployments[0].Cancelled == 1);
    }

    [Fact]
    public async Task Server_AskedToStop_LetsCallsUnderWayEndAndKeepsTheirResults()
    {
        var slow = new Setup { Latency = TimeSpan.FromSeconds(2), OpenAI = 60, BurstSeconds = 4 };
        await using var provider = await slow.StartDoubleAsync();
        using var folder = slow.Folder(provider.BaseAddress);
        var before = await folder.StartAsync();
        var list = $"[{string.Join(',', Enumerable.Repeat(Job(DialectCall.OpenAI), 20))}]";
        var accepted = await before.Client.PostAsync("/jobs", list, ("x-api-key", Setup.AcmeKey));
        var caller = before.Client.PostAsync(DialectCall.Anthropic.Path, DialectCall.Anthropic.Body(), ("x-api-key", Setup.AcmeKey));
        await Wait.UntilAsync(() => provider.Report().Deployments[0].UnderWay > 0 && provider.Report().Deployments[2].UnderWay == 1);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(0, await before.StopAsync());
        Assert.Equal(200, (await caller).Status);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(19), $"Calls that wait held the server up for {clock.Elapsed}.");
        Assert.Equal(0, provider.Report().Deployments[0].Cancelled);
        var answered = provider.Report().Deployments[0].Completed;
        await before.DisposeAsync();

        await using var after = await folder.StartAsync();
        var job = await after.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey);
        Assert.InRange(answered, 1, 19);
        Assert.Equal(20, job["progress"]!["succeeded"]!.GetValue<int>());
        Assert.Equal((20, 0), (provider.Report().Deployments[0].Accepted, provider.Report().Idempotency.AcceptedTwice));
    }

    private static string Job(DialectCall call) => $$"""{"path":"{{call.Path}}","body":{{call.Body()}}}""";
}
