using System.Buffers;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Gateway.Upstream;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Passes an answer on as its bytes come, whatever they are: files, sound, events of a kind that is not known here.</summary>
internal sealed class ByteRelay(CallServices services, Attempt attempt, ActivityTimeout timeout)
{
    private const int ChunkBytes = 64 * 1024;

    private readonly StreamUsageReader? _usage =
        attempt.Call.Passed is { Path.TellsUsage: true } ? attempt.Deployment.Provider.ReadStream() : null;

    /// <summary>Passes the answer on.</summary>
    /// <returns>Null: whoever called has it, or the beginning of it.</returns>
    public async ValueTask<Failure?> RunAsync(HttpResponseMessage response, CallAnswer answer)
    {
        attempt.Observe(attempt.Read(response, []).Observation);
        var isEvents = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        services.Headers.Served(answer, attempt.Admission, attempt.Deployment.Name, attempt.Waited);
        ResponseHeaders.Copy(response, answer);
        answer.Start((int)response.StatusCode, response.Content.Headers.ContentLength);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            while (true)
            {
                timeout.Extend(services.Options.IdleTimeout);
                var read = await stream.ReadAsync(buffer, timeout.Token);
                timeout.Pause();
                if (read == 0)
                {
                    break;
                }

                if (isEvents)
                {
                    _usage?.Append(buffer.AsSpan(0, read));
                }

                await answer.WriteAsync(buffer.AsMemory(0, read), timeout.Caller);
            }

            attempt.SettleAnswered(_usage?.Usage, _usage?.CostUsd);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            attempt.SettleCut(_usage?.Usage, 0);
        }
    }
}
