using System.Net;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Simulation.Providers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>The gateway with its dashboard on loopback, in front of a provider double.</summary>
internal sealed class DashboardSite : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DashboardSite(WebApplication app, ProviderDouble provider)
    {
        (_app, Provider) = (app, provider);
        var server = app.Services.GetRequiredService<IServer>();
        Address = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public ProviderDouble Provider { get; }

    /// <param name="provider">The double's deployments.</param>
    /// <param name="configuration">The text of the configuration, from the double's address; the secret <c>${KEY}</c> is <c>sk-double</c>.</param>
    public static async Task<DashboardSite> StartAsync(ProviderDoubleOptions provider, Func<Uri, string> configuration)
    {
        var started = await ProviderDouble.StartAsync(provider);
        var read = ConfigurationReader.Read(configuration(started.BaseAddress), static name => name == "KEY" ? "sk-double" : null);
        Assert.Empty(read.Mistakes);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ILimiter>(new EmbeddedLimiter(LimiterSpecs.From(read.Configuration!, isDurable: false), TimeProvider.System));
        builder.Services.AddFuncLimiter(read.Configuration!);
        var app = builder.Build();
        app.MapFuncLimiter();
        await app.StartAsync();
        return new DashboardSite(app, started);
    }

    public async Task<JsonDocument> StatusAsync() => JsonDocument.Parse(await ReadAsync("/status"));

    /// <summary>What an operator reads at a path.</summary>
    public async Task<string> ReadAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Authorization", $"Bearer {Scene.AdminKey}" } } };
        using var response = await Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
