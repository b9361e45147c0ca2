using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Telemetry;
using FuncLimiter.Gateway.Usage;

namespace FuncLimiter.Gateway.Operators;

/// <summary>Tells operators what calls used, on the way to where it is kept.</summary>
internal sealed class ObservedUsage(IUsageSink sink, CallFeed feed, GatewayMetrics metrics, TenantTallies tenants) : IUsageSink
{
    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        sink.Record(record);
        metrics.Ended(record);
        if (record.CostUsd is { } cost)
        {
            tenants.Of(record.Caller.Tenant).Pay(cost);
        }
        else if (UsageTotals.IsUnpriced(record))
        {
            tenants.Of(record.Caller.Tenant).GoUnpriced();
        }

        if (feed.Count(CallEventKind.Settled, out var now))
        {
            var caller = record.Caller;
            feed.Keep(new(CallEventKind.Settled, caller.Tenant, caller.User, caller.Priority, record.Route)
            {
                At = now,
                Deployment = record.Deployment,
                Waited = record.Waited,
                Reason = record.Status < 400 ? null : $"answered {record.Status}",
                Tokens = record.Usage?.TotalTokens,
            });
        }
    }
}
