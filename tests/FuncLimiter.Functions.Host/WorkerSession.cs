using System.Collections.Concurrent;
using System.Threading.Channels;
using FuncLimiter.Functions.Host.Protocol;
using Grpc.Core;

namespace FuncLimiter.Functions.Host;

/// <summary>The worker's process ended while it had work. The Durable extension knows this exception by its name, and tries again.</summary>
public sealed class WorkerProcessExitException() : Exception("The worker's process ended.");

/// <summary>A function failed; the Durable extension reads the failure out of these lines.</summary>
internal sealed class WorkerFailedException(Outcome outcome)
    : Exception($"Result: {outcome.Status}\nException: {outcome.Exception?.Message ?? outcome.Result}\nStack: {outcome.Exception?.StackTrace}");

/// <summary>The stream of one worker's process, from its first message to its end.</summary>
internal sealed class WorkerSession
{
    private const int Warning = 3;

    private readonly Channel<StreamingMessage> _outbox = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<Guid, (Func<StreamingMessage, bool> Is, TaskCompletionSource<StreamingMessage> Source)> _expected = [];
    private readonly ConcurrentDictionary<string, TaskCompletionSource<InvocationResponse>> _invocations = [];
    private volatile bool _isOver;

    /// <summary>Waits for a message of the worker.</summary>
    public Task<StreamingMessage> Expect(Func<StreamingMessage, bool> isExpected)
    {
        var source = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected[Guid.NewGuid()] = (isExpected, source);
        return source.Task;
    }

    public void Send(StreamingMessage message)
    {
        message.RequestId = Guid.NewGuid().ToString();
        _outbox.Writer.TryWrite(message);
    }

    /// <summary>Starts a function, and waits for its end.</summary>
    /// <exception cref="WorkerProcessExitException">The process ended before.</exception>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var source = new TaskCompletionSource<InvocationResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _invocations[request.InvocationId] = source;
        if (_isOver)
        {
            throw new WorkerProcessExitException();
        }

        Send(new StreamingMessage { InvocationRequest = request });
        await using var registration = cancellationToken.Register(
            () => Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } }));
        return await source.Task;
    }

    /// <summary>Carries messages until the stream ends.</summary>
    public async Task ServeAsync(IAsyncStreamReader<StreamingMessage> input, IServerStreamWriter<StreamingMessage> output, CancellationToken ended)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ended);
        var writing = WriteAsync(output, end.Token);
        try
        {
            while (await input.MoveNext(end.Token))
            {
                Take(input.Current);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            // The process ended, which is noticed by its exit.
        }

        await end.CancelAsync();
        await writing;
    }

    /// <summary>The process ended: whoever waits for it is told.</summary>
    public void End()
    {
        _isOver = true;
        foreach (var invocation in _invocations.Values)
        {
            invocation.TrySetException(new WorkerProcessExitException());
        }
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> output, CancellationToken ended)
    {
        try
        {
            await foreach (var message in _outbox.Reader.ReadAllAsync(ended))
            {
                await output.WriteAsync(message, ended);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or InvalidOperationException)
        {
        }
    }

    private void Take(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (_invocations.TryRemove(message.InvocationResponse.InvocationId, out var invocation))
                {
                    invocation.TrySetResult(message.InvocationResponse);
                }

                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                if (message.RpcLog is { Level: >= Warning } log)
                {
                    Log.Write($"worker: {log.Category}: {log.Message} {log.Exception?.Message}");
                }

                break;
            default:
                foreach (var (key, expected) in _expected)
                {
                    if (expected.Is(message) && _expected.TryRemove(key, out _))
                    {
                        expected.Source.TrySetResult(message);
                    }
                }

                break;
        }
    }
}
