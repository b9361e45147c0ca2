using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Usage;

/// <summary>Keeps what calls used, and answers questions about it.</summary>
public interface IUsageLedger : IUsageSink
{
    /// <summary>Answers a question; what was recorded just now may be missing for a moment.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="UsageTooLargeException">It would read more than a question may.</exception>
    Task<UsagePage> QueryAsync(UsageQuery query, CancellationToken cancellationToken);
}
