using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Outages;

/// <summary>What tests start ends with them.</summary>
public sealed class AbandonedTests
{
    [EndToEndFact]
    public async Task Host_WhoseStarterIsGone_EndsWithItsApp()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        await using var app = await setup.StartAsync();
        using var worker = app.FindWorker();

        await app.AbandonAsync();

        await worker.WaitForExitAsync().WaitAsync(AppProcess.Longest);
    }
}
