namespace FuncLimiter.Gateway.Calls;

/// <summary>Takes what each finished call used, for bills and reports.</summary>
public interface IUsageSink
{
    /// <summary>Takes one finished call. Called on the call's own path: it must not block, and must not throw.</summary>
    void Record(UsageRecord record);
}
