using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>When owners can't be reached, and how that shows.</summary>
/// <param name="From">From when on, after the start.</param>
/// <param name="For">For how long.</param>
/// <param name="Fails">Whether asks fail at once; else they are taken, and carried out when it is over.</param>
internal sealed record OwnerOutage(TimeSpan From, TimeSpan For, bool Fails);

/// <summary>Owners that can't be reached for a time.</summary>
internal sealed class OwnersOutOfReach(ILeaseOwners owners, SimulatedTime time, OwnerOutage outage, TimeSpan answerWithin) : ILeaseOwners
{
    public async Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow() - SimulatedTime.Start;
        if (since < outage.From || since >= outage.From + outage.For)
        {
            return await owners.AskAsync(ask, cancellationToken);
        }

        if (outage.Fails)
        {
            throw new InvalidOperationException("The storage can't be reached.");
        }

        time.At(SimulatedTime.Start + outage.From + outage.For, () => _ = owners.AskAsync(ask, CancellationToken.None));
        await Task.Delay(answerWithin, time, cancellationToken);
        return null;
    }
}
