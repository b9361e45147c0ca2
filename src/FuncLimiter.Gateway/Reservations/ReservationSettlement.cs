using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Reservations;

/// <summary>Settles a reservation by what its agent tells.</summary>
internal static class ReservationSettlement
{
    /// <summary>Reads what the provider said as if it had been said here, and settles by it.</summary>
    public static ResponseReading Settle(Attempt attempt, SettlementRequest told)
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
