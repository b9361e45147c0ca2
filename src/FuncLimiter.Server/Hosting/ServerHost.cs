using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Admission;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace FuncLimiter.Server.Hosting;

/// <summary>The embedded server: the gateway, a limiter that owns the budgets.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    /// <summary>How long calls under way may go on once the server was asked to stop.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;

    private ServerHost(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Builds a server and listens.</summary>
    /// <exception cref="IOException">An address can't be listened on.</exception>
    public static async Task<ServerHost> StartAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        ServerLogging.Configure(builder.Logging, settings.Quiet);
        builder.WebHost.UseUrls(settings.Urls).UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.Options.MaxRequestBytes;
        });
        AddServices(builder.Services, settings);
        var app = builder.Build();
        try
        {
            await StartAsync(app, cancellationToken);
            return new ServerHost(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes once the server was asked to stop, and has ended what was under way.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static void AddServices(IServiceCollection services, ServerSettings settings)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTime);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new Estimator());
        services.AddSingleton(provider => new EmbeddedLimiter(
            LimiterSpecs.From(settings.Configuration, isDurable: false), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILimiter>(provider => provider.GetRequiredService<EmbeddedLimiter>());
        services.AddFuncLimiter(settings.Configuration, settings.Options);
    }

    private static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        app.MapFuncLimiter();
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<HealthEndpoint>().Drain);
        await app.StartAsync(cancellationToken);
    }
}
