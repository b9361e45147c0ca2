using System.Net.WebSockets;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls.Sockets;

/// <summary>
/// The answers that are made on one connection. Each that the caller asks for (<c>response.create</c>) is a call: it waits for its admission,
/// what is said behind it waits with it, and it is settled by the usage that its last event tells. One that the provider begins by itself
/// is charged once its usage is told.
/// </summary>
internal sealed class SocketTurns : IDisposable
{
    private readonly CallServices _services;
    private readonly CallPipeline _pipeline;
    private readonly Attempt _connection;
    private readonly SocketSide _caller;
    private readonly SocketSide _provider;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Turn> _open = [];
    private readonly List<Task> _runs = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _idle = NewIdle(isIdle: true);

    public SocketTurns(CallServices services, CallPipeline pipeline, Attempt connection, SocketSide caller, SocketSide provider, CancellationToken stopping) =>
        (_services, _pipeline, _connection, _caller, _provider, _stopping) = (services, pipeline, connection, caller, provider, stopping);

    /// <summary>Completes when no answer is under way.</summary>
    public Task Idle
    {
        get
        {
            lock (_lock)
            {
                return _idle.Task;
            }
        }
    }

    private bool IsResponses => _connection.Call.Passed!.Path.Path.EndsWith("/responses", StringComparison.Ordinal);

    /// <summary>Takes a message of the caller's.</summary>
    public async ValueTask FromCallerAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        if (type != WebSocketMessageType.Text || SocketEvent.Read(message.Span) is not { Type: "response.create" } asked)
        {
            await _provider.SendAsync(message, type, cancellationToken);
            return;
        }

        if (_stopping.IsCancellationRequested)
        {
            await TellAsync(503, ErrorJson.Write(Dialect.OpenAI, Stopped), asked.EventId, cancellationToken);
            return;
        }

        var (call, error) = Read(message);
        if (call is not null)
        {
            (call, error) = await _pipeline.HoldAsync(call, cancellationToken);
            error ??= call.KeptBy is { } keeper && keeper != _connection.Deployment.Account ? KeptElsewhere(keeper) : null;
        }

        CallWays? ways = null;
        if (error is not null || !_pipeline.TryFindWays(call! with { KeptBy = _connection.Deployment.Account }, out ways, out error))
        {
            await TellAsync(error.Status, ErrorJson.Write(Dialect.OpenAI, error), asked.EventId, cancellationToken);
            return;
        }

        var turn = new Turn(call!, message, asked.EventId);
        lock (_lock)
        {
            _runs.RemoveAll(static run => run.IsCompleted);
            _runs.Add(RunAsync(turn, ways));
        }

        await turn.Left.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Takes a message of the provider's.</summary>
    public ValueTask FromProviderAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        if (type == WebSocketMessageType.Text && SocketEvent.Read(message.Span) is { } told)
        {
            Note(told, message);
        }

        return _caller.SendAsync(message, type, cancellationToken);
    }

    /// <summary>The connection is over: what is under way is settled by what was told of it.</summary>
    public async Task EndAsync()
    {
        await _ended.CancelAsync();
        Task[] runs;
        lock (_lock)
        {
            runs = [.. _runs];
        }

        await Task.WhenAll(runs);
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private static readonly GatewayError Stopped = new(503, "shutting_down", "This FuncLimiter stops, and the call has not left. Connect again in 5 s.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        ShouldRetry = true,
    };

    private static TaskCompletionSource NewIdle(bool isIdle)
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (isIdle)
        {
            idle.SetResult();
        }

        return idle;
    }

    private GatewayError KeptElsewhere(string keeper) => GatewayError.BadRequest("kept_elsewhere",
        $"What this goes on from is kept by account '{keeper}', and this connection is to '{_connection.Deployment.Account}'. Name a model of the other's in the query of a connection.");

    /// <summary>What an answer asks for: all of it stands in the message, or, of a conversation that the provider keeps, nothing but its wishes.</summary>
    private (CallEnvelope? Call, GatewayError? Error) Read(ReadOnlyMemory<byte> message)
    {
        var open = _connection.Call;
        if (!IsResponses)
        {
            var facts = new RequestFacts(Operation.OtherGeneration, open.Facts.Model, 0, 0, true, null, 1, message.Length, 0);
            return (open with { Facts = facts, Body = message, IsTurn = true }, null);
        }

        if (RequestReader.TryRead(Operation.Responses, message.Span, null, out var named, out var problem)
            || (problem.Param == "model" && open.Facts.Model.Length > 0
                && RequestReader.TryRead(Operation.Responses, message.Span, open.Facts.Model, out named, out problem)))
        {
            return (open with { Facts = named with { Stream = true }, Body = message, Passed = null, IsTurn = true }, null);
        }

        return (null, new GatewayError(problem.Status, problem.Code, problem.Message) { Parameter = problem.Param });
    }

    private async Task RunAsync(Turn turn, CallWays ways)
    {
        await Task.Yield();
        var answer = new BufferedAnswer(_services.Options.MaxReadAnswerBytes);
        var run = _pipeline.Start(turn.Call, ways, answer, new TurnRunner(this, turn));
        (run.StopWaiting, run.StopError) = (_stopping, Stopped);
        try
        {
            await run.RunAsync(_ended.Token);
            if (!turn.HasLeft)
            {
                await TellAsync(answer.Status, answer.Body, turn.EventId, _ended.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // The connection is over; what went by is settled.
        }
        finally
        {
            turn.Left.TrySetResult();
        }
    }

    /// <summary>An answer that nobody asked for: its tokens are used, and are charged as soon as there is room for them.</summary>
    private async Task ChargeAsync(ReadOnlyMemory<byte> last)
    {
        await Task.Yield();
        var open = _connection.Call;
        var call = open with { Facts = open.Facts with { Operation = Operation.OtherGeneration }, IsTurn = true, MaxWait = TimeSpan.FromMinutes(10), KeptBy = _connection.Deployment.Account };
        var turn = new Turn(call, default, null);
        turn.End(last);
        if (_pipeline.TryFindWays(call, out var ways, out _))
        {
            await _pipeline.Start(call, ways, new BufferedAnswer(_services.Options.MaxReadAnswerBytes), new TurnRunner(this, turn)).RunAsync(CancellationToken.None);
        }
    }

    private void Note(SocketEvent told, ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            var turn = _open.Find(open => open.Id is not null && open.Id == told.ResponseId) ?? _open.Find(static open => open.Id is null);
            switch (told.Type)
            {
                case "response.created" when turn is { Id: null }:
                    turn.Begin(told.ResponseId, message);
                    break;
                case "response.created":
                    break;
                case "response.done" or "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" when turn is not null:
                    turn.End(message);
                    break;
                case "response.done" when SocketEvent.TellsUsage(message.Span):
                    _ = ChargeAsync(message.ToArray());
                    break;
                case "error" when turn is { Id: null } && (told.EventId is null || told.EventId == turn.EventId || turn.EventId is null):
                    turn.End(message);
                    break;
                default:
                    (turn ?? _open.FirstOrDefault())?.Count(told.Type);
                    break;
            }
        }
    }

    private ValueTask TellAsync(int status, ReadOnlyMemory<byte> body, string? eventId, CancellationToken cancellationToken) =>
        _caller.SendAsync(SocketEvent.Error(status, body, eventId), WebSocketMessageType.Text, cancellationToken);

    private void Open(Turn turn)
    {
        lock (_lock)
        {
            if (_open.Count == 0)
            {
                _idle = NewIdle(isIdle: false);
            }

            _open.Add(turn);
        }
    }

    private void Close(Turn turn)
    {
        lock (_lock)
        {
            if (_open.Remove(turn) && _open.Count == 0)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>One answer.</summary>
    private sealed class Turn(CallEnvelope call, ReadOnlyMemory<byte> message, string? eventId)
    {
        private readonly TaskCompletionSource<byte[]> _last = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CallEnvelope Call => call;

        public ReadOnlyMemory<byte> Message => message;

        public string? EventId => eventId;

        /// <summary>Completes when the message went to the provider, or will not.</summary>
        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HasLeft { get; set; }

        public string? Id { get; private set; }

        public byte[]? Opening { get; private set; }

        public int Pieces { get; private set; }

        public Task<byte[]> Last => _last.Task;

        public void Begin(string? id, ReadOnlyMemory<byte> opening) => (Id, Opening) = (id ?? string.Empty, opening.ToArray());

        public void Count(string type) => Pieces += type.EndsWith(".delta", StringComparison.Ordinal) ? 1 : 0;

        public void End(ReadOnlyMemory<byte> last) => _last.TrySetResult(last.ToArray());
    }

    /// <summary>Carries one answer out on the connection that there is.</summary>
    private sealed class TurnRunner(SocketTurns turns, Turn turn) : IAttemptRunner
    {
        public async ValueTask<FailedAttempt?> RunAsync(Attempt attempt, CallAnswer answer, CancellationToken cancellationToken)
        {
            var reader = attempt.Deployment.Provider.ReadStream();
            try
            {
                answer.Start(200, null);
                if (!turn.Last.IsCompleted)
                {
                    turns.Open(turn);
                    var message = turns.IsResponses ? RequestRewriter.WithModel(turn.Message, turn.Call.Facts, attempt.Deployment.Target.Model) : turn.Message;
                    attempt.Leave();
                    await turns._provider.SendAsync(message, WebSocketMessageType.Text, cancellationToken);
                    turn.HasLeft = true;
                    turn.Left.TrySetResult();
                }

                Take(reader, await LastOf(turn, cancellationToken));
                if (turn.Opening is { } opening && turns._services.State?.Scan(attempt) is { } scan)
                {
                    scan.Append(Line(opening));
                }

                if (reader.Failure is { } failed)
                {
                    attempt.Observe(failed.Observation);
                    attempt.SettleFailed(failed.Observation.Kind, reader.Usage);
                    attempt.IsBroken = true;
                }
                else if (reader.Usage is { } usage)
                {
                    attempt.SettleAnswered(usage, reader.CostUsd);
                }

                return null;
            }
            catch (Exception exception) when (exception is WebSocketException or IOException)
            {
                turn.HasLeft = true;
                attempt.IsBroken = true;
                return null;
            }
            finally
            {
                turns.Close(turn);
                attempt.SettleCut(reader.Usage, turn.Pieces);
            }
        }

        // A caller may close as soon as it has the last event: its usage counts all the same.
        private static async Task<byte[]> LastOf(Turn turn, CancellationToken cancellationToken)
        {
            await ((Task)turn.Last.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await turn.Last.WaitAsync(turn.Last.IsCompleted ? CancellationToken.None : cancellationToken);
        }

        private static void Take(StreamUsageReader reader, byte[] last) => reader.Append(Line(last));

        private static byte[] Line(byte[] message)
        {
            // In JSON, line breaks stand between values only, never inside one.
            message.AsSpan().Replace((byte)'\n', (byte)' ');
            message.AsSpan().Replace((byte)'\r', (byte)' ');
            return [.. "data: "u8, .. message, .. "\n\n"u8];
        }
    }
}
