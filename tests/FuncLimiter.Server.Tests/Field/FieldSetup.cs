using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>One server process for the cases of a test class.</summary>
public abstract class FieldSetup : IAsyncLifetime
{
    private readonly FieldCase[] _cases;
    private FieldServer? _server;

    private protected FieldSetup(params FieldCase[] cases) => _cases = cases;

    /// <summary>The server.</summary>
    internal FieldServer Server => _server!;

    public async Task InitializeAsync()
    {
        _server = await FieldServer.StartAsync(_cases, Configure);
        await BeginAsync();
    }

    public async Task DisposeAsync() => await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);

    /// <summary>Begins what takes long.</summary>
    private protected virtual Task BeginAsync() => Task.CompletedTask;

    /// <summary>Adds to the configuration what no case's setting has.</summary>
    private protected virtual void Configure(JsonObject configuration)
    {
    }
}
