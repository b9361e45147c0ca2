using System.Buffers;
using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Requests;
using FuncLimiter.Simulation.Providers.Signals;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>Gives one accepted call its answer, in time, and lets go wrong what is to go wrong.</summary>
internal sealed class DoubleAnswer(HttpContext context, DoubleState state, DoubleDeployment deployment, Admission admission, TimeProvider time)
{
    private const double StepSeconds = 0.05;
    private const double UsualSlownessMs = 200;
    private static readonly TimeSpan UntilSent = TimeSpan.FromMilliseconds(20);
    private readonly AnswerPlan _plan = admission.Plan!;
    private readonly Fault? _fault = admission.Fault;
    private readonly long _began = time.GetTimestamp();
    private double _slowSeconds;
    private bool _ended;

    /// <summary>Answers, and ends the call in the counters whatever happens.</summary>
    public async Task RunAsync()
    {
        try
        {
            await AnswerAsync();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            End(CallEnd.Cancelled);
        }
        finally
        {
            End(CallEnd.Failed);
        }
    }

    private Task AnswerAsync()
    {
        var dialect = deployment.Options.Dialect;
        switch (_fault?.Kind)
        {
            case FaultKind.Hang:
                return Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            case FaultKind.Reset:
                context.Abort();
                return Task.CompletedTask;
            case FaultKind.ServerError:
                return ResponseOutput.SendErrorAsync(context.Response, ProviderErrors.Server(dialect), dialect, _plan.Id);
            case FaultKind.Garbage:
                return SendGarbageAsync();
            default:
                return _plan.Request.Stream && _plan.Request.Operation != RequestOperation.Embeddings ? StreamAsync() : SendWholeAsync();
        }
    }

    /// <summary>Ends the call; only the first time counts.</summary>
    private void End(CallEnd end)
    {
        if (!_ended)
        {
            _ended = true;
            state.End(deployment, _plan, end);
        }
    }

    private AnswerShape Shape() => AnswerShapes.Of(_plan, deployment.Options.Dialect == ProviderDialect.Azure);

    private async Task SendWholeAsync()
    {
        var perToken = deployment.Options.Latency.PerOutputToken.TotalSeconds;
        var step = perToken > 0 ? (int)Math.Max(1, StepSeconds / perToken) : Math.Max(1, _plan.OutputTokens);
        var done = 0;
        await BeginAsync();
        while (done < _plan.OutputTokens)
        {
            var count = Math.Min(step, _plan.OutputTokens - done);
            await GenerateAsync(done, count);
            done += count;
        }

        var scratch = JsonScratch.Take();
        Shape().Whole(scratch.Json);
        if (_fault?.Kind == FaultKind.CutStream)
        {
            await CutBodyAsync(scratch);
            return;
        }

        // Before the last byte, so that a caller who has it finds the place free.
        End(CallEnd.Completed);
        await ResponseOutput.SendJsonAsync(context.Response, scratch);
    }

    private async Task StreamAsync()
    {
        var shape = Shape();
        var cutAfter = _fault is { Kind: FaultKind.CutStream } cut ? (int)(cut.Value ?? (_plan.OutputTokens / 2)) : int.MaxValue;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        await BeginAsync();
        await SendPartAsync(shape.Begin);
        for (var done = 0; done < _plan.OutputTokens;)
        {
            var (from, count) = (done, Math.Min(Math.Max(1, deployment.Options.Output.TokensPerChunk), _plan.OutputTokens - done));
            if (from + count > cutAfter)
            {
                await AbortAsync();
                return;
            }

            await GenerateAsync(from, count);
            await SendPartAsync(stream => shape.Tokens(stream, from, count));
            done += count;
        }

        End(CallEnd.Completed);
        await SendPartAsync(shape.End);
    }

    /// <summary>The wait for the first token; then the input has been counted.</summary>
    private async Task BeginAsync()
    {
        await WaitUntilAsync(deployment.Options.Latency.Base.TotalSeconds);
        if (_fault is { Kind: FaultKind.SlowStream } && !_plan.Request.Stream)
        {
            await SlowDownAsync(deployment.Options.Latency.Base.TotalSeconds);
        }

        state.CorrectInput(deployment, _plan, admission.InputCharged);
    }

    private async Task GenerateAsync(int from, int count)
    {
        var latency = deployment.Options.Latency;
        var due = latency.Base.TotalSeconds + (latency.PerOutputToken.TotalSeconds * (from + count));
        if (_fault is { Kind: FaultKind.SlowStream } && _plan.Request.Stream)
        {
            await SlowDownAsync(due);
        }
        else
        {
            await WaitUntilAsync(due);
        }

        state.Generated(deployment, (long)count * _plan.Choices);
    }

    private Task SlowDownAsync(double dueSeconds)
    {
        _slowSeconds += (_fault?.Value ?? UsualSlownessMs) / 1000;
        return WaitUntilAsync(dueSeconds);
    }

    /// <summary>Waits until so long after the call began, so that late timers don't add up.</summary>
    private Task WaitUntilAsync(double seconds)
    {
        var left = seconds + _slowSeconds - time.GetElapsedTime(_began).TotalSeconds;
        return left > 0 ? Task.Delay(TimeSpan.FromSeconds(left), time, context.RequestAborted) : Task.CompletedTask;
    }

    private async Task SendPartAsync(Action<JsonScratch> write)
    {
        context.RequestAborted.ThrowIfCancellationRequested();
        var scratch = JsonScratch.Take();
        write(scratch);
        await ResponseOutput.SendAsync(context.Response, scratch);
    }

    private async Task CutBodyAsync(JsonScratch scratch)
    {
        scratch.Json.Flush();
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = scratch.Written.Length;
        context.Response.BodyWriter.Write(scratch.Written[..(scratch.Written.Length / 2)]);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        await AbortAsync();
    }

    /// <summary>Breaks the connection once what was written had time to leave; by the wall clock, for the socket keeps that one.</summary>
    private async Task AbortAsync()
    {
        await Task.Delay(UntilSent, context.RequestAborted);
        context.Abort();
    }

    private async Task SendGarbageAsync()
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("<html><body>\u0000 upstream said: %%%", context.RequestAborted);
    }
}

/// <summary>How an accepted call ended.</summary>
internal enum CallEnd
{
    /// <summary>Answered to the end.</summary>
    Completed,

    /// <summary>Its caller went away.</summary>
    Cancelled,

    /// <summary>Something went wrong with it.</summary>
    Failed,
}
