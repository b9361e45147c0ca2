using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries one attempt out, and sees to it that it is settled whatever happens.</summary>
internal interface IAttemptRunner
{
    /// <summary>Asks the attempt's deployment.</summary>
    /// <returns>The failure, of which the caller has seen nothing yet; null where the caller was answered.</returns>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    ValueTask<FailedAttempt?> RunAsync(Attempt attempt, CallAnswer answer, CancellationToken caller);
}

/// <summary>Sends a request, and relays the answer.</summary>
internal sealed class AttemptRunner(CallServices services) : IAttemptRunner
{
    /// <inheritdoc/>
    public async ValueTask<FailedAttempt?> RunAsync(Attempt attempt, CallAnswer answer, CancellationToken caller)
    {
        using var timeout = new ActivityTimeout(services.Options.FirstByteTimeout, services.Time, caller);
        BodyContent? content = null;
        HttpResponseMessage? response = null;
        FailedAttempt? failure = null;
        try
        {
            content = new BodyContent(Body(attempt, out var hidesUsage), attempt.Leave, attempt.Call.Passed?.Upload);
            var key = attempt.Deployment.Target.ApiKey;
            response = await services.Upstream.SendAsync(UpstreamRequest.Create(attempt, content), timeout.Token);
            if (response.StatusCode == HttpStatusCode.Unauthorized && content.Bytes is not null
                && services.Keys is { } keys && await keys.HasAnotherAsync(attempt.Deployment.Account, key, timeout.Token))
            {
                response.Dispose();
                response = await services.Upstream.SendAsync(UpstreamRequest.Create(attempt, content), timeout.Token);
            }

            if (response.StatusCode < HttpStatusCode.OK)
            {
                throw new HttpRequestException($"{(int)response.StatusCode} is no answer.");
            }

            failure = GoesByInBytes(attempt.Call.Passed, response) ? await new ByteRelay(services, attempt, timeout).RunAsync(response, answer)
                : IsEventStream(response, attempt.Crossing is not null || attempt.Call.Passed is not null) || IsUnnamedStream(attempt.Call, response)
                    || IsArrayStream(attempt.Call.Passed, response)
                ? await RelayAsync(attempt, response, answer, timeout, hidesUsage)
                : await new WholeRelay(services, attempt, timeout).RunAsync(response, answer);
        }
        catch (CredentialMissingException missing) when (!caller.IsCancellationRequested)
        {
            // The issuer of credentials failed, and not the provider, which was not asked.
            attempt.SettleUnsent();
            failure = FailedAttempt.Silent(attempt, UpstreamFailure.NoCredential(attempt.Deployment.Name, missing.Message));
        }
        catch (Exception exception) when (response is null && content is not { IsBegun: true } && UpstreamFailure.IsOfTheRequest(exception))
        {
            // The request can't be sent at all, so the provider did not fail.
            attempt.SettleUnsent();
            failure = FailedAttempt.Unsent(attempt, UpstreamFailure.Unsendable(attempt.Deployment.Name));
        }
        catch (Exception exception) when (UpstreamFailure.Is(exception) && attempt.Call.Passed?.Upload?.Fault is { } fault)
        {
            // The caller broke its upload off; the provider did not fail.
            attempt.SettleFailed(OutcomeKind.Rejected, null);
            failure = FailedAttempt.Unsent(attempt, fault);
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

    private async ValueTask<FailedAttempt?> RelayAsync(
        Attempt attempt, HttpResponseMessage response, CallAnswer answer, ActivityTimeout timeout, bool hidesUsage)
    {
        using var relay = new StreamRelay(services, attempt, timeout, hidesUsage, isArray: IsArrayStream(attempt.Call.Passed, response));
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

    /// <summary>Whether an answer is passed on as its bytes come: any but a failure, JSON that comes as a whole, and a stream of events that makes text.</summary>
    private static bool GoesByInBytes(PassedCall? passed, HttpResponseMessage response) => passed is not null && response.IsSuccessStatusCode
        && (passed.Method == HttpMethod.Head.Method
            || (IsJson(response) ? passed.Path is { Streams: true, Generates: false } : !(passed.Path.Generates && IsEventStream(response, isCrossed: true))));

    private static bool IsArrayStream(PassedCall? passed, HttpResponseMessage response) => passed is { Path: { Streams: true, Generates: true } }
        && passed.Method != HttpMethod.Head.Method && response.IsSuccessStatusCode && IsJson(response);

    private static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
        && type.ToString().StartsWith("application/json", StringComparison.OrdinalIgnoreCase);

    private static bool IsEventStream(HttpResponseMessage response, bool isCrossed) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
        && (type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase)
            || (isCrossed && type.ToString().StartsWith("application/vnd.amazon.eventstream", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Whether a stream was asked for, and one comes that is not said to be one: some servers leave the type out, or call it plain text.</summary>
    private static bool IsUnnamedStream(CallEnvelope call, HttpResponseMessage response) => call.Passed is null && call.Facts.Stream && response.IsSuccessStatusCode
        && (!response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) || type.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase));

    private static FailedAttempt? Break(Attempt attempt, CallAnswer answer, Exception exception, ActivityTimeout timeout, bool isBegun)
    {
        if (!isBegun && UpstreamFailure.IsOfThisMachine(exception))
        {
            attempt.SettleUnsent();
            return FailedAttempt.Silent(attempt, UpstreamFailure.NoConnection);
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

        return FailedAttempt.Silent(attempt, UpstreamFailure.Error(attempt.Deployment.Name, wasReached, timeout.TimedOut, exception));
    }
}

/// <summary>Passes an answer on as its bytes come, whatever they are: files, sound, events of a kind that is not known here.</summary>
internal sealed class ByteRelay(CallServices services, Attempt attempt, ActivityTimeout timeout)
{
    /// <summary>Passes the answer on.</summary>
    /// <returns>Null: whoever called has it, or the beginning of it.</returns>
    public async ValueTask<FailedAttempt?> RunAsync(HttpResponseMessage response, CallAnswer answer)
    {
        attempt.Observe(attempt.Read(response, []).Observation);
        var usage = UsageIn(response);
        services.Headers.Served(answer, attempt.Admission, attempt.Deployment.Name, attempt.Waited);
        ResponseHeaders.Copy(response, answer);
        answer.Start((int)response.StatusCode, response.Content.Headers.ContentLength);
        try
        {
            await WholeRelay.CopyAsync(await response.Content.ReadAsStreamAsync(timeout.Token), answer, timeout, services.Options.IdleTimeout, usage);
            attempt.SettleAnswered(usage?.Usage, usage?.CostUsd);
            return null;
        }
        finally
        {
            attempt.SettleCut(usage?.Usage, 0);
        }
    }

    /// <summary>What finds the usage in what goes by; null where none is told.</summary>
    private StreamUsageReader? UsageIn(HttpResponseMessage response) =>
        (attempt.Call.Passed?.Path, response.Content.Headers.ContentType?.MediaType) switch
        {
            ({ TellsUsage: true }, "text/event-stream") => attempt.Deployment.Provider.ReadStream(),
            _ => null,
        };
}
