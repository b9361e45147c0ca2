using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>The scene with its fleet at work, and a browser; shared by the tests that only look.</summary>
public sealed class LoadedSite : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _over = new();
    private Task _load = Task.CompletedTask;

    internal DashboardSite Site { get; private set; } = null!;

    internal Browser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Browser.Obstacle is not null)
        {
            return;
        }

        Site = await DashboardSite.StartAsync(Scene.Provider, Scene.Configuration);
        Browser = await Browser.StartAsync();
        _load = Fleet.RunAsync(Scene.Load(Site.Address, Longest), cancellationToken: _over.Token);
    }

    public void Dispose() => _over.Dispose();

    public async Task DisposeAsync()
    {
        await _over.CancelAsync();
        await _load;
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
            await Site.DisposeAsync();
        }
    }
}
