namespace FuncLimiter.Gateway.Calls;

/// <summary>Keeps nothing, for hosts that don't report usage.</summary>
internal sealed class NoUsageSink : IUsageSink
{
    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
    }
}
