using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls.Reservations;

/// <summary>Settles a reservation by what its agent tells.</summary>
internal static class ReservationSettlement
{
    /// <summary>Reads what the agent says the provider answered, settles by it, and records what was used.</summary>
    public static ResponseReading Settle(Attempt attempt, SettlementRequest told, CallServices services)
    {
        var said = Settle(attempt, told);
        var spent = default(SpentSoFar).With(attempt);
        services.Usage.Record(new UsageRecord(
            services.Time.GetUtcNow(), attempt.Call.Caller, attempt.Call.Facts.Model, attempt.Call.Facts.Operation, attempt.Deployment.Name, told.Answered,
            spent.Usage, spent.Cost?.TotalUsd, attempt.Waited, attempt.Waited, told.Answered == 0 ? 0 : 1)
        {
            InputCostUsd = spent.Cost?.InputUsd,
        });
        return said;
    }

    private static ResponseReading Settle(Attempt attempt, SettlementRequest told)
    {
        if (told.Answered == 0)
        {
            attempt.SettleUnsent();
            return new ResponseReading(true, "not_sent", new Observation(OutcomeKind.TransientFailure));
        }

        // Names that differ in case only are lines of one header.
        var headers = (told.Headers ?? []).ToLookup(line => line.Key, line => line.Value, StringComparer.OrdinalIgnoreCase);
        var body = told.Body is { } element ? Encoding.UTF8.GetBytes(element.GetRawText()) : [];
        var said = attempt.Read(told.Answered, name => headers.Contains(name) ? string.Join(", ", headers[name]) : null, body);
        attempt.SettleReported(said.Observation, told.Usage?.ToUsage() ?? UsageRequest.Credible(said.Usage));
        return said;
    }
}
