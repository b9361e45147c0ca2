using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Hosting;
using FuncLimiter.Simulation.Providers.Reports;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers;

/// <summary>
/// Stands in for OpenAI, Azure OpenAI and Anthropic over real HTTP on loopback: enforces their limits with their own algorithms, answers
/// in their formats (streams, tools, cached tokens, errors), and counts by its own clock what it accepted and what it would have let
/// through at most. Paths: OpenAI <c>/v1/chat/completions</c>, <c>/v1/responses</c>, <c>/v1/embeddings</c>, <c>/v1/models</c>; Anthropic
/// <c>/v1/messages</c>, <c>/v1/messages/count_tokens</c>; Azure <c>/openai/deployments/{name}/chat/completions</c> and
/// <c>/embeddings</c>, with <c>api-version</c>; the same and <c>/responses</c> under <c>/openai/v1</c>; the batch services of all three under
/// <c>/v1/files</c> and <c>/v1/batches</c>, <c>/v1/messages/batches</c>, and <c>/openai/v1</c>. Other processes read and steer it
/// by <c>GET /_double/report</c>, <c>POST /_double/reset</c> and <c>POST /_double/faults</c>; a request's header <c>x-double-fault</c> names
/// what is to go wrong with it.
/// </summary>
public sealed class ProviderDouble : IAsyncDisposable
{
    private readonly ProviderDoubleOptions _options;
    private readonly TimeProvider _time;
    private LoopbackServer? _server;
    private volatile DoubleState _state;

    private ProviderDouble(ProviderDoubleOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _state = new DoubleState(options, time);
    }

    /// <summary>Where it listens, without a path: what a client's base URL begins with.</summary>
    public Uri BaseAddress => _server!.BaseAddress;

    /// <summary>Starts one.</summary>
    /// <param name="options">What it offers.</param>
    /// <param name="time">Its clock, for limits and latency; the system's where null.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="ArgumentException">A key and model are named twice in one dialect.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ProviderDouble> StartAsync(
        ProviderDoubleOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var provider = new ProviderDouble(options, time ?? TimeProvider.System);
        var calls = new CallHandler(options, provider._time);
        provider._server = await LoopbackServer.StartAsync(options.Port, Handle, cancellationToken);
        return provider;

        Task Handle(HttpContext context) => context.Request.Path.StartsWithSegments("/_double")
            ? ControlEndpoints.HandleAsync(context, provider)
            : calls.HandleAsync(context, provider._state);
    }

    /// <summary>What it has seen so far.</summary>
    public DoubleReport Report() => _state.Report();

    /// <summary>What its batch service has seen so far.</summary>
    public IReadOnlyList<BatchReport> ReportBatches() => _state.Batches.Report(_state.Now);

    /// <summary>Begins anew: counters, limits, caches, and the faults as the options have them. Calls under way count no more.</summary>
    public void Reset() => _state = new DoubleState(_options, _time);

    /// <summary>Lets things go wrong from now on.</summary>
    /// <param name="rules">What, and when, counted from now.</param>
    /// <param name="clear">Whether earlier rules end.</param>
    public void AddFaults(IEnumerable<FaultRule> rules, bool clear = false) => _state.AddFaults(rules, clear);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
