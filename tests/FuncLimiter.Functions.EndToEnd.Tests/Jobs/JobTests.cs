using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Functions.EndToEnd.Tests.Jobs;

/// <summary>Jobs of one call, in an orchestration each.</summary>
public sealed class JobTests
{
    [EndToEndFact]
    public async Task Call_ThatPrefersToBeAnsweredLater_IsAJob()
    {
        var app = await RunningApp.GetAsync();
        var call = DialectCall.Azure;

        var accepted = await app.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey), ("Prefer", "respond-async"));
        var job = await app.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey, AppProcess.Longest);

        Assert.Equal((202, "respond-async"), (accepted.Status, accepted.Headers["Preference-Applied"]));
        Assert.Equal((200, call.Model), (job["result"]!["status"]!.GetValue<int>(), job["result"]!["body"]!["model"]!.GetValue<string>()));
    }

    [EndToEndFact]
    public async Task Webhook_WhenTheJobEnds_CarriesTheJob()
    {
        var app = await RunningApp.GetAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var request = JsonNode.Parse(Requested(DialectCall.OpenAI))!;
        request["webhook"] = receiver.Address;

        var accepted = await app.Client.PostAsync("/jobs", request.ToJsonString(), ("x-api-key", Setup.AcmeKey));
        var delivery = Assert.Single(await receiver.UntilAsync(1));

        Assert.Equal(accepted.Json["id"]!.GetValue<string>(), delivery.Id);
        Assert.Equal("done", JsonNode.Parse(Encoding.UTF8.GetString(delivery.Body))!["state"]!.GetValue<string>());
        Assert.NotEmpty(delivery.Signature);
    }

    /// <summary>The body of a job of one call.</summary>
    internal static string Requested(DialectCall call) => $$"""{"path":"{{call.Path}}","body":{{call.Body()}}}""";
}

/// <summary>A job that the provider sends away.</summary>
public sealed class RetryAfterTests
{
    [EndToEndFact]
    public async Task Job_ThatTheProviderSendsAway_SleepsToTheInstantThatItNamed()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        await using var app = await setup.StartAsync();
        setup.Provider.AddFaults([new FaultRule(FaultKind.RetryAfter) { Count = 1, Value = 12 }]);

        var accepted = await app.Client.PostAsync("/jobs", JobTests.Requested(DialectCall.OpenAI), ("x-api-key", Setup.AcmeKey));
        var job = await app.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey, AppProcess.Longest);

        Assert.Equal(200, job["result"]!["status"]!.GetValue<int>());
        var provider = setup.Provider.Report().Deployments[0];
        Assert.Equal((2, 1, 0), (provider.Calls, provider.Rejected, provider.DuringCooldown));
    }
}
