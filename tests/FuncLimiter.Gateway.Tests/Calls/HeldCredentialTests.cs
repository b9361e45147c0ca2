using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Calls;

public class HeldCredentialTests
{
    private readonly VirtualTime _time = new();
    private readonly HeldCredential<string> _held;
    private Func<CancellationToken, Task<FetchedCredential<string>>> _source = _ => throw new InvalidOperationException("none");
    private int _asked;

    public HeldCredentialTests() => _held = new HeldCredential<string>(
        "key of the tests",
        cancellationToken =>
        {
            _asked++;
            return _source(cancellationToken);
        },
        _time,
        NullLogger.Instance);

    [Fact]
    public async Task Source_ThatIsSilent_IsWaitedForTenSeconds_ByAllTogether_AndThenLeftAlone()
    {
        _source = _ => new TaskCompletionSource<FetchedCredential<string>>().Task;
        var waiting = Enumerable.Range(0, 20).Select(_ => GetAsync()).ToArray();

        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.DoesNotContain(waiting, one => one.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        foreach (var one in waiting)
        {
            await Assert.ThrowsAsync<CredentialMissingException>(() => one);
        }

        await Assert.ThrowsAsync<CredentialMissingException>(GetAsync);
        Assert.Equal(1, _asked);

        _source = _ => Good("one");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("one", await GetAsync());
    }

    [Fact]
    public async Task Credential_ThatIsStillGood_IsUsedWhileTheNextIsFetched()
    {
        _source = _ => Good("one");
        await GetAsync();
        var next = new TaskCompletionSource<FetchedCredential<string>>();
        _source = _ => next.Task;

        _time.Advance(TimeSpan.FromMinutes(56));
        Assert.Equal(["one", "one"], await Task.WhenAll(GetAsync(), GetAsync()));
        next.SetResult(await Good("two"));

        Assert.Equal("two", await GetAsync());
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Caller_WhoGoesAway_DoesNotEndTheFetchOfTheOthers()
    {
        var fetch = new TaskCompletionSource<FetchedCredential<string>>();
        _source = _ => fetch.Task;
        using var leaves = new CancellationTokenSource();
        var (first, second) = (_held.GetAsync(leaves.Token).AsTask(), GetAsync());

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        fetch.SetResult(await Good("one"));

        Assert.Equal("one", await second);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Credential_ThatWasRefused_IsReplacedOnceHoweverManyWereRefused_AndNotAgainForTenSeconds()
    {
        _source = _ => Good($"number {_asked}");
        Assert.Equal("number 1", await GetAsync());

        var next = new TaskCompletionSource<FetchedCredential<string>>();
        _source = _ => next.Task;
        var renewals = Enumerable.Range(0, 20).Select(_ => RenewAsync("number 1")).ToArray();
        next.SetResult(await Good("number 2"));
        Assert.All(await Task.WhenAll(renewals), Assert.True);
        _source = _ => Good($"number {_asked}");
        Assert.Equal(("number 2", 2), (await GetAsync(), _asked));
        Assert.False(await RenewAsync("number 2"));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await RenewAsync("number 2"));
        Assert.Equal(("number 3", 3), (await GetAsync(), _asked));
    }

    [Fact]
    public async Task Credential_ThatWasRefused_AndIsTheSameWhenFetchedAgain_IsNotTriedAgain()
    {
        _source = _ => Good("one");
        await GetAsync();

        Assert.False(await RenewAsync("one"));
    }

    [Fact]
    public async Task Credential_ThatWasRefused_StaysInUse_WhereNoOtherCanBeHad()
    {
        _source = _ => Good("one");
        await GetAsync();
        _source = _ => throw new InvalidOperationException("away");

        Assert.False(await RenewAsync("one"));
        Assert.Equal("one", await GetAsync());
    }

    private Task<string> GetAsync() => _held.GetAsync(CancellationToken.None).AsTask();

    private Task<bool> RenewAsync(string refused) => _held.RenewAsync(refused, CancellationToken.None).AsTask();

    private Task<FetchedCredential<string>> Good(string value)
    {
        var now = _time.GetUtcNow();
        return Task.FromResult(new FetchedCredential<string>(value, now + TimeSpan.FromMinutes(55), now + TimeSpan.FromMinutes(60)));
    }
}
