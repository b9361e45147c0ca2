using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Reservations;

/// <summary>Settles a reservation by what its agent tells.</summary>
internal static class ReservationSettlement
{
    /// <summary>Reads what the provider said as if it had been said here, settles by it, and records what was used.</summary>
    public static ResponseReading Settle(Attempt attempt, SettlementRequest told, CallServices services)
    {
        var said = Settle(attempt, told);
        var spent = default(SpentSoFar).With(attempt);
        services.Usage.Record(new UsageRecord(
            services.Time.GetUtcNow(), attempt.Call.Caller, attempt.Call.Facts.Model, attempt.Call.Facts.Operation, attempt.Deployment.Name, told.Status,
            spent.Usage, spent.Cost?.TotalUsd, attempt.Waited, attempt.Waited, told.Status == 0 ? 0 : 1)
        {
            InputCostUsd = spent.Cost?.InputUsd,
        });
        return said;
    }

    private static ResponseReading Settle(Attempt attempt, SettlementRequest told)
    {
        if (told.Status == 0)
        {
            attempt.SettleUnsent();
            return new ResponseReading(true, "not_sent", new Observation(OutcomeKind.TransientFailure));
        }

        var headers = new Dictionary<string, string>(told.Headers ?? [], StringComparer.OrdinalIgnoreCase);
        var body = told.Body is { } element ? Encoding.UTF8.GetBytes(element.GetRawText()) : [];
        var said = attempt.Read(told.Status, name => headers.GetValueOrDefault(name), body);
        attempt.Observe(said.Observation);
        var usage = told.Usage is { } known
            ? new TokenUsage(known.InputTokens, known.OutputTokens, known.CacheReadTokens, known.CacheWriteTokens, known.ReasoningTokens)
            : said.Usage;
        if (said.Observation.Kind == OutcomeKind.Success)
        {
            attempt.SettleAnswered(usage);
        }
        else
        {
            attempt.SettleFailed(said.Observation.Kind, usage);
        }

        return said;
    }
}
