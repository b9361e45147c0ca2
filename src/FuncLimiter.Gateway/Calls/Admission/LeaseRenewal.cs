using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>
/// Keeps a limiter's leases renewed, ahead of need and off the path of every call. While an owner is slow or can't be reached, calls go out
/// as far as what is held allows, and then wait or are refused with what is known.
/// </summary>
/// <param name="limiter">The limiter; made with <see cref="Core.LimiterSpec.Leases"/>.</param>
/// <param name="owners">Where its budgets are owned.</param>
/// <param name="failed">Is told of each ask that failed, with its scope.</param>
internal sealed class LeaseRenewal(EmbeddedLimiter limiter, ILeaseOwners owners, TimeProvider time, Action<string, Exception> failed)
{
    /// <summary>Between two looks at what is due, however many calls wait.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);

    /// <summary>What is held may run out sooner than was foreseen.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    /// <summary>Asks for leases whenever they are due, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var under = new List<Task>();
        while (!cancellationToken.IsCancellationRequested)
        {
            under.RemoveAll(static task => task.IsCompleted);
            var due = limiter.TakeDueAsks(out var next);
            under.AddRange(due.Select(ask => CarryAsync(ask, cancellationToken)));

            try
            {
                await Task.Delay(Shortest, time, cancellationToken);
                await limiter.LeasesWanted.WaitAsync(Sleep(next), time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(under);
    }

    /// <summary>Gives everything back, so that others need not wait for the leases to expire.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(limiter.LeaveOwners().Select(ask => CarryAsync(ask, cancellationToken)));

    private TimeSpan Sleep(Instant next)
    {
        var wait = next.IsKnown ? next - SteadyClock.Of(time).Now : Idle;
        return next.IsKnown && wait > Longest ? Longest : wait > Shortest ? wait : Shortest;
    }

    private async Task CarryAsync(ScopeAsk ask, CancellationToken cancellationToken)
    {
        try
        {
            if (await owners.AskAsync(ask, cancellationToken) is { } answer)
            {
                limiter.TakeUp(answer);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends; what it holds is given back apart, or expires.
        }
#pragma warning disable CA1031 // Whatever the owners fail with: what is held bounds what goes out, and the next ask comes in time.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(ask.Scope, exception);
        }
    }
}

/// <summary>Reaches the owners of leased budgets, wherever they are.</summary>
internal interface ILeaseOwners
{
    /// <summary>Carries an ask to the owner of its scope and brings the answer back.</summary>
    /// <returns>The owner's answer; null where none came within the policy's time, after which the scope is asked again.</returns>
    Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken);
}
