using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Gateway.Batches;

/// <summary>What a batch's answer is to the job that asked, and to the ledger.</summary>
public static class BatchResult
{
    /// <summary>The result and the record of an answer; null where it is none, so that the call is made as others are.</summary>
    /// <param name="offer">The deployment and its batch service.</param>
    /// <param name="call">The call.</param>
    /// <param name="answer">The service's answer.</param>
    /// <param name="begunAt">When the batch was begun.</param>
    /// <param name="now">The present.</param>
    public static (JobItemResult Result, UsageRecord Record)? Of(
        BatchOffer offer, CallEnvelope call, BatchAnswer answer, DateTimeOffset begunAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Status is < 200 or >= 300 || BatchForm.Find(offer, call)?.Read(answer, now) is not { } body)
        {
            return null;
        }

        var deployment = offer.Deployment;
        var said = deployment.Provider.Read(answer.Status, static _ => null, "application/json", answer.Body.Span, now);
        var usage = said.Usage;
        var cost = usage is not { } used ? (CallCost?)null
            : said.CostUsd is { } reported ? CallCost.Reported(reported, deployment.Price, used)
            : deployment.Price is { } price ? CallCost.Of(price, used, isBatch: true)
            : null;
        var result = new JobItemResult(JobItemState.Succeeded, now, answer.Status)
        {
            Headers = Headers(deployment.Name, cost),
            Body = body,
            Deployment = deployment.Name,
            Usage = usage,
            Attempts = 1,
        };
        return (result, Record(offer, call, answer.Status, usage, cost, begunAt, now));
    }

    private static UsageRecord Record(
        BatchOffer offer, CallEnvelope call, int status, TokenUsage? usage, CallCost? cost, DateTimeOffset begunAt, DateTimeOffset now)
    {
        var (asked, duration) = (call.Facts, now - begunAt);
        return new UsageRecord(now, call.Caller, asked.Model, asked.Operation, offer.Deployment.Name, status, usage, cost?.TotalUsd, TimeSpan.Zero, duration, 1)
        {
            InputCostUsd = cost?.InputUsd,
            Tier = offer.Deployment.Tier,
            IsBatch = true,
        };
    }

    private static List<KeyValuePair<string, string>> Headers(string deployment, CallCost? cost)
    {
        var headers = new List<KeyValuePair<string, string>> { new("Content-Type", "application/json"), new(FuncLimiterHeaders.Deployment, deployment) };
        if (cost is { } known)
        {
            headers.Add(new(FuncLimiterHeaders.CostUsd, AdmissionHeaders.Usd(known.TotalUsd)));
        }

        return headers;
    }
}
