using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Gateway.Calls;

/// <summary>The one way of every call, for callers who wait and for jobs.</summary>
internal sealed class CallPipeline(CallServices services) : ICallExecutor, ICallLegs
{
    private static readonly GatewayError BrokeOff = new(502, "upstream_broke_off", "The answer broke off, or was larger than can be kept.")
    {
        ShouldRetry = true,
    };

    private readonly AttemptRunner _runner = new(services);
    private readonly PacingPolicy _policy = PacingPolicy.Default with { MaxAttempts = services.Options.MaxAttempts };

    /// <inheritdoc/>
    public Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken) =>
        ExecuteAsync(call, CancellationToken.None, cancellationToken);

    /// <inheritdoc/>
    public async Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken stopWaiting, CancellationToken cancellationToken)
    {
        var answer = new BufferedAnswer(services.Options.MaxReadAnswerBytes);
        (call, var ways) = await FindWaysAsync(call, answer, cancellationToken);
        if (ways is null)
        {
            return Result(answer, null, 0);
        }

        var run = Start(call, ways, answer);
        run.StopWaiting = stopWaiting;
        await run.RunAsync(cancellationToken);
        return answer.IsAborted
            ? new CallResult(BrokeOff.Status, [], ErrorJson.Write(call.Dialect, BrokeOff), run.Deployment, run.Usage, run.Attempts)
            : Result(answer, run, run.Attempts);
    }

    /// <inheritdoc/>
    public async Task<CallLeg> RunAsync(CallEnvelope call, PacingState state, CallTerms terms, CancellationToken cancellationToken)
    {
        var answer = new BufferedAnswer(services.Options.MaxReadAnswerBytes);
        (call, var ways) = await FindWaysAsync(call, answer, cancellationToken);
        if (ways is null)
        {
            return new CallLeg(state with { Phase = PacingPhase.Ended }, new PacingAction.Deliver(-1), Result(answer, null, state.Attempts));
        }

        var run = new CallRun(services, _runner, terms.Policy ?? _policy, call, ways, answer);
        var (after, action) = await run.RunLegAsync(state, terms, cancellationToken);
        return new CallLeg(after, action, action.IsLast ? Result((BufferedAnswer)run.Answer, run, after.Attempts) : null);
    }

    /// <summary>Prepares a call whose ways were found.</summary>
    /// <param name="answer">Where its answer goes.</param>
    /// <param name="runner">What carries its attempts out; null for one request each.</param>
    public CallRun Start(CallEnvelope call, CallWays ways, CallAnswer answer, IAttemptRunner? runner = null) =>
        new(services, runner ?? _runner, _policy, call, ways, answer);

    /// <returns>The call, and its ways; null where it has none, which it is answered.</returns>
    private async ValueTask<(CallEnvelope Call, CallWays? Ways)> FindWaysAsync(CallEnvelope call, BufferedAnswer answer, CancellationToken cancellationToken)
    {
        (call, var error) = await HoldAsync(call, cancellationToken);
        CallWays? ways = null;
        if (error is not null || !TryFindWays(call, out ways, out error))
        {
            await ErrorAnswer.WriteAsync(answer, call.Dialect, error, cancellationToken);
        }

        return (call, ways);
    }

    private static CallResult Result(BufferedAnswer answer, CallRun? run, int attempts) =>
        new(answer.Status, answer.Headers, answer.Body, run?.Deployment, run?.Usage, attempts);

    /// <summary>Ties a call to the account that keeps what it goes on from, or says why it can't go on from that.</summary>
    public async ValueTask<(CallEnvelope Call, GatewayError? Error)> HoldAsync(CallEnvelope call, CancellationToken cancellationToken)
    {
        if (services.State is not { IsNeeded: true } state || call.Passed is not null || !services.Routes.TryGet(call.Facts.Model, out var route)
            || StateIds.Named(call.Facts.Operation, call.Body.Span) is not { Count: > 0 } ids)
        {
            return (call, null);
        }

        var candidates = StateCandidates.Of(services.Routes, call.Caller.Tenant, route);
        var holding = await state.FindAsync(call.Caller.Tenant, ids, candidates, cancellationToken);
        return (call with { KeptBy = holding.Account }, StateErrors.Fault(holding, candidates.Count));
    }

    /// <summary>Finds what may serve a call, or says why nothing may.</summary>
    public bool TryFindWays(CallEnvelope call, [NotNullWhen(true)] out CallWays? ways, [NotNullWhen(false)] out GatewayError? error)
    {
        ways = null;
        error = null;
        if (call.Passed?.Account is { } account)
        {
            var only = services.Routes.Accounts.First(known => known.Id == account).Route;
            ways = CallWays.Find(only, call, services.Routes.MayUse(call.Caller.Tenant, account) ? 0 : only.All);
            error = ways.Fault();
            return error is null;
        }

        if (!services.Routes.TryFind(call.Caller.Tenant, call.Facts.Model, out var route, out error))
        {
            return false;
        }

        if (call.Facts.Unbounded is { } bound && !route.Deployments.Any(deployment => deployment.Provider.TakesUnbounded))
        {
            error = GatewayError.BadRequest("integer_below_min_value", $"Invalid value for '{bound}': expected a number of at least 1, but got -1.", bound);
            return false;
        }

        ways = CallWays.Find(route, call, services.Routes.ClosedTo(call.Caller.Tenant, route));
        error = ways.Fault();
        return error is null;
    }
}
