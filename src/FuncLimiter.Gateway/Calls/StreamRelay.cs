using System.Buffers;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Passes a streamed answer on chunk by chunk, as it comes, and finds its usage on the way.</summary>
/// <param name="attempt">The attempt that is answered.</param>
/// <param name="timeout">Bounds the provider's silence.</param>
/// <param name="hidesUsage">Whether the caller did not ask for the usage that is told.</param>
/// <param name="isArray">Whether the stream is one JSON array, as Gemini's is where nobody asks for events.</param>
internal sealed class StreamRelay(CallServices services, Attempt attempt, ActivityTimeout timeout, bool hidesUsage, bool isArray) : IDisposable
{
    private const int ChunkBytes = 8 * 1024;

    private readonly StreamUsageReader _reader = isArray ? attempt.Deployment.Provider.ReadArray() : attempt.Deployment.Provider.ReadStream();
    private readonly StreamUsageFilter? _filter = hidesUsage ? new() : null;
    private readonly StreamTranslator? _translator = attempt.Crossing?.Stream(attempt, services.Time.GetUtcNow());
    private readonly ArrayBufferWriter<byte> _filtered = new();
    private readonly StateScan? _state = services.State?.Scan(attempt);
    private readonly CancellationTokenSource _released = new();
    private ArrayBufferWriter<byte>? _held = new(ChunkBytes);
    private Task? _holdTime;
    private EventTally _tally = new();
    private bool _isEnding;

    /// <summary>
    /// Passes the answer on. Its opening is held until there is content, for a bounded time and of a bounded size: who has seen nothing yet can
    /// be answered by another deployment.
    /// </summary>
    /// <returns>The failure with which the stream began, where the caller has seen nothing of it yet; null otherwise.</returns>
    public async ValueTask<FailedAttempt?> RunAsync(HttpResponseMessage response, CallAnswer answer)
    {
        attempt.Observe(attempt.Read(response, []).Observation);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            while (await ReadAsync(stream, buffer, response, answer) is > 0 and var read)
            {
                // Between two reads it is the caller who may take its time, and the provider's silence does not count.
                if (!_isEnding)
                {
                    timeout.Pause();
                }

                var chunk = buffer.AsMemory(0, read);
                _reader.Append(chunk.Span);
                _state?.Append(chunk.Span);
                if (_held is null)
                {
                    await PassOnAsync(chunk, answer);
                    continue;
                }

                _held.Write(chunk.Span);
                if (_reader.Failure is { } failed)
                {
                    return Fail(failed, response, WholeBody.Begin(_held.WrittenSpan, stream));
                }

                if (_reader.HasContent || _held.WrittenCount >= services.Options.StreamHoldBytes)
                {
                    await ReleaseAsync(response, answer);
                }
            }

            timeout.Pause();
            if (_held is not null)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The stream ended before it had content.");
            }

            await FinishAsync(answer);
            return null;
        }
        catch (Exception exception) when (answer.HasStarted && UpstreamFailure.Is(exception) && !timeout.Caller.IsCancellationRequested)
        {
            await BreakOffAsync(answer);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (answer.HasStarted)
            {
                attempt.SettleCut(_reader.Usage, _tally.Events);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _released.Cancel();
        _released.Dispose();
        _translator?.Dispose();
    }

    private ValueTask<int> ReadAsync(Stream stream, byte[] buffer, HttpResponseMessage response, CallAnswer answer)
    {
        if (_isEnding)
        {
            return ReadEndAsync(stream, buffer);
        }

        if (_reader.IsOver)
        {
            _isEnding = true;
            SettleAnswered();
            timeout.Extend(services.Options.StreamEndTime);
            return ReadEndAsync(stream, buffer);
        }

        timeout.Extend(services.Options.IdleTimeout);
        var pending = stream.ReadAsync(buffer, timeout.Token);
        return _held is null || pending.IsCompleted ? pending : new(ReadOpeningAsync(pending.AsTask(), response, answer));
    }

    /// <summary>What follows the event that ends a stream, for a moment: it goes by, but nothing that befalls it is a failure.</summary>
    private async ValueTask<int> ReadEndAsync(Stream stream, byte[] buffer)
    {
        try
        {
            return await stream.ReadAsync(buffer, timeout.Token);
        }
        catch (Exception exception) when (UpstreamFailure.Is(exception) && !timeout.Caller.IsCancellationRequested)
        {
            return 0;
        }
    }

    private async Task<int> ReadOpeningAsync(Task<int> reading, HttpResponseMessage response, CallAnswer answer)
    {
        _holdTime ??= Task.Delay(services.Options.StreamHoldTime, services.Time, _released.Token);
        if (await Task.WhenAny(reading, _holdTime) != reading)
        {
            await ReleaseAsync(response, answer);
        }

        return await reading;
    }

    /// <summary>Begins the answer with what was held of it.</summary>
    private async ValueTask ReleaseAsync(HttpResponseMessage response, CallAnswer answer)
    {
        var held = _held!;
        _held = null;
        await _released.CancelAsync();
        Begin(response, answer);
        await PassOnAsync(held.WrittenMemory, answer);
    }

    private ValueTask PassOnAsync(ReadOnlyMemory<byte> chunk, CallAnswer answer)
    {
        if (_filter is null && _translator is null)
        {
            _tally.Append(chunk.Span);
            return answer.WriteAsync(chunk, timeout.Caller);
        }

        _filtered.ResetWrittenCount();
        _filter?.Append(chunk.Span, _filtered);
        _translator?.Append(chunk.Span, _filtered);

        // Of a translated stream only the caller's side has events that can be told apart.
        _tally.Append(_translator is null ? chunk.Span : _filtered.WrittenSpan);
        return _filtered.WrittenCount == 0 ? ValueTask.CompletedTask : answer.WriteAsync(_filtered.WrittenMemory, timeout.Caller);
    }

    private ValueTask EndAsync(CallAnswer answer)
    {
        _filtered.ResetWrittenCount();
        _filter?.Complete(_filtered);
        _translator?.Complete(_filtered);
        return _filtered.WrittenCount == 0 ? ValueTask.CompletedTask : answer.WriteAsync(_filtered.WrittenMemory, timeout.Caller);
    }

    private void Begin(HttpResponseMessage response, CallAnswer answer)
    {
        services.Headers.Served(answer, attempt.Admission, attempt.Deployment.Name, attempt.Waited);
        if (_translator is null)
        {
            ResponseHeaders.Copy(response, answer);
            if (response.Content.Headers.ContentType?.MediaType is null or "text/plain")
            {
                answer.SetHeader("Content-Type", "text/event-stream; charset=utf-8");
            }
        }
        else
        {
            CrossedHeaders.Copy(response, answer, attempt.Call.Dialect, "text/event-stream; charset=utf-8");
        }

        answer.Start((int)response.StatusCode, null);
    }

    /// <summary>Says so in the stream where an event can still be added; breaks it off where one is cut.</summary>
    private ValueTask BreakOffAsync(CallAnswer answer)
    {
        attempt.IsBroken = true;
        attempt.Observe(new Observation(OutcomeKind.TransientFailure));
        var error = UpstreamFailure.Error(attempt.Deployment.Name, wasReached: true, timeout.TimedOut);
        if (_translator is not null)
        {
            _filtered.ResetWrittenCount();
            _translator.Break(error.Status, error.Message, _filtered);
            return answer.WriteAsync(_filtered.WrittenMemory, timeout.Caller);
        }

        if (isArray || !_tally.IsBetweenEvents)
        {
            answer.Abort();
            return ValueTask.CompletedTask;
        }

        return answer.WriteAsync(DialectError.Event(attempt.Call.Dialect, error.Status, error.Message), timeout.Caller);
    }

    private FailedAttempt Fail(ResponseReading failed, HttpResponseMessage response, WholeBody body)
    {
        attempt.Observe(failed.Observation);
        attempt.SettleFailed(failed.Observation.Kind, _reader.Usage);
        return FailedAttempt.Answered(attempt, response, body, failed);
    }

    private async ValueTask FinishAsync(CallAnswer answer)
    {
        if (_reader.Failure is { } failed)
        {
            attempt.Observe(failed.Observation);
            attempt.IsBroken = true;
        }
        else if (_reader.LacksEnd)
        {
            attempt.IsBroken = true;
            if (_translator is null)
            {
                await EndAsync(answer);
                await BreakOffAsync(answer);
                return;
            }

            // What is translated tells by itself that its end is lacking.
            attempt.Observe(new Observation(OutcomeKind.TransientFailure));
        }
        else
        {
            SettleAnswered();
        }

        await EndAsync(answer);
    }

    /// <summary>Settles by the usage told, where that is the last word and no failure.</summary>
    private void SettleAnswered()
    {
        if (!attempt.IsSettled && _reader is { Failure: null, IsFinal: true, Usage: { } usage })
        {
            attempt.SettleAnswered(usage, _reader.CostUsd);
        }
    }
}
