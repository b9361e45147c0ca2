using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Gateway.Routes;
using FuncLimiter.Gateway.State;
using FuncLimiter.Gateway.Upstream;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What every call needs.</summary>
internal sealed record CallServices(
    GatewayConfiguration Configuration,
    GatewayOptions Options,
    RouteTable Routes,
    ILimiter Limiter,
    Estimator Estimator,
    UpstreamClient Upstream,
    IUsageSink Usage,
    AdmissionHeaders Headers,
    TimeProvider Time)
{
    /// <summary>The time by which budgets and waits count.</summary>
    public SteadyClock Clock { get; } = SteadyClock.Of(Time);

    /// <summary>Who holds what calls go on from; null where nobody keeps that.</summary>
    public StateOwners? State { get; init; }

    /// <summary>What is believed of what tenants tell of limits.</summary>
    public ReportedLimits Reports { get; } = new(Configuration, Time);
}
