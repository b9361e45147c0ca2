using System.Buffers;
using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Reads an answer whole, settles by what it says, and passes it on.</summary>
internal sealed class WholeRelay(CallServices services, Attempt attempt, ActivityTimeout timeout)
{
    /// <summary>Reads the answer, and passes it on unless it is a failure.</summary>
    /// <returns>The failure, of which the caller has seen nothing yet; null where the answer was passed on.</returns>
    public async ValueTask<FailedAttempt?> RunAsync(HttpResponseMessage response, CallAnswer answer)
    {
        timeout.Extend(services.Options.IdleTimeout);
        var succeeded = response.IsSuccessStatusCode;
        var reading = WholeBody.ReadAsync(response.Content, services.Options.MaxReadAnswerBytes, timeout.Token);
        if (succeeded && !reading.IsCompleted)
        {
            attempt.Observe(attempt.Read(response, []).Observation);
        }

        var body = await reading;
        var kept = false;
        try
        {
            var isRead = body.Rest is null && !(succeeded && attempt.Call.Passed is { Path.TellsUsage: false });
            var said = attempt.Read(response, isRead ? body.Bytes.Span : []);
            if (said.Observation.Kind == OutcomeKind.Success && LacksAnswer(response, body))
            {
                said = Unreadable(said);
            }

            attempt.Observe(said.Observation);
            if (said.Observation.Kind != OutcomeKind.Success)
            {
                kept = true;
                attempt.SettleFailed(said.Observation.Kind, said.Usage);
                return FailedAttempt.Answered(attempt, response, body, said);
            }

            attempt.SettleAnswered(said.Usage, said.CostUsd);
            if (attempt.Crossing is null)
            {
                services.State?.Note(attempt, body.Bytes.Span);
            }

            services.Headers.Served(answer, attempt.Admission, attempt.Deployment.Name, attempt.Waited);
            AdmissionHeaders.Cost(answer, attempt);
            if (attempt.Crossing is { } crossing)
            {
                await crossing.AnswerAsync(attempt, response, body, answer, services.Time.GetUtcNow(), timeout.Caller);
                return null;
            }

            ResponseHeaders.Copy(response, answer);
            await PassOnAsync(response, (int)response.StatusCode, body, answer, timeout, services.Options.IdleTimeout);
            return null;
        }
        finally
        {
            if (!kept)
            {
                body.Dispose();
            }
        }
    }

    /// <summary>
    /// Whether a success has no answer in it: every API whose answers are read here answers with an object. An empty body, a page of a proxy's and one that
    /// was cut by its coding are failures that the next try may not meet.
    /// </summary>
    private bool LacksAnswer(HttpResponseMessage response, WholeBody body) => attempt.Call.Passed is null && body is { Rest: null, IsObject: false }
        && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.ResetContent);

    private static ResponseReading Unreadable(ResponseReading said) =>
        new(true, Reasons.ServerError, new Observation(OutcomeKind.TransientFailure) { Readings = said.Observation.Readings })
        {
            Limits = said.Limits,
            Message = "The answer is not JSON.",
        };

    /// <summary>Passes on what was read, and what is still to come where it was too large to be read whole.</summary>
    public static async ValueTask PassOnAsync(
        HttpResponseMessage response, int status, WholeBody body, CallAnswer answer, ActivityTimeout timeout, TimeSpan idle)
    {
        timeout.Pause();
        answer.Start(status, body.Rest is null ? body.Bytes.Length : response.Content.Headers.ContentLength);
        await answer.WriteAsync(body.Bytes, timeout.Caller);
        if (body.Rest is { } rest)
        {
            await CopyAsync(rest, answer, timeout, idle);
        }
    }

    /// <summary>Passes bytes on as they come.</summary>
    /// <param name="bytes">The provider's.</param>
    /// <param name="answer">The caller's.</param>
    /// <param name="timeout">Bounds the provider's silence.</param>
    /// <param name="idle">How long it may be silent.</param>
    /// <param name="usage">Looks at all that goes by; null for nothing.</param>
    public static async ValueTask CopyAsync(Stream bytes, CallAnswer answer, ActivityTimeout timeout, TimeSpan idle, StreamUsageReader? usage = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (true)
            {
                timeout.Extend(idle);
                var read = await bytes.ReadAsync(buffer, timeout.Token);
                timeout.Pause();
                if (read == 0)
                {
                    return;
                }

                usage?.Append(buffer.AsSpan(0, read));
                await answer.WriteAsync(buffer.AsMemory(0, read), timeout.Caller);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
