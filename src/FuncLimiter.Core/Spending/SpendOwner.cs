using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>
/// One spending budget that several instances share: what each may have spent in all is granted to it, and the sum of that never exceeds the
/// budget. Asks may come twice, late and in any order; each tells totals, so that nothing is counted twice.
/// </summary>
public static class SpendOwner
{
    /// <summary>How long an instance may go by what it was granted, from its ask on.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    /// <summary>How long an instance that is not heard of keeps what it was granted; then all of that counts as spent.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private const int RaisesKept = 50;
    private const int DepositsKept = 100;

    /// <summary>Answers an ask: the state that holds from then on, and in it what the instance may spend.</summary>
    /// <param name="cap">What the budget goes by.</param>
    /// <param name="state">The state before; null where there is none.</param>
    /// <param name="now">The owner's wall clock.</param>
    public static SpendOwnerState Answer(SpendCap cap, SpendOwnerState? state, SpendAsk ask, Instant now)
    {
        ArgumentNullException.ThrowIfNull(cap);
        ArgumentNullException.ThrowIfNull(ask);
        state = Open(cap, state, ask.Budget, now);
        var holder = state.Holders.GetValueOrDefault(ask.Instance) ?? new SpendHolder(SpendAmount.None, SpendAmount.None, 0, now.Ticks, false);
        if (ask.Sequence <= holder.Sequence)
        {
            return state;
        }

        // What an instance gives back it does not use any more.
        holder = holder with { Used = SpendAmount.Max(holder.Used, ask.Used), Granted = SpendAmount.Min(holder.Granted, ask.Needs), Sequence = ask.Sequence, AtTicks = now.Ticks };
        var reopens = ask.Reopens && holder.IsClosing;
        state = With(state with { IsClosing = state.IsClosing && !reopens }, ask.Instance, holder with { IsClosing = holder.IsClosing && !reopens });
        holder = state.Holders[ask.Instance];
        if (ask.Closing != SpendAmount.None && !state.IsClosing && Taken(state).IsBelow(cap.Limit + state.Raised))
        {
            // What is left is for this call, whatever that comes to.
            return With(state with { IsClosing = true }, ask.Instance, holder with { IsClosing = true, Granted = holder.Granted + ask.Closing });
        }

        var room = SpendAmount.Max(Ordinary(cap, state) - Taken(state), SpendAmount.None);
        var wants = SpendAmount.Max(ask.Needs - SpendAmount.Max(holder.Granted, holder.Used), SpendAmount.None);
        return With(state, ask.Instance, holder with { Granted = SpendAmount.Max(holder.Granted, holder.Used) + SpendAmount.Min(wants, room) });
    }

    /// <summary>Gives the budget more for its present period; the same raise a second time changes nothing.</summary>
    public static SpendOwnerState Raise(SpendCap cap, SpendOwnerState? state, SpendRaise raise, Instant now)
    {
        ArgumentNullException.ThrowIfNull(raise);
        state = Open(cap, state, raise.Budget, now);
        return state.Raises.Contains(raise.Id) ? state : state with
        {
            Raised = state.Raised + raise.By,
            RaisedTicks = state.RaisedTicks + raise.LongerTicks,
            Raises = [.. state.Raises.TakeLast(RaisesKept - 1), raise.Id],
        };
    }

    /// <summary>
    /// Holds an amount for calls that are answered hours later, where it fits; under one id once, and not after its end. The answer is in the state: the ask, and
    /// beside it the deposit where there was room.
    /// </summary>
    public static SpendOwnerState Deposit(SpendCap cap, SpendOwnerState? state, SpendDepositAsk ask, Instant now)
    {
        ArgumentNullException.ThrowIfNull(cap);
        ArgumentNullException.ThrowIfNull(ask);
        state = Open(cap, state, ask.Budget, now);
        state = state with { DepositAsks = [.. state.DepositAsks.TakeLast(DepositsKept - 1), ask.Ask] };
        var isInTime = cap.Longest is not { } longest || ((longest.Ticks + state.RaisedTicks) * (1 - cap.KeptForClosing)) > now.Ticks - state.StartTicks;
        return state.Deposits.ContainsKey(ask.Id) || state.EndedDeposits.Contains(ask.Id) || !isInTime || !(Taken(state) + ask.Amount).FitsIn(Ordinary(cap, state)) ? state : state with
        {
            Deposits = new Dictionary<string, SpendOwnerDeposit>(state.Deposits) { [ask.Id] = new(ask.Amount, ask.UntilTicks) },
        };
    }

    /// <summary>Puts what calls used in the place of their deposit, once; of one that is not there (any more) nothing.</summary>
    public static SpendOwnerState End(SpendCap cap, SpendOwnerState? state, SpendDepositEnd end, Instant now)
    {
        ArgumentNullException.ThrowIfNull(end);
        state = Open(cap, state, end.Budget, now);
        return state.Deposits.GetValueOrDefault(end.Id) is not { } deposit ? state : state with
        {
            Spent = state.Spent + (end.Used ?? deposit.Amount),
            Deposits = state.Deposits.Where(known => known.Key != end.Id).ToDictionary(),
            EndedDeposits = [.. state.EndedDeposits.TakeLast(DepositsKept - 1), end.Id],
        };
    }

    /// <summary>Whether the budget is over, and can be forgotten.</summary>
    public static bool IsOver(SpendOwnerState state, Instant now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.EndTicks <= now.Ticks
            || (state.EndTicks == Instant.Never.Ticks && state.Deposits.Count == 0 && now.Ticks - state.Holders.Values.Select(holder => holder.AtTicks).Append(state.StartTicks).Max() > SpendBook.RunsKept.Ticks);
    }

    /// <summary>What is spent and granted in all.</summary>
    public static SpendAmount Taken(SpendOwnerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Holders.Values.Aggregate(SpentAndDeposited(state), static (sum, holder) => sum + SpendAmount.Max(holder.Granted, holder.Used));
    }

    /// <summary>What is spent for certain: what instances have told, all that silent ones were granted, and what is held for hours.</summary>
    internal static SpendAmount Spent(SpendOwnerState state) => state.Holders.Values.Aggregate(SpentAndDeposited(state), static (sum, holder) => sum + holder.Used);

    private static SpendAmount SpentAndDeposited(SpendOwnerState state) =>
        state.Deposits.Values.Aggregate(state.Spent, static (sum, deposit) => sum + deposit.Amount);

    private static SpendAmount Ordinary(SpendCap cap, SpendOwnerState state) =>
        cap.KeptForClosing <= 0 || state.IsClosing ? cap.Limit + state.Raised : (cap.Limit + state.Raised).Times(1 - cap.KeptForClosing);

    private static SpendOwnerState With(SpendOwnerState state, string instance, SpendHolder holder) => state with
    {
        Holders = new Dictionary<string, SpendHolder>(state.Holders) { [instance] = holder },
    };

    // A period that is over begins anew; what an instance that is not heard of any more was granted may have been spent, and so may a deposit
    // that nobody has ended.
    private static SpendOwnerState Open(SpendCap cap, SpendOwnerState? state, string budget, Instant now)
    {
        if (state is null || state.EndTicks <= now.Ticks)
        {
            var (start, end) = cap.Per == SpendPeriod.Run ? (now, Instant.Never) : CalendarPeriod.Of(cap.Per, cap.Zone, now);
            return new SpendOwnerState { Budget = budget, StartTicks = start.Ticks, EndTicks = end.Ticks };
        }

        var silent = state.Holders.Where(holder => now.Ticks - holder.Value.AtTicks > Silence.Ticks).ToArray();
        var late = state.Deposits.Where(deposit => deposit.Value.UntilTicks <= now.Ticks).ToArray();
        return silent.Length + late.Length == 0 ? state : state with
        {
            Spent = silent.Aggregate(
                late.Aggregate(state.Spent, static (sum, deposit) => sum + deposit.Value.Amount),
                static (sum, holder) => sum + SpendAmount.Max(holder.Value.Granted, holder.Value.Used)),
            Holders = state.Holders.Except(silent).ToDictionary(),
            Deposits = state.Deposits.Except(late).ToDictionary(),
        };
    }
}

/// <summary>What an owner remembers of a budget.</summary>
public sealed record SpendOwnerState
{
    /// <summary>The budget's name.</summary>
    public string Budget { get; init; } = "";

    /// <summary>When its period began, as an <see cref="Instant"/>'s ticks.</summary>
    public long StartTicks { get; init; }

    /// <summary>When it ends.</summary>
    public long EndTicks { get; init; }

    /// <summary>What instances that are gone have spent, or may have.</summary>
    public SpendAmount Spent { get; init; }

    /// <summary>What people gave on top.</summary>
    public SpendAmount Raised { get; init; }

    /// <summary>What people gave on top of a run's time.</summary>
    public long RaisedTicks { get; init; }

    /// <summary>The last raises, by their ids.</summary>
    public IReadOnlyList<string> Raises { get; init; } = [];

    /// <summary>Whether the closing call is under way or over.</summary>
    public bool IsClosing { get; init; }

    /// <summary>The instances that spend of it.</summary>
    public IReadOnlyDictionary<string, SpendHolder> Holders { get; init; } = new Dictionary<string, SpendHolder>();

    /// <summary>What is held for calls that are answered hours later, by what they wait in.</summary>
    public IReadOnlyDictionary<string, SpendOwnerDeposit> Deposits { get; init; } = new Dictionary<string, SpendOwnerDeposit>();

    /// <summary>The last asks for deposits, whether they were held or not.</summary>
    public IReadOnlyList<string> DepositAsks { get; init; } = [];

    /// <summary>The last deposits that ended: an ask for one that comes late holds nothing.</summary>
    public IReadOnlyList<string> EndedDeposits { get; init; } = [];
}

/// <summary>What an owner holds for calls that are answered hours later.</summary>
/// <param name="Amount">How much.</param>
/// <param name="UntilTicks">When it counts as spent where nobody has ended it, as an <see cref="Instant"/>'s ticks.</param>
public sealed record SpendOwnerDeposit(SpendAmount Amount, long UntilTicks);

/// <summary>What one instance may spend.</summary>
/// <param name="Granted">How much it may have spent in all.</param>
/// <param name="Used">How much it has spent in all, as far as it has told.</param>
/// <param name="Sequence">Its last ask.</param>
/// <param name="AtTicks">When that came.</param>
/// <param name="IsClosing">Whether the closing call is its own.</param>
public sealed record SpendHolder(SpendAmount Granted, SpendAmount Used, long Sequence, long AtTicks, bool IsClosing);

/// <summary>What an instance tells and wants of a budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Instance">The instance's name, another one whenever it has not been answered for long.</param>
/// <param name="Sequence">Rises with each ask.</param>
/// <param name="Used">What it has spent in all under that name.</param>
/// <param name="Needs">What it must be able to have spent in all: what it has spent, what calls hold, and what waits.</param>
/// <param name="Closing">What its run's closing call may come to; nothing where none waits.</param>
/// <param name="Reopens">Whether its closing call came to nothing.</param>
public sealed record SpendAsk(string Budget, string Instance, long Sequence, SpendAmount Used, SpendAmount Needs, SpendAmount Closing, bool Reopens);

/// <summary>Wants an amount held for calls that are answered hours later.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Id">What they wait in.</param>
/// <param name="Ask">Tells one ask from another.</param>
/// <param name="Amount">How much.</param>
/// <param name="UntilTicks">When it counts as spent where nobody has ended it.</param>
public sealed record SpendDepositAsk(string Budget, string Id, string Ask, SpendAmount Amount, long UntilTicks);

/// <summary>Ends a deposit.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Id">What the calls waited in.</param>
/// <param name="Used">What they used; null for all that was held.</param>
public sealed record SpendDepositEnd(string Budget, string Id, SpendAmount? Used);

/// <summary>More for a budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Id">Tells one raise from another.</param>
/// <param name="By">How much.</param>
/// <param name="LongerTicks">How much longer a run may last.</param>
public sealed record SpendRaise(string Budget, string Id, SpendAmount By, long LongerTicks);
