using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Routes;
using FuncLimiter.Gateway.Upstream;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries one attempt out: sends, relays the answer, and sees to it that it is settled whatever happens.</summary>
internal sealed class AttemptRunner(CallServices services)
{
    /// <summary>Asks the attempt's deployment.</summary>
    /// <returns>The failure, of which the caller has seen nothing yet; null where the caller was answered.</returns>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public async ValueTask<Failure?> RunAsync(Attempt attempt, CallAnswer answer, CancellationToken caller)
    {
        using var timeout = new ActivityTimeout(services.Options.FirstByteTimeout, services.Time, caller);
        BodyContent? content = null;
        HttpResponseMessage? response = null;
        Failure? failure = null;
        try
        {
            content = new BodyContent(Body(attempt, out var hidesUsage), attempt.Leave, attempt.Call.Passed?.Upload);
            response = await services.Upstream.SendAsync(UpstreamRequest.Create(attempt, content), timeout.Token);
            if (response.StatusCode < HttpStatusCode.OK)
            {
                throw new HttpRequestException($"{(int)response.StatusCode} is no answer.");
            }

            failure = GoesByInBytes(attempt.Call.Passed, response) ? await new ByteRelay(services, attempt, timeout).RunAsync(response, answer)
                : IsEventStream(response, attempt.Crossing is not null || attempt.Call.Passed is not null)
                ? await RelayAsync(attempt, response, answer, timeout, hidesUsage)
                : await new WholeRelay(services, attempt, timeout).RunAsync(response, answer);
        }
        catch (Exception exception) when (response is null && content is not { IsBegun: true } && UpstreamFailure.IsOfTheRequest(exception))
        {
            // Only what a provider did is its failure: nothing of this reached it.
            attempt.SettleUnsent();
            failure = Failure.Unsent(attempt, UpstreamFailure.Unsendable(attempt.Deployment.Name));
        }
        catch (Exception exception) when (UpstreamFailure.Is(exception) && attempt.Call.Passed?.Upload?.Fault is { } fault)
        {
            // Who sent the body broke it off, not who was to have it.
            attempt.SettleFailed(OutcomeKind.Rejected, null);
            failure = Failure.Unsent(attempt, fault);
        }
        catch (Exception exception) when (!caller.IsCancellationRequested && UpstreamFailure.Is(exception))
        {
            failure = Break(attempt, answer, exception, timeout, content is { IsBegun: true });
        }
        finally
        {
            if (response is null && content is not { IsBegun: true })
            {
                attempt.SettleUnsent();
            }

            attempt.SettleCut(null, 0);
            attempt.HoldsBody = content is { IsInUse: true };
            if (failure is null)
            {
                response?.Dispose();
            }
        }

        return failure;
    }

    private async ValueTask<Failure?> RelayAsync(
        Attempt attempt, HttpResponseMessage response, CallAnswer answer, ActivityTimeout timeout, bool hidesUsage)
    {
        using var relay = new StreamRelay(services, attempt, timeout, hidesUsage);
        return await relay.RunAsync(response, answer);
    }

    /// <summary>
    /// The caller's bytes, but for what must differ: the model's name, and the wish to be told a stream's usage. In another API, the same request.
    /// </summary>
    private static ReadOnlyMemory<byte> Body(Attempt attempt, out bool hidesUsage)
    {
        var (call, deployment) = (attempt.Call, attempt.Deployment);
        hidesUsage = false;
        if (call.Passed is { } passed)
        {
            return passed.Model.With(call.Body, deployment.Target.Model);
        }

        if (attempt.Crossing is { } crossing)
        {
            return crossing.Write(deployment);
        }

        var body = NamesModelInPath(call.Facts, deployment)
            ? call.Body
            : RequestRewriter.WithModel(call.Body, call.Facts, deployment.Target.Model);
        return call.Facts.Stream && deployment.Provider.TellsStreamUsageOnRequest(call.Facts.Operation, call.Query)
            ? RequestRewriter.WithStreamUsage(body, call.Facts, out hidesUsage)
            : body;
    }

    private static bool NamesModelInPath(RequestFacts facts, Deployment deployment) =>
        facts.ModelLength == 0 && facts.Operation == Operation.ChatCompletions && deployment.Provider.Dialect == Dialect.Azure;

    /// <summary>Whether an answer is passed on as its bytes come: any but a failure, JSON, and a stream that makes text.</summary>
    private static bool GoesByInBytes(PassedCall? passed, HttpResponseMessage response) => passed is not null && response.IsSuccessStatusCode
        && (passed.Method == HttpMethod.Head.Method || !(IsJson(response) || (passed.Path.Generates && IsEventStream(response, isCrossed: true))));

    private static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
        && type.ToString().StartsWith("application/json", StringComparison.OrdinalIgnoreCase);

    private static bool IsEventStream(HttpResponseMessage response, bool isCrossed) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
        && (type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase)
            || (isCrossed && type.ToString().StartsWith("application/vnd.amazon.eventstream", StringComparison.OrdinalIgnoreCase)));

    private static Failure? Break(Attempt attempt, CallAnswer answer, Exception exception, ActivityTimeout timeout, bool isBegun)
    {
        if (!isBegun && UpstreamFailure.IsOfThisMachine(exception))
        {
            attempt.SettleUnsent();
            return Failure.Silent(attempt, UpstreamFailure.NoConnection);
        }

        attempt.Observe(new Observation(OutcomeKind.TransientFailure));
        if (answer.HasStarted)
        {
            attempt.IsBroken = true;
            answer.Abort();
            return null;
        }

        var wasReached = isBegun && UpstreamFailure.WasReached(exception, timeout.TimedOut);
        if (wasReached)
        {
            attempt.SettleFailed(OutcomeKind.TransientFailure, null);
        }
        else
        {
            attempt.SettleUnsent();
        }

        return Failure.Silent(attempt, UpstreamFailure.Error(attempt.Deployment.Name, wasReached, timeout.TimedOut));
    }
}
