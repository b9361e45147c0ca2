using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>What a call in a batch is of budgets.</summary>
internal static class BatchBill
{
    /// <summary>The most that a call can come to in a batch.</summary>
    public static SpendAmount Most(BatchOffer offer, CallEnvelope call, Estimator estimator) =>
        SpendAmount.Of(CallPlan.MostInBatch(offer.Deployment, call.Facts, call.Caller, estimator));

    /// <summary>Whose it is, and where it goes.</summary>
    public static SpendCall Of(BatchOffer offer, CallEnvelope call)
    {
        var caller = call.Caller;
        return new(new SpendParty(caller.Tenant, caller.User, caller.Workflow, caller.Run), offer.Deployment.Account, offer.Deployment.Target.Model);
    }
}

/// <summary>One call in the form in which a batch service takes it, and its answer in the caller's.</summary>
internal sealed class BatchForm
{
    private readonly BatchOffer _offer;
    private readonly CallEnvelope _call;
    private readonly CallTranslation? _translation;
    private readonly TranslatableRequest? _request;

    private BatchForm(BatchOffer offer, CallEnvelope call, CallTranslation? translation, TranslatableRequest? request) =>
        (_offer, _call, _translation, _request) = (offer, call, translation, request);

    /// <summary>The form of a call; null where the service can't take it, or not without loss.</summary>
    /// <param name="offer">The deployment and its batch service.</param>
    public static BatchForm? Find(BatchOffer offer, CallEnvelope call)
    {
        var (deployment, operation) = (offer.Deployment, call.Facts.Operation);
        if (call.Facts.Stream || call.Facts.ModelLength == 0 || CrossedHeaders.Loss(call) is not null)
        {
            return null;
        }

        if (offer.Service.Takes(operation) && deployment.Serves(operation))
        {
            return new BatchForm(offer, call, null, null);
        }

        var wire = deployment.Provider.WireOf(deployment.Target, operation);
        if (!offer.Service.Takes(wire) || CallTranslation.For(operation, wire) is not { } translation)
        {
            return null;
        }

        var request = TranslatableRequest.Read(operation, call.Body);
        return translation.Check(request, deployment.Provider).Count == 0 ? new BatchForm(offer, call, translation, request) : null;
    }

    /// <summary>The body as the service takes it.</summary>
    public ReadOnlyMemory<byte> Write() => _translation is null
        ? RequestRewriter.WithModel(_call.Body, _call.Facts, _offer.Deployment.Target.Model)
        : _translation.Write(_request!, new RequestTerms(_offer.Deployment.Target.Model)
        {
            MaxTokensField = _offer.Deployment.Provider.MaxTokensField,
            NamesEndUser = _offer.Deployment.Provider.TakesEndUser,
        });

    /// <summary>The answer's body in the caller's API; null where it can't be put into it.</summary>
    public ReadOnlyMemory<byte>? Read(BatchAnswer answer, DateTimeOffset now) => _translation is null
        ? answer.Body
        : _translation.Answer(answer.Body, new AnswerTerms(Guid.NewGuid().ToString("N"), _offer.Deployment.Target.Model, now, false), out _) is { } body ? body : null;
}

/// <summary>What a batch's answer is to the job that asked, and to the ledger.</summary>
internal static class BatchResult
{
    /// <summary>The result and the record of an answer; null where it is no success, or can't be read, so that the call is made normally.</summary>
    /// <param name="offer">The deployment and its batch service.</param>
    public static (JobItemResult Result, UsageRecord Record)? Of(
        BatchOffer offer, CallEnvelope call, BatchAnswer answer, DateTimeOffset begunAt, DateTimeOffset now)
    {
        if (answer.Status is < 200 or >= 300 || BatchForm.Find(offer, call)?.Read(answer, now) is not { } body)
        {
            return null;
        }

        var deployment = offer.Deployment;
        var (usage, cost) = UsedBy(offer, answer, now);
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

    /// <summary>What an answer comes to in its caller's budgets; null where it doesn't tell what it used.</summary>
    internal static SpendAmount? SpentOn(BatchOffer offer, BatchAnswer answer, DateTimeOffset now) =>
        UsedBy(offer, answer, now) is ({ } usage, var cost) ? SpendAmount.Of(ConsumerCharge.Of(usage, cost)) : null;

    private static (TokenUsage? Usage, CallCost? Cost) UsedBy(BatchOffer offer, BatchAnswer answer, DateTimeOffset now)
    {
        var deployment = offer.Deployment;
        var said = deployment.Provider.Read(answer.Status, static _ => null, "application/json", answer.Body.Span, now);
        return said.Usage is not { } used ? (null, null)
            : (used, said.CostUsd is { } reported ? CallCost.Reported(reported, deployment.Price, used)
                : deployment.Price is { } price ? CallCost.Of(price, used, isBatch: true)
                : null);
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
