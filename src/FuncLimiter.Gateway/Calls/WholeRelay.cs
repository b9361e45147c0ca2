using System.Buffers;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;

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
            await PassOnAsync(response, body, answer, timeout, services.Options.IdleTimeout);
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

    /// <summary>Passes on what was read, and what is still to come where it was too large to be read whole.</summary>
    public static async ValueTask PassOnAsync(
        HttpResponseMessage response, WholeBody body, CallAnswer answer, ActivityTimeout timeout, TimeSpan idle)
    {
        timeout.Pause();
        answer.Start((int)response.StatusCode, body.Rest is null ? body.Bytes.Length : response.Content.Headers.ContentLength);
        await answer.WriteAsync(body.Bytes, timeout.Caller);
        if (body.Rest is not { } rest)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (true)
            {
                timeout.Extend(idle);
                var read = await rest.ReadAsync(buffer, timeout.Token);
                timeout.Pause();
                if (read == 0)
                {
                    return;
                }

                await answer.WriteAsync(buffer.AsMemory(0, read), timeout.Caller);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
