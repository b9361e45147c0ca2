using System.Diagnostics;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Jobs;

/// <summary>Jobs of many calls.</summary>
[TakesLong]
public sealed class ListTests(ITestOutputHelper output)
{
    [EndToEndFact]
    public async Task ListOf300_ShowsItsProgress_EndsWithOneOutcomeEach_AndTheListGivenUpMeanwhileEndsAtOnce()
    {
        var app = await RunningApp.GetAsync();
        var calls = app.Provider.Report()["claude-x"].Accepted;
        var clock = Stopwatch.StartNew();
        var accepted = await app.Client.PostAsync("/jobs", List(DialectCall.Anthropic, 300), ("x-api-key", Setup.AcmeKey));
        var other = await app.Client.PostAsync("/jobs", List(DialectCall.Anthropic, 200), ("x-api-key", Setup.GlobexKey));

        List<int> seen = [0];
        Reply? given = null;
        JsonNode job;
        do
        {
            job = (await app.Client.FetchAsync(accepted.Headers["Location"], ("x-api-key", Setup.AcmeKey))).Json;
            seen.Add(job["progress"]!["succeeded"]!.GetValue<int>());
            Assert.True(seen[^1] >= seen[^2], "Progress went backwards.");
            if (given is null && seen[^1] > 20)
            {
                given = await GivenUpJob.GiveUpAsync(app.Client, other.Headers["Location"], Setup.GlobexKey);
            }

            Assert.True(clock.Elapsed < AppProcess.Longest, $"{seen[^1]} of 300 calls were made.");
            await Task.Delay(250);
        }
        while (job["endedAt"] is null);

        output.WriteLine($"list of 300 at ten calls a second: {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.True(seen.Distinct().Count() > 5, "Progress was not shown.");
        Assert.Equal((300, 300), (job["progress"]!["total"]!.GetValue<int>(), job["progress"]!["succeeded"]!.GetValue<int>()));
        Assert.NotNull(given);
        await GivenUpJob.IsAsToldAsync(given, app.Client, other.Headers["Location"], Setup.GlobexKey);
        var otherCalls = given.Json["progress"]!["succeeded"]!.GetValue<int>();
        Assert.InRange(otherCalls, 0, 199);
        Assert.InRange(app.Provider.Report()["claude-x"].Accepted - calls, 300 + otherCalls, 300 + 200 - 1);
    }

    [EndToEndFact]
    public async Task BackgroundList_GoesToTheProvidersBatchService()
    {
        var app = await RunningApp.GetAsync();

        var accepted = await app.Client.PostAsync("/jobs", List(DialectCall.OpenAI, 12, "background"), ("x-api-key", Setup.AcmeKey));
        var job = await app.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey, AppProcess.Longest);

        Assert.Equal(12, job["progress"]!["succeeded"]!.GetValue<int>());
        Assert.Equal((12, 12), Assert.Single(app.Provider.ReportBatches().Select(batch => (batch.Calls, batch.Answered))));
    }

    /// <summary>The body of a list of calls.</summary>
    internal static string List(DialectCall call, int calls, string priority = "standard") => new JsonArray([.. Enumerable.Range(0, calls).Select(_ => new JsonObject
    {
        ["path"] = call.Path,
        ["body"] = JsonNode.Parse(call.Body()),
        ["priority"] = priority,
        ["deadlineSeconds"] = 86_400,
    })]).ToJsonString();
}
