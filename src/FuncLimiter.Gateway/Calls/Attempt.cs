using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One attempt at one deployment: what it holds of the budgets, and the one settlement that ends it.</summary>
internal sealed class Attempt
{
    private static readonly TimeSpan UsualDelay = TimeSpan.FromMilliseconds(10);
    private readonly CallServices _services;
    private readonly CallPlan _plan;
    private readonly int _place;

    public Attempt(CallServices services, CallEnvelope call, CallPlan plan, AdmissionResult admission, TimeSpan waited, CrossedCall? crossing = null)
    {
        _services = services;
        _plan = plan;
        _place = admission.Place;
        Call = call;
        Admission = admission;
        Waited = waited;
        Crossing = crossing;
        Deployment = plan.Route.Deployments[admission.Place];
    }

    /// <summary>The call.</summary>
    public CallEnvelope Call { get; }

    /// <summary>How it was admitted.</summary>
    public AdmissionResult Admission { get; }

    /// <summary>How long the call waited until now, earlier attempts included.</summary>
    public TimeSpan Waited { get; }

    /// <summary>Where it goes.</summary>
    public Deployment Deployment { get; }

    /// <summary>How it is asked in another API than the caller's; null where it is asked as it is.</summary>
    public CrossedCall? Crossing { get; }

    /// <summary>The tokens used, once settled with them.</summary>
    public TokenUsage? Usage { get; private set; }

    /// <summary>What they cost: as the provider tells it, else by the price; null where neither is known.</summary>
    public CallCost? Cost { get; private set; }

    /// <summary>Whether <see cref="Cost"/> is as the provider told it.</summary>
    public bool IsCostTold { get; private set; }

    /// <summary>True from settlement on.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>True where the answer broke off after its caller had seen a part of it.</summary>
    public bool IsBroken { get; set; }

    /// <summary>True where a connection may still be reading the request's body.</summary>
    public bool HoldsBody { get; set; }

    private PriceConfiguration? Price => _plan.Price(_place);

    private TokenEstimate Estimate => _plan.Estimate(_place);

    /// <summary>Reads what an answer says; its body is empty where it streams, or is not there yet.</summary>
    public ResponseReading Read(HttpResponseMessage response, ReadOnlySpan<byte> body) =>
        Read((int)response.StatusCode, name => ResponseHeaders.Find(response, name), body);

    /// <summary>Reads what an answer says.</summary>
    public ResponseReading Read(int status, Func<string, string?> headers, ReadOnlySpan<byte> body) =>
        Deployment.Provider.Read(status, headers, headers("Content-Type"), body, _services.Time.GetUtcNow());

    /// <summary>
    /// The request goes to the provider now. Where that is late, since a connection had to be made or the machine is busy, the limiter is told;
    /// the usual delay it expects anyhow.
    /// </summary>
    public void Leave()
    {
        if (_services.Clock.Now - Admission.Reservation!.TakenAt > UsualDelay)
        {
            _services.Limiter.Leave(Admission.Reservation);
        }
    }

    /// <summary>Tells the limiter what the provider itself said of the limits.</summary>
    public void Observe(Observation observation)
    {
        _services.Reports.Confirm(Deployment.Name, observation);
        _services.Limiter.Observe(Admission.Reservation!, observation);
    }

    /// <summary>
    /// Settles by what the tenant tells that called the provider itself. Its own budgets are charged what it tells; the provider's no more
    /// than the call can have used. Limits and estimates learn only from tenants whose reports are trusted.
    /// </summary>
    public void SettleReported(Observation told, TokenUsage? usage)
    {
        TokenUsage? bounded = usage is { } most ? _plan.Bounded(_place, most) : null;
        var isTrusted = _services.Reports.Trusts(Call.Caller.Tenant);
        if (isTrusted)
        {
            _services.Limiter.Observe(Admission.Reservation!, _services.Reports.Believed(Deployment.Name, told));
        }

        Settle(told.Kind, usage, provider: _plan.ChargeAtEnd(_place, bounded, told.Kind));
        if (isTrusted && told.Kind == OutcomeKind.Success)
        {
            Learn(bounded);
        }
    }

    /// <summary>The provider was never reached: nothing was used anywhere.</summary>
    public void SettleUnsent() => Settle(OutcomeKind.TransientFailure, null, provider: Charge.None);

    /// <summary>The provider failed or refused: it charges by its own rule, the caller got nothing.</summary>
    public void SettleFailed(OutcomeKind outcome, TokenUsage? usage) => Settle(outcome, usage);

    /// <summary>The call was answered to its end.</summary>
    /// <param name="usage">The tokens used; null where nobody told.</param>
    /// <param name="costUsd">What the provider says that it cost, in US dollars; null where it says nothing.</param>
    public void SettleAnswered(TokenUsage? usage, decimal? costUsd)
    {
        Settle(OutcomeKind.Success, usage, costUsd);
        Learn(usage);
    }

    /// <summary>The answer broke off, or its caller went away: what went by stands, which teaches nothing of whole calls.</summary>
    /// <param name="told">The usage told so far, not its last word; null where none was told.</param>
    /// <param name="outputTokens">How much output went by, in tokens.</param>
    public void SettleCut(TokenUsage? told, long outputTokens)
    {
        var seen = told ?? new TokenUsage(Estimate.InputTokens, 0);
        seen = seen with { OutputTokens = Math.Max(seen.OutputTokens, outputTokens) };
        Settle(OutcomeKind.Success, seen);
    }

    private void Learn(TokenUsage? usage)
    {
        if (usage is { } known && Call.Facts.Operation != Operation.Other && (Call.Facts.TextBytes > 0 || Call.Facts.Images > 0))
        {
            _services.Estimator.Learn(CallPlan.Key(Deployment, Call.Caller), Call.Facts.Prompt, known);
        }
    }

    private void Settle(OutcomeKind outcome, TokenUsage? usage, decimal? costUsd = null, Charge? provider = null)
    {
        if (IsSettled)
        {
            return;
        }

        IsSettled = true;
        Usage = usage;
        IsCostTold = usage is not null && costUsd is not null;
        Cost = usage is not { } used ? null
            : costUsd is { } reported ? CallCost.Reported(reported, Price, used)
            : Price is { } price ? CallCost.Of(price, used)
            : null;
        var settlement = _plan.SettlementOf(_place, outcome, usage, Cost);
        _services.Limiter.Settle(Admission.Reservation!, provider is { } told ? settlement with { Provider = told } : settlement);
    }
}
