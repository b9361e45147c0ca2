using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Outages;

/// <summary>Storage that can't be reached for a while.</summary>
[TakesLong]
public sealed class StorageAwayTests
{
    [EndToEndFact]
    public async Task StorageAwayForHalfAMinute_LosesNoCall_AndTakesJobsAfterwards()
    {
        using var outage = new Outage(await Azurite.PortsAsync());
        await using var setup = await AppSetup.CreateAsync(new Setup(), await Azurite.NewAccountAsync(outage.Ports));
        await using var app = await setup.StartAsync();
        Assert.Equal(200, (await CallAsync(app)).Status);

        outage.Begin();
        var meanwhile = CallAsync(app);
        await Task.Delay(TimeSpan.FromSeconds(30));
        outage.End();

        // What is held lets a call out, else it waits for a lease: within its patience, which is longer than the outage.
        var reply = await meanwhile;
        Assert.True(reply.Status == 200, reply.Text);
        var accepted = await app.Client.PostAsync("/jobs", $$"""{"path":"{{DialectCall.OpenAI.Path}}","body":{{DialectCall.OpenAI.Body()}}}""", ("x-api-key", Setup.AcmeKey));
        var job = await app.Client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey, AppProcess.Longest);
        Assert.Equal(200, job["result"]!["status"]!.GetValue<int>());
    }

    private static Task<Reply> CallAsync(AppProcess app) =>
        app.Client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey));
}
