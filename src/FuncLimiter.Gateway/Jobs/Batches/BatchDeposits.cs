using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>
/// Has the owners of budgets that instances share hold what a batch's calls can come to, under the job's name, until its results are there.
/// Each does nothing a second time.
/// </summary>
/// <param name="estimator">What calls like these used.</param>
internal sealed class BatchDeposits(SpendDesk desk, ISpendOwners owners, Estimator estimator, TimeProvider time)
{
    /// <summary>How long after its deadline a deposit that nobody has ended is kept; then it counts as spent.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>The most that calls can come to, by the budgets that refuse and bound them.</summary>
    public IReadOnlyDictionary<string, SpendAmount> Most(BatchOffer offer, IEnumerable<CallEnvelope> calls)
    {
        var sums = new Dictionary<string, SpendAmount>(StringComparer.Ordinal);
        foreach (var call in calls)
        {
            Add(sums, BatchBill.Of(offer, call), BatchBill.Most(offer, call, estimator));
        }

        return sums;
    }

    /// <summary>Adds what an answer came to, where it is bounded.</summary>
    public void Add(Dictionary<string, SpendAmount> sums, BatchOffer offer, CallEnvelope call, BatchAnswer answer) =>
        Add(sums, BatchBill.Of(offer, call), Used(offer, call, answer));

    /// <summary>Counts what an answer came to in budgets that only warn.</summary>
    public void CountSoft(BatchOffer offer, CallEnvelope call, BatchAnswer answer) => desk.CountSoft(BatchBill.Of(offer, call), Used(offer, call, answer));

    /// <summary>Has amounts held, all or none.</summary>
    /// <param name="amounts">What of which budget.</param>
    /// <param name="deadline">When its calls must have ended.</param>
    /// <exception cref="HttpRequestException">An owner was not reached.</exception>
    public async Task<bool> HoldAsync(string job, IReadOnlyDictionary<string, SpendAmount> amounts, Instant deadline, CancellationToken cancellationToken)
    {
        var until = (deadline.IsKnown ? deadline : Instant.From(time.GetUtcNow())) + Kept;
        foreach (var (budget, amount) in amounts)
        {
            var ask = new SpendDepositAsk(budget, job, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture), amount, until.Ticks);
            var state = await owners.DepositAsync(ask, cancellationToken) ?? throw new HttpRequestException($"The owner of {budget} has not answered.");
            if (!state.Deposits.ContainsKey(job))
            {
                await EndAsync(job, amounts.Keys, static _ => SpendAmount.None, cancellationToken);
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends what is held for a job.</summary>
    /// <param name="used">What was used of each; null for all that was held.</param>
    public Task EndAsync(string job, IEnumerable<string> budgets, Func<string, SpendAmount?> used, CancellationToken cancellationToken) =>
        Task.WhenAll(budgets.Select(budget => owners.EndDepositAsync(new SpendDepositEnd(budget, job, used(budget)), cancellationToken)));

    // Where nobody told what was used, it is what was foreseen.
    private SpendAmount Used(BatchOffer offer, CallEnvelope call, BatchAnswer answer) =>
        BatchResult.SpentOn(offer, answer, time.GetUtcNow()) ?? BatchBill.Most(offer, call, estimator);

    private void Add(Dictionary<string, SpendAmount> sums, SpendCall call, SpendAmount amount)
    {
        foreach (var budget in desk.Refusing(call))
        {
            sums[budget] = sums.GetValueOrDefault(budget) + amount;
        }
    }
}
