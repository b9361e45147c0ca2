using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Tests.Usage;

/// <summary>A run that is held to an amount, where instances share its budget.</summary>
public sealed class RunHoldTests
{
    private static readonly SpendCap Cap = new(SpendSubject.Run, SpendPeriod.Run, new(1_000, SpendAmount.Unbounded, SpendAmount.Unbounded));
    private static readonly SpendParty Run = new("acme", null, null, "r1");

    private readonly VirtualTime _time = new();
    private readonly Owner _owner = new();

    [Fact]
    public async Task Hold_LowersTheOwnersBudgetOnce_WhicheverInstanceAsks()
    {
        var first = await Desk("a").HoldRunAsync(Run, Usd(300));
        var second = await Desk("b").HoldRunAsync(Run, Usd(900));

        Assert.Equal(("run:acme/r1", 300), (first!.Value.Budget, first.Value.Limit.Cost));
        Assert.Equal(300, second!.Value.Limit.Cost);
        Assert.Equal(300, _owner.Answer("c", Usd(1_000)).Holders["c"].Granted.Cost);
    }

    [Fact]
    public async Task Hold_OfARunThatHasBegun_LeavesItsBudgetAlone()
    {
        _owner.Answer("b", Usd(200));

        var held = await Desk("a").HoldRunAsync(Run, Usd(100));

        Assert.Equal(1_000, held!.Value.Limit.Cost);
    }

    [Fact]
    public async Task Hold_WhoseOwnerIsNotReached_HoldsNothing()
    {
        _owner.IsGone = true;

        Assert.Null(await Desk("a").HoldRunAsync(Run, Usd(100)));
    }

    private static SpendAmount Usd(long nano) => new(nano, SpendAmount.Unbounded, SpendAmount.Unbounded);

    private SpendDesk Desk(string instance) => new(new SpendBook([Cap], instance: instance), _time, owners: _owner);

    private sealed class Owner : ISpendOwners
    {
        private SpendOwnerState? _state;

        public bool IsGone { get; set; }

        public Task<SpendOwnerState?> AskAsync(SpendAsk ask, CancellationToken cancellationToken) =>
            Task.FromResult(IsGone ? null : _state = SpendOwner.Answer(Cap, _state, ask, Now));

        public Task<bool> RaiseAsync(SpendRaise raise, CancellationToken cancellationToken)
        {
            _state = SpendOwner.Raise(Cap, _state, raise, Now);
            return Task.FromResult(true);
        }

        public Task<SpendOwnerState?> DepositAsync(SpendDepositAsk ask, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task EndDepositAsync(SpendDepositEnd end, CancellationToken cancellationToken) => throw new NotSupportedException();

        public SpendOwnerState Answer(string instance, SpendAmount needs) => _state = SpendOwner.Answer(Cap, _state, new SpendAsk("run:acme/r1", instance, 1, SpendAmount.None, needs, SpendAmount.None, false), Now);

        private static Instant Now => new(TimeSpan.FromDays(1).Ticks);
    }
}
