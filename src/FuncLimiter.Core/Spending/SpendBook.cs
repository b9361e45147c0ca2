using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>
/// The budgets of money, tokens and calls by the hour, day, week, month and run. A call holds the most that it can come to in each budget
/// that bounds it, or in none, and what it came to takes its place once it is over. Not safe for several threads at once.
/// </summary>
public sealed class SpendBook
{
    /// <summary>How long a run that makes no call is remembered.</summary>
    public static readonly TimeSpan RunsKept = TimeSpan.FromDays(7);

    private const string Others = "(other)";
    private const int MostOfTenant = 10_000;

    private readonly Dictionary<string, SpendAccount> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Tenant, SpendSubject Subject), int> _counts = [];
    private readonly Dictionary<string, SpendState> _found = new(StringComparer.Ordinal);
    private readonly int _mostOfTenant;
    private readonly string? _instance;
    private IReadOnlyList<SpendCap> _caps;

    /// <summary>A book in which nothing is spent.</summary>
    /// <param name="caps">What bounds spending.</param>
    /// <param name="mostOfTenant">How many users, workflows and runs of one tenant have budgets of their own, of each kind.</param>
    /// <param name="instance">The name of this instance, where it shares budgets that refuse with others; null where they are its own.</param>
    public SpendBook(IReadOnlyList<SpendCap> caps, int mostOfTenant = MostOfTenant, string? instance = null) =>
        (_caps, _mostOfTenant, _instance) = (caps, mostOfTenant, instance);

    /// <summary>What bounds spending. Budgets go on with what is spent of them when it is changed.</summary>
    public IReadOnlyList<SpendCap> Caps
    {
        get => _caps;
        set
        {
            _caps = value;
            foreach (var account in _accounts.Values)
            {
                if (value.FirstOrDefault(cap => cap.Prefix == account.Cap.Prefix && cap.Name == account.Cap.Name && cap.Tenant == account.Cap.Tenant) is { } same)
                {
                    account.Follow(same);
                }
            }
        }
    }

    /// <summary>The budgets that were used, or raised.</summary>
    public IReadOnlyCollection<SpendAccount> Accounts => _accounts.Values;

    /// <summary>Whether anything bounds calls at one of these subjects.</summary>
    public bool Bounds(params ReadOnlySpan<SpendSubject> subjects)
    {
        foreach (var cap in _caps)
        {
            if (subjects.Contains(cap.For))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The budgets that bound a call.</summary>
    /// <param name="party">Whose call it is.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="begins">Whether those that were not used yet begin now, as a run does with its first call.</param>
    public List<SpendAccount> Find(in SpendParty party, Instant now, bool begins = true)
    {
        var found = new List<SpendAccount>();
        Add(found, SpendSubject.Tenant, party.Tenant, party.Tenant, now, begins);
        Add(found, SpendSubject.User, party.Tenant, party.User, now, begins);
        Add(found, SpendSubject.Workflow, party.Tenant, party.Workflow, now, begins);
        Add(found, SpendSubject.Run, party.Tenant, party.Run, now, begins);
        return found;
    }

    /// <summary>The budgets of an account and a model.</summary>
    public List<SpendAccount> FindPlace(string account, string model, Instant now)
    {
        var found = new List<SpendAccount>();
        Add(found, SpendSubject.Account, string.Empty, account, now);
        Add(found, SpendSubject.Model, string.Empty, model, now);
        return found;
    }

    /// <summary>Holds an amount in all budgets, or in none.</summary>
    /// <param name="accounts">The budgets.</param>
    /// <param name="amount">The most that the call can come to.</param>
    /// <param name="isClosing">Whether it is its run's closing call.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="isDeposit">Whether it is held for hours, so that no call waits for what it leaves.</param>
    public static SpendDecision Reserve(IReadOnlyList<SpendAccount> accounts, in SpendAmount amount, bool isClosing, Instant now, bool isDeposit = false)
    {
        ArgumentNullException.ThrowIfNull(accounts);
        SpendAccount? waits = null;
        foreach (var account in accounts)
        {
            switch (account.Try(amount, isClosing && account.Cap.For == SpendSubject.Run, now))
            {
                case SpendFit.Spent:
                    return new(null, account, account.Binds(amount), false, false);
                case SpendFit.OutOfTime:
                    return new(null, account, null, false, true);
                case SpendFit.FitsLater:
                    waits ??= account;
                    break;
                default:
                    break;
            }
        }

        if (waits is not null)
        {
            return new(null, waits, waits.Binds(amount), true, false);
        }

        var closing = new List<SpendAccount>();
        foreach (var account in accounts)
        {
            if (account.Hold(amount, isClosing && account.Cap.For == SpendSubject.Run, now, isDeposit))
            {
                closing.Add(account);
            }
        }

        return new(new SpendHold([.. accounts], amount, closing, isDeposit), null, null, false, false);
    }

    /// <summary>Puts what a call used in the place of what it held, once.</summary>
    public static void Settle(SpendHold hold, in SpendAmount used, Instant now)
    {
        ArgumentNullException.ThrowIfNull(hold);
        if (hold.IsSettled)
        {
            return;
        }

        hold.IsSettled = true;
        foreach (var account in hold.Accounts)
        {
            account.Settle(hold.Amount, used, hold.Closing.Contains(account), now, hold.IsDeposit);
        }
    }

    /// <summary>Gives a budget more, for its present period. Null where there is none of that name, used or stored.</summary>
    /// <param name="by">How much more.</param>
    /// <param name="time">How much more time, of a run.</param>
    /// <param name="now">The wall clock.</param>
    public SpendAccount? Raise(string name, in SpendAmount by, TimeSpan time, Instant now)
    {
        if (!_accounts.TryGetValue(name, out var account) || account.EndsAt <= now)
        {
            return null;
        }

        account.Raise(by, time, now);
        return account;
    }

    /// <summary>Takes on what an earlier process stored. To be called before the first call.</summary>
    public void Restore(IReadOnlyList<SpendState> states, Instant now)
    {
        ArgumentNullException.ThrowIfNull(states);
        foreach (var state in states.Where(state => state.EndTicks > now.Ticks && !(state.EndTicks == Instant.Never.Ticks && now.Ticks - state.LastTicks > RunsKept.Ticks)))
        {
            _found[state.Name] = state;
            if (CapOf(state.Name) is { } cap)
            {
                Open(state.Name, cap.Cap, cap.Tenant, now);
            }
        }
    }

    /// <summary>Takes up what an earlier process held for calls that still wait: it is part of what was restored as spent.</summary>
    public SpendHold Restore(SpendDeposit deposit)
    {
        ArgumentNullException.ThrowIfNull(deposit);
        var accounts = new List<SpendAccount>();
        foreach (var part in deposit.Parts)
        {
            if (_accounts.TryGetValue(part.Budget, out var account) && account.EndsAt.Ticks == part.EndTicks)
            {
                account.Redeposit(deposit.Amount);
                accounts.Add(account);
            }
        }

        return new SpendHold(accounts, deposit.Amount, [], true);
    }

    /// <summary>Whether a budget's period is the one that its name stands for: what is stored under the name is of that.</summary>
    public bool IsCurrent(SpendAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return _accounts.GetValueOrDefault(account.Name) == account;
    }

    /// <summary>What a budget goes by, as its name tells; null where no such budget is configured.</summary>
    public SpendCap? CapFor(string budget) => CapOf(budget)?.Cap;

    /// <summary>Forgets the budgets whose periods are over, and runs that have made no call for long.</summary>
    /// <returns>Their names.</returns>
    public IReadOnlyList<string> Sweep(Instant now)
    {
        var over = _accounts.Values.Where(account => !account.IsInUse && (account.EndsAt <= now || (account.Cap.For == SpendSubject.Run && now - account.LastAt > RunsKept)))
            .Select(account => account.Name).ToList();
        over.ForEach(Forget);
        return over;
    }

    private static string KeyOf(SpendSubject subject, string tenant, string name) =>
        subject is SpendSubject.Tenant or SpendSubject.Account or SpendSubject.Model ? name : $"{tenant}/{name}";

    private static (string Tenant, string Name) OfKey(SpendSubject subject, string key) =>
        subject == SpendSubject.Tenant ? (key, key)
        : subject is SpendSubject.Account or SpendSubject.Model || key.IndexOf('/', StringComparison.Ordinal) is not (>= 0 and var slash) ? (string.Empty, key)
        : (key[..slash], key[(slash + 1)..]);

    private void Add(List<SpendAccount> found, SpendSubject subject, string tenant, string? name, Instant now, bool begins = true)
    {
        if (name is null)
        {
            return;
        }

        // Of the budgets for the same time, the one that names its subject the most closely counts.
        foreach (var cap in _caps)
        {
            if (cap.IsFor(subject, tenant, name) && !IsOutranked(cap, subject, tenant, name))
            {
                var key = cap.Prefix + KeyOf(subject, tenant, name);
                found.Add(_accounts.TryGetValue(key, out var known) && known.EndsAt > now ? known
                    : begins ? Begin(key, cap, subject, tenant, now)
                    : New(key, cap, now));
            }
        }
    }

    private bool IsOutranked(SpendCap cap, SpendSubject subject, string tenant, string name)
    {
        foreach (var other in _caps)
        {
            if (other.Rank > cap.Rank && other.Per == cap.Per && other.IsSoft == cap.IsSoft && other.IsFor(subject, tenant, name))
            {
                return true;
            }
        }

        return false;
    }

    private SpendAccount Begin(string key, SpendCap cap, SpendSubject subject, string tenant, Instant now)
    {
        if (!_accounts.ContainsKey(key) && subject is SpendSubject.User or SpendSubject.Workflow or SpendSubject.Run
            && _counts.GetValueOrDefault((tenant, subject)) >= _mostOfTenant)
        {
            if (subject == SpendSubject.Run)
            {
                ForgetOldRuns(tenant);
            }
            else if (KeyOf(subject, tenant, Others) is var rest && !key.EndsWith(rest, StringComparison.Ordinal))
            {
                // Whoever names more than may be counted apart has one budget for all of them.
                key = cap.Prefix + rest;
                if (_accounts.TryGetValue(key, out var shared) && shared.EndsAt > now)
                {
                    return shared;
                }
            }
        }

        return Open(key, cap, tenant, now);
    }

    private SpendAccount Open(string key, SpendCap cap, string tenant, Instant now)
    {
        var begun = New(key, cap, now);
        if (_found.Remove(key, out var state) && (cap.Per == SpendPeriod.Run || state.EndTicks == begun.EndsAt.Ticks))
        {
            var restored = new SpendAccount(key, cap, new Instant(state.StartTicks), new Instant(state.EndTicks));
            restored.Load(state);
            return Keep(key, restored, tenant);
        }

        return Keep(key, begun, tenant);
    }

    private SpendAccount New(string key, SpendCap cap, Instant now)
    {
        var (start, end) = cap.Per == SpendPeriod.Run ? (now, Instant.Never) : CalendarPeriod.Of(cap.Per, cap.Zone, now);
        return new SpendAccount(key, cap, start, end, _instance);
    }

    private SpendAccount Keep(string key, SpendAccount account, string tenant)
    {
        if (!_accounts.ContainsKey(key))
        {
            _counts[(tenant, account.Cap.For)] = _counts.GetValueOrDefault((tenant, account.Cap.For)) + 1;
        }

        return _accounts[key] = account;
    }

    private void ForgetOldRuns(string tenant)
    {
        var prefix = $"{tenant}/";
        var idle = _accounts.Values
            .Where(account => account.Cap.For == SpendSubject.Run && !account.IsInUse && account.Name[account.Cap.Prefix.Length..].StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(account => account.LastAt.Ticks)
            .Take(Math.Max(1, _mostOfTenant / 10))
            .Select(account => account.Name)
            .ToList();
        idle.ForEach(Forget);
    }

    private void Forget(string name)
    {
        if (_accounts.Remove(name, out var account))
        {
            var (tenant, _) = OfKey(account.Cap.For, name[account.Cap.Prefix.Length..]);
            _counts[(tenant, account.Cap.For)] = Math.Max(0, _counts.GetValueOrDefault((tenant, account.Cap.For)) - 1);
        }
    }

    // Which of the caps a stored budget is of, as its name tells.
    private (SpendCap Cap, string Tenant)? CapOf(string name)
    {
        foreach (var cap in _caps.OrderByDescending(cap => cap.Rank))
        {
            if (!name.StartsWith(cap.Prefix, StringComparison.Ordinal))
            {
                continue;
            }

            var (tenant, named) = OfKey(cap.For, name[cap.Prefix.Length..]);
            if (cap.IsFor(cap.For, tenant, named))
            {
                return (cap, tenant);
            }
        }

        return null;
    }
}

/// <summary>Whose call it is.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="User">Its user, or null.</param>
/// <param name="Workflow">Its workflow, or null.</param>
/// <param name="Run">Its run, or null.</param>
public readonly record struct SpendParty(string Tenant, string? User, string? Workflow, string? Run);

/// <summary>What calls under way hold of budgets until they are over.</summary>
public sealed class SpendHold
{
    internal SpendHold(IReadOnlyList<SpendAccount> accounts, SpendAmount amount, IReadOnlyList<SpendAccount> closing, bool isDeposit) =>
        (Accounts, Amount, Closing, IsDeposit) = (accounts, amount, closing, isDeposit);

    /// <summary>The budgets.</summary>
    public IReadOnlyList<SpendAccount> Accounts { get; }

    /// <summary>What is held of each.</summary>
    public SpendAmount Amount { get; }

    /// <summary>The runs whose closing call it is.</summary>
    internal IReadOnlyList<SpendAccount> Closing { get; }

    internal bool IsSettled { get; set; }

    /// <summary>Whether it outlasts the process.</summary>
    internal bool IsDeposit { get; }
}

/// <summary>What is held for a call that waits for hours, in a provider's batch, and survives the process that held it.</summary>
/// <param name="Owner">What it waits in.</param>
/// <param name="Place">Its place there, from 0.</param>
/// <param name="Amount">What is held of each budget.</param>
/// <param name="Parts">The budgets.</param>
public sealed record SpendDeposit(string Owner, int Place, SpendAmount Amount, IReadOnlyList<DepositPart> Parts);

/// <summary>A budget that holds a deposit.</summary>
/// <param name="Budget">Its name.</param>
/// <param name="EndTicks">When its period ends, as an <see cref="Instant"/>'s ticks.</param>
public sealed record DepositPart(string Budget, long EndTicks);

/// <summary>Whether a call fits its budgets.</summary>
/// <param name="Hold">What is held; null where it doesn't fit.</param>
/// <param name="Binds">The budget that it doesn't fit.</param>
/// <param name="Dimension">What of it is too little; null where a run's time is over.</param>
/// <param name="MayFit">Whether it fits once calls under way use less than they hold.</param>
/// <param name="IsOutOfTime">Whether the run's time is over.</param>
public sealed record SpendDecision(SpendHold? Hold, SpendAccount? Binds, Dimension? Dimension, bool MayFit, bool IsOutOfTime);
