using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls;

/// <summary>A failed attempt of which its caller has seen nothing yet: to be tried again, or to be passed on.</summary>
internal sealed class FailedAttempt : IDisposable
{
    private readonly Attempt _attempt;
    private readonly HttpResponseMessage? _response;
    private readonly WholeBody? _body;
    private readonly GatewayError? _error;
    private readonly ResponseReading? _said;

    private FailedAttempt(
        Attempt attempt, OutcomeKind kind, HttpResponseMessage? response, WholeBody? body, ResponseReading? said, GatewayError? error)
    {
        _attempt = attempt;
        _response = response;
        _body = body;
        _said = said;
        _error = error;
        Kind = kind;
    }

    /// <summary>How it ended.</summary>
    public OutcomeKind Kind { get; }

    /// <summary>Whether the same request can succeed later without a person's help.</summary>
    public bool Retryable { get; private init; } = true;

    /// <summary>The provider's hint, or null.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>Whether only that deployment can't take the call: it is larger than its limit, or the account's credentials are refused.</summary>
    public bool OnlyThere => _said?.Reason is Reasons.RequestTooLarge or Reasons.Auth;

    /// <summary>The provider answered; what it said is kept to be passed on.</summary>
    public static FailedAttempt Answered(Attempt attempt, HttpResponseMessage response, WholeBody body, ResponseReading said) =>
        new(attempt, said.Observation.Kind, response, body, said, null)
        {
            Retryable = said.Retryable,
            RetryAfter = said.Observation.RetryAfter,
        };

    /// <summary>The provider did not answer.</summary>
    public static FailedAttempt Silent(Attempt attempt, GatewayError error) => new(attempt, OutcomeKind.TransientFailure, null, null, null, error);

    /// <summary>The request could not be sent at all, there or anywhere.</summary>
    public static FailedAttempt Unsent(Attempt attempt, GatewayError error) => new(attempt, OutcomeKind.Rejected, null, null, null, error) { Retryable = false };

    /// <summary>Gives the caller the failure after all.</summary>
    /// <param name="isSpent">Whether the call was tried more than once already.</param>
    /// <param name="reopensIn">When calls go on, where the provider said nothing of it and it is known; else null.</param>
    public async ValueTask PassOnAsync(CallServices services, CallAnswer answer, bool isSpent, TimeSpan? reopensIn, CancellationToken cancellationToken)
    {
        // It was tried several times here already. And a client that is told a longer pause than it takes would come back after seconds.
        var isWorthRepeating = Retryable && (_attempt.Call.IsTriedAgain || !(isSpent || RetryAfter > RefusalError.LongestHint));
        services.Headers.Served(answer, _attempt.Admission, _attempt.Deployment.Name, _attempt.Waited);
        if (_response is not { StatusCode: not System.Net.HttpStatusCode.Unauthorized } response || IsOfTheAccount)
        {
            await ErrorAnswer.WriteAsync(answer, _attempt.Call.Dialect, Told(isWorthRepeating), cancellationToken);
            return;
        }

        var put = PutIntoWords(response);
        var translated = put.Failure;
        if (translated is null)
        {
            ResponseHeaders.Copy(response, answer);
        }
        else
        {
            CrossedHeaders.Copy(response, answer, _attempt.Call.Dialect, "application/json");
        }

        if ((RetryAfter ?? reopensIn) is { } wait && !ResponseHeaders.TellsWait(response))
        {
            AdmissionHeaders.RetryAfter(answer, wait);
        }

        if (!isWorthRepeating)
        {
            answer.SetHeader(FuncLimiterHeaders.ShouldRetry, "false");
        }

        if (translated is not null)
        {
            answer.Start(translated.Status, translated.Body.Length);
            await answer.WriteAsync(translated.Body, cancellationToken);
            return;
        }

        using var timeout = new ActivityTimeout(services.Options.IdleTimeout, services.Time, cancellationToken);
        await WholeRelay.PassOnAsync(response, put.Status, _body!, answer, timeout, services.Options.IdleTimeout);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _body?.Dispose();
        _response?.Dispose();
    }

    private bool IsOfTheAccount => _said is { Reason: Reasons.Auth, Observation.WholeAccount: true };

    /// <summary>
    /// What to answer in place of the provider's own bytes, and the status to pass these on with. Bytes are passed on that are JSON, or of a stream
    /// that has begun, or a file's. An empty body, a page of a proxy's and a redirect tell a client nothing, and it would take a failure told by a 200 for an answer.
    /// </summary>
    private (TranslatedFailure? Failure, int Status) PutIntoWords(HttpResponseMessage response)
    {
        var (call, status) = (_attempt.Call, (int)response.StatusCode);
        if (_attempt.Crossing is not null)
        {
            return (TranslatedFailure.Of(call.Dialect, status, _said!), status);
        }

        var isAnswer = status is >= 200 and < 300;
        var isRedirect = status is >= 300 and < 400;
        if (_body!.Rest is not null || status == 304 || call.Passed?.Method == HttpMethod.Head.Method || (isRedirect && call.Passed?.Method == HttpMethod.Get.Method))
        {
            return (null, status);
        }

        // Every API whose answers are read here answers with an object: what came in its place is no error that a client reads either.
        var isReadable = isAnswer && call.Passed is null ? _body.IsObject : _body.IsJson;
        var known = (isAnswer && !isReadable) || isRedirect || status is < 200 or >= 600 ? 502 : status;
        var told = _said! with
        {
            Message = $"{_attempt.Deployment.Name} answered {status.ToString(CultureInfo.InvariantCulture)}"
                + (_said.Message is { Length: > 0 } words ? $": {words}" : " and did not say why."),
        };
        var failure = TranslatedFailure.Of(call.Dialect, known, told);
        return isRedirect || status >= 600 || !isReadable ? (failure, failure.Status) : (null, isAnswer ? failure.Status : status);
    }

    private GatewayError Told(bool isWorthRepeating) =>
        _error is null ? Misconfigured() : _error with { ShouldRetry = _error.ShouldRetry && isWorthRepeating };

    /// <summary>A 401 speaks of the account's key, not of the caller's, and may show a part of it.</summary>
    private GatewayError Misconfigured() => new(502, "upstream_authentication",
        $"{_attempt.Deployment.Name} refused FuncLimiter's own credentials. Your key is fine; tell who runs FuncLimiter.");
}

/// <summary>Answers with an error of FuncLimiter's own, in the caller's dialect.</summary>
internal static class ErrorAnswer
{
    /// <summary>Writes the whole answer; headers that were set before stay.</summary>
    public static ValueTask WriteAsync(CallAnswer answer, Dialect dialect, GatewayError error, CancellationToken cancellationToken)
    {
        var body = ErrorJson.Write(dialect, error);
        AdmissionHeaders.Retry(answer, error);
        answer.SetHeader("Content-Type", "application/json");
        answer.Start(ErrorJson.Status(dialect, error), body.Length);
        return answer.WriteAsync(body, cancellationToken);
    }
}
