using System.Collections.Concurrent;
using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Dialects;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Calls.Idempotency;

public sealed class IdempotentCallsTests : IIdempotencyStore, ICallExecutor
{
    private readonly VirtualTime _time = new();
    private readonly ConcurrentDictionary<string, (StoredAnswer Answer, DateTimeOffset ExpiresAt)> _stored = new();
    private readonly IdempotentCalls _calls;
    private Func<CancellationToken, Task<CallResult>> _execute = _ => Task.FromResult(Answer(200));
    private Exception? _storeFailure;
    private int _executed;

    public IdempotentCallsTests() =>
        _calls = new IdempotentCalls(this, this, new IdempotencyOptions { MaxBodyBytes = 100 }, _time, NullLogger<IdempotentCalls>.Instance);

    [Theory]
    [InlineData(200, 1)]
    [InlineData(400, 1)]
    [InlineData(404, 1)]
    [InlineData(413, 1)]
    [InlineData(422, 1)]
    [InlineData(401, 2)]
    [InlineData(408, 2)]
    [InlineData(429, 2)]
    [InlineData(500, 2)]
    [InlineData(503, 2)]
    public async Task Answer_IsKeptWhereRepeatingCouldNotChangeIt(int status, int executed)
    {
        _execute = _ => Task.FromResult(Answer(status));

        await _calls.RunAsync(Call(), CancellationToken.None);
        var second = await _calls.RunAsync(Call(), CancellationToken.None);

        Assert.Equal((status, executed), (second.Result!.Status, _executed));
        Assert.Equal(executed == 1 ? IdempotentOutcome.Replayed : IdempotentOutcome.Fresh, second.Outcome);
    }

    [Fact]
    public async Task Answer_IsKeptForADay()
    {
        await _calls.RunAsync(Call(), CancellationToken.None);
        _time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromTicks(1));
        Assert.Equal(IdempotentOutcome.Replayed, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(IdempotentOutcome.Fresh, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);
    }

    [Fact]
    public async Task Answer_ThatIsTooLarge_IsGivenAndNotKept()
    {
        _execute = _ => Task.FromResult(Answer(200, new string('x', 101)));

        var first = await _calls.RunAsync(Call(), CancellationToken.None);

        Assert.Equal(101, first.Result!.Body.Length);
        Assert.Empty(_stored);
    }

    [Fact]
    public async Task Answer_ThatCannotBeStored_IsGivenAllTheSame()
    {
        _storeFailure = new IOException("The disk is full.");

        Assert.Equal((IdempotentOutcome.Fresh, 200), (await _calls.RunAsync(Call(), CancellationToken.None)) is var answer ? (answer.Outcome, answer.Result!.Status) : default);
    }

    [Fact]
    public async Task Call_WhoseFirstCallerLeaves_GoesOnForTheOthers()
    {
        var answer = new TaskCompletionSource<CallResult>();
        _execute = cut => answer.Task.WaitAsync(cut);
        using var gone = new CancellationTokenSource();
        var first = _calls.RunAsync(Call(), gone.Token);
        var second = _calls.RunAsync(Call(), CancellationToken.None);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult(Answer(200));

        Assert.Equal((IdempotentOutcome.Replayed, 200), ((await second).Outcome, (await second).Result!.Status));
        Assert.Equal(1, _executed);
    }

    [Fact]
    public async Task Call_WhoseCallersHaveAllLeft_IsCutOffAndItsKeyIsFree()
    {
        var cutOff = new TaskCompletionSource();
        _execute = async cut =>
        {
            await Task.Delay(Timeout.Infinite, cut).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cutOff.SetResult();
            throw new OperationCanceledException(cut);
        };
        using var gone = new CancellationTokenSource();
        var callers = new[] { _calls.RunAsync(Call(), gone.Token), _calls.RunAsync(Call(), gone.Token) };

        await gone.CancelAsync();
        await cutOff.Task;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(callers));
        _execute = _ => Task.FromResult(Answer(200));

        Assert.Equal(IdempotentOutcome.Fresh, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);
        Assert.Equal(2, _executed);
    }

    [Fact]
    public async Task Call_ThatBreaksDown_IsToldToAllWhoWaitAndItsKeyIsFree()
    {
        var broken = new TaskCompletionSource<CallResult>();
        _execute = _ => broken.Task;
        var callers = new[] { _calls.RunAsync(Call(), CancellationToken.None), _calls.RunAsync(Call(), CancellationToken.None) };

        broken.SetException(new InvalidOperationException("no"));
        foreach (var caller in callers)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => caller);
        }

        _execute = _ => Task.FromResult(Answer(200));
        Assert.Equal(IdempotentOutcome.Fresh, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);
    }

    [Fact]
    public async Task Key_UsedForSomethingElse_DoesNothing()
    {
        var answer = new TaskCompletionSource<CallResult>();
        _execute = _ => answer.Task;
        var first = _calls.RunAsync(Call("one"), CancellationToken.None);

        var during = await _calls.RunAsync(Call("two"), CancellationToken.None);
        answer.SetResult(Answer(200));
        await first;
        var after = await _calls.RunAsync(Call("two"), CancellationToken.None);

        Assert.Equal((IdempotentOutcome.Different, IdempotentOutcome.Different, 1), (during.Outcome, after.Outcome, _executed));
    }

    [Fact]
    public async Task Stream_WhileItLasts_KeepsOthersOut()
    {
        var (claim, _) = await _calls.ClaimStreamAsync(Call(), CancellationToken.None);

        Assert.Equal(IdempotentOutcome.InFlight, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);
        Assert.Equal(IdempotentOutcome.InFlight, (await _calls.ClaimStreamAsync(Call(), CancellationToken.None)).Answer!.Outcome);
        Assert.Equal(IdempotentOutcome.Different, (await _calls.RunAsync(Call("else"), CancellationToken.None)).Outcome);

        claim!.Dispose();
        Assert.Equal(IdempotentOutcome.Fresh, (await _calls.RunAsync(Call(), CancellationToken.None)).Outcome);
    }

    Task<StoredAnswer?> IIdempotencyStore.FindAsync(string tenant, string key, DateTimeOffset now, CancellationToken cancellationToken) =>
        Task.FromResult(_stored.TryGetValue($"{tenant} {key}", out var found) && found.ExpiresAt > now ? found.Answer : null);

    Task IIdempotencyStore.StoreAsync(string tenant, string key, StoredAnswer answer, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        if (_storeFailure is not null)
        {
            return Task.FromException(_storeFailure);
        }

        _stored[$"{tenant} {key}"] = (answer, expiresAt);
        return Task.CompletedTask;
    }

    Task<int> IIdempotencyStore.SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<CallResult> ICallExecutor.ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _executed);
        return _execute(cancellationToken);
    }

    private static CallResult Answer(int status, string body = "{}") => new(status, [], Encoding.UTF8.GetBytes(body), "a/m", null, 1);

    private static CallEnvelope Call(string text = "Hi")
    {
        var bytes = Encoding.UTF8.GetBytes(Samples.Chat.Replace("Hi", text, StringComparison.Ordinal));
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, bytes, null, out var facts, out _));
        return new CallEnvelope(Dialect.OpenAI, facts, bytes, new Caller("acme", null, Priority.Standard, null, null, null), "", []) { IdempotencyKey = "k" };
    }
}
