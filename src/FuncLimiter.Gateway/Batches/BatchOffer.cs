using FuncLimiter.Core.Pacing;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Routes;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Gateway.Batches;

/// <summary>A deployment whose provider's batch service may be used.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="Service">The provider's batch service.</param>
/// <param name="Terms">Within which bounds.</param>
public sealed record BatchOffer(Deployment Deployment, ProviderBatches Service, BatchTerms Terms)
{
    /// <summary>A batch is held in memory while it is handed in.</summary>
    private const long UsualBytes = 64 * 1024 * 1024;

    /// <summary>The offer of a deployment; null where its account's batch service is not to be used.</summary>
    public static BatchOffer? Of(Deployment deployment, AccountConfiguration account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return account.Batch is { } batch && ProviderBatches.Of(account.Provider) is { } service
            ? new BatchOffer(deployment, service, new BatchTerms
            {
                LeastTime = batch.LeastTime,
                Reserve = batch.Reserve,
                CollectFor = batch.CollectFor,
                PollEvery = batch.PollEvery,
                FewestCalls = batch.MinCalls,
                MostCalls = batch.MaxCalls ?? service.MostCalls,
                MostBytes = batch.MaxBytes ?? Math.Min(UsualBytes, service.MostBytes),
                MostQueuedTokens = batch.MaxQueuedTokens,
            })
            : null;
    }
}
