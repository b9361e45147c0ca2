using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// What a book knows of one instance. The last answer may be in force there or not, until the next ask tells: till then both count.
/// </summary>
internal sealed class Tenure
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(1);
    private readonly (double Spent, double Returned, bool HasRefunds, IReadOnlyList<(double Amount, TimeSpan Ago)> Earlier)[] _toBook;
    private Instant _endedAt = Instant.Distant;

    internal Tenure(TenureState state)
    {
        Instance = state.Instance;
        Sequence = state.Sequence;
        Held = state.Held;
        Answer = state.Answer;
        Demands = state.Demands;
        CallsPerSecond = state.CallsPerSecond;
        Lines = [.. state.Lines];
        _toBook = new (double, double, bool, IReadOnlyList<(double, TimeSpan)>)[Lines.Length];
    }

    /// <summary>The name that stands for all instances that may hold leases of an earlier book.</summary>
    internal const string Unknown = "";

    internal string Instance { get; }

    /// <summary>True where there is no sign of an earlier book.</summary>
    internal bool IsUnfounded => Instance == Unknown && Held == 0;

    internal long Sequence { get; private set; }

    /// <summary>The lease that was last in force there; 0 for none that the book knows.</summary>
    internal long Held { get; private set; }

    /// <summary>The lease that the next one goes on from; 0 where what the instance had is void.</summary>
    internal long Continues { get; private set; }

    internal Lease? Answer { get; set; }

    internal IReadOnlyList<LeaseDemand> Demands { get; private set; }

    internal TenureLine[] Lines { get; }

    /// <summary>How many calls it let out per second of late, if each was as large as the largest.</summary>
    internal double CallsPerSecond { get; private set; }

    /// <summary>
    /// From here on nothing that it holds can be in force. Never earlier than before: the answer that ends earlier may not have come.
    /// </summary>
    internal Instant EndsAt => Instant.Max(_endedAt, Answer?.ExpiresAt ?? Instant.Distant);

    /// <summary>An instance that the book doesn't know (any more): whatever it used before is counted already.</summary>
    internal static Tenure Begin(LeaseAsk ask) => new(new(
        ask.Instance, ask.Sequence, 0, null, ask.Demands,
        [.. ask.Lines.Select(line => new TenureLine(0, 0, line.UsedTotal, line.ReturnedTotal, 0, line.Need, 0, false))]));

    /// <summary>Stands for all instances that may hold leases of an earlier book.</summary>
    internal static Tenure OfUnknown(LeaseLine[] lines, Instant now, Instant end) => new(new(
        Unknown, 0, 0, new(Unknown, 0, 0, 0, now, Instant.Distant, end, end, lines, []), [],
        [.. lines.Select(line => new TenureLine(line.Rate, line.Capacity, 0, 0, 0, 0, 0, false))]));

    /// <summary>Whether an ask tells of a lease of an earlier book.</summary>
    internal void Suspect(LeaseAsk ask) => Held = ask.Holds != 0 ? ask.Holds : Held;

    /// <summary>What the answer says for guidance is not kept: whoever asks the same again goes without.</summary>
    internal TenureState Export() =>
        new(Instance, Sequence, Held, Answer is null ? null : Answer with { Shares = [], Use = [] }, Demands, [.. Lines])
        {
            CallsPerSecond = CallsPerSecond,
        };

    internal double LentRate(int line) => Math.Max(Lines[line].Rate, Answer?.Lines[line].Rate ?? 0);

    /// <summary>
    /// What it may have at once: of a bucket either capacity, and what it was granted on top until it is known to have merged it.
    /// </summary>
    internal double LentCapacity(int line, bool flows)
    {
        var (grant, capacity) = Answer is { } answer ? (answer.Lines[line].Grant, answer.Lines[line].Capacity) : (0, 0);
        return Math.Max(Lines[line].Capacity + grant, flows ? capacity : 0);
    }

    /// <summary>The most that it can have of a bucket at an instant, if what it told was so long on its way.</summary>
    internal double MostAt(int line, Instant now)
    {
        var since = OnItsWay + (Answer is { } answer ? now - answer.IssuedAt : TimeSpan.Zero);
        var level = Math.Max(0, Lines[line].Level) + (Answer?.Lines[line].Grant ?? 0) + (LentRate(line) * since.TotalSeconds);
        return Math.Min(level, LentCapacity(line, flows: true));
    }

    /// <summary>
    /// Takes in an ask: settles which lease is in force, and books what was used and given back. An answer that the instance passed over
    /// will never be in force, since the instance has asked again; what it was lent before and no longer knows counts as used.
    /// </summary>
    /// <returns>How many calls it let out since it asked last, if each was as large as the largest.</returns>
    internal double Hear(LeaseAsk ask, IReadOnlyList<LeaseAccount> accounts, Instant now)
    {
        var took = Answer is not null && ask.Holds == Answer.Number;
        var isKnown = took || ask.Holds == Held;
        var goesOn = isKnown && !ask.Lapsed;
        var calls = CountCalls(ask, now);
        for (var i = 0; i < Lines.Length; i++)
        {
            var (report, was, account, offer) = (ask.Lines[i], Lines[i], accounts[i], Answer?.Lines[i] ?? new(0, 0, 0));
            var (used, returned) = (Math.Max(0, report.UsedTotal - was.UsedTotal), Math.Max(0, report.ReturnedTotal - was.ReturnedTotal));
            var had = !took ? was.Capacity : account.Flows ? offer.Capacity : was.Capacity + offer.Grant;
            var isWrittenOff = !isKnown || ask.Lapsed && account.Dimension == Dimension.Concurrent;
            var left = account.Flows ? had : Math.Max(0, had - used - returned);
            var rate = goesOn ? took ? offer.Rate : was.Rate : 0;

            // A part that doesn't refill can't hold more again than it has: what its calls came to beyond it is used, and comes off the next grant.
            var capacity = !goesOn ? 0 : rate <= 0 && account.Dimension != Dimension.Concurrent ? Math.Clamp(report.Level, 0, left) : left;
            Lines[i] = new(rate, capacity, report.UsedTotal, report.ReturnedTotal, report.Level, report.Need, was.Turn, was.IsShort);
            var givenBack = (goesOn ? returned : 0) + (took ? 0 : offer.Grant);
            var earlier = EarlierUse(was.UsedTotal, report);
            var late = used - earlier.Sum(part => part.Amount);
            _toBook[i] = new(isWrittenOff ? late + left : late, givenBack, isKnown && ask.Holds != 0, earlier);
        }

        _endedAt = EndsAt;
        (Sequence, Demands, Answer) = (ask.Sequence, ask.Demands, null);
        (Held, Continues) = isKnown ? (ask.Holds, goesOn ? ask.Holds : 0) : (0, 0);
        return calls;
    }

    // What was used since the instance told last, as far as it tells when.
    private static List<(double Amount, TimeSpan Ago)> EarlierUse(double told, LeaseReport report)
    {
        var parts = new List<(double, TimeSpan)>();
        foreach (var mark in report.Marks.Where(mark => mark.UsedTotal > told))
        {
            var total = Math.Min(mark.UsedTotal, report.UsedTotal);
            if (total > told)
            {
                parts.Add((total - told, mark.Ago));
                told = total;
            }
        }

        return parts;
    }

    private double CountCalls(LeaseAsk ask, Instant now)
    {
        var seconds = Answer is null ? 0 : (now - Answer.IssuedAt).TotalSeconds;
        if (seconds <= 0)
        {
            return 0;
        }

        var calls = Lines
            .Zip(ask.Lines, (was, report) => report.Need > 0 ? Math.Max(0, report.UsedTotal - was.UsedTotal) / report.Need : 0)
            .DefaultIfEmpty(0)
            .Max();
        var weight = Math.Min(1, seconds / Memory.TotalSeconds);
        CallsPerSecond = Math.Round((1 - weight) * CallsPerSecond + weight * (calls / seconds), 3);
        return calls;
    }

    /// <summary>Books what the last ask told, once the accounts know what is lent now.</summary>
    /// <param name="drift">How much of a time by the instance's clock may not have passed by the book's.</param>
    internal void Book(LeaseAsk ask, IReadOnlyList<LeaseAccount> accounts, double drift, Instant now)
    {
        for (var i = 0; i < Lines.Length; i++)
        {
            foreach (var (amount, ago) in _toBook[i].Earlier)
            {
                accounts[i].Spend(amount, now - (ago * (1 - drift)));
            }

            accounts[i].Spend(_toBook[i].Spent);
            accounts[i].Return(_toBook[i].Returned);
            foreach (var refund in _toBook[i].HasRefunds ? ask.Lines[i].Refunds : [])
            {
                accounts[i].Refund(refund.Amount, refund.TakenAt);
            }
        }
    }
}
