using System.Numerics;

namespace FuncLimiter.Core.Budgets;

/// <summary>
/// Finds the rule by which a provider charges one limit, from what it reports to remain. Every known rule keeps a book of the same calls;
/// a rule is given up once the reports can't be reconciled with its book and can with another's. Until then the call is charged the most
/// that any rule still open asks for, so that not knowing costs room and no refusals.
/// </summary>
/// <remarks>
/// Worked: prompts of 300 tokens, <c>max_tokens</c> 500, a limit of 60,000. The documented rule, the larger of both, says that ten calls
/// leave 55,000; the provider reports 52,000. Prompt and <c>max_tokens</c> explain that and nothing else does: from then on a call is 800.
/// A report was stamped somewhere between the call's leaving and its answer, and calls overtake one another, so what a book says of it is a
/// range. What others used before is an unknown that all reports share, and changes nothing.
/// </remarks>
internal sealed partial class ChargeLearner
{
    private const int ReportsBeforeRare = 64;
    private const int AnswersToSettle = 32;
    private const int Rarely = 32;
    private const double MostAbove = 2;
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceAtWindows = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(4);

    private readonly Limit limit;
    private readonly ChargeRule[] rules;
    private readonly bool isShared;
    private readonly int rarely;
    private readonly ChargeBook book;
    private readonly ChargeReports reports;
    private readonly double[] ended;
    private double counted;
    private long endedCalls;
    private ulong open;
    private int best;
    private double factor = 1;
    private double offset;
    private bool isJudged;
    private bool isSilent;
    private int untilNext;
    private double strength;
    private int doubts;
    private Instant doubtedAt = Instant.Distant;
    private TimeSpan patience;
    private Instant firstHeardAt = Instant.Distant;
    private bool isAssumed;
    private int likeliest;
    private Instant surprisedAt = Instant.Distant;
    private int refusals;
    private double callsOfLate;
    private Instant passedAt;

    /// <summary>A learner of a limit that it knows nothing of but the documented rule.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="isShared">Whether the books of several instances come together here, each told a while later.</param>
    /// <param name="rarely">Once enough is known, every how many answers reports are judged.</param>
    public ChargeLearner(Limit limit, bool isShared = false, int rarely = Rarely)
    {
        (this.limit, this.isShared, this.rarely) = (limit, isShared, rarely);
        rules = ChargeRules.Of(limit.Dimension) is { Length: > 0 } known ? known : [ChargeRule.Documented];
        book = new(limit, rules, isShared);
        reports = new(limit, rules, book, isShared);
        ended = new double[rules.Length];
        open = All;
        patience = TellsAtOnce ? LeastPatience : PatienceAtWindows;
    }

    /// <summary>What is charged.</summary>
    public Limit Limit => limit;

    /// <summary>What is counted.</summary>
    public Dimension Dimension => limit.Dimension;

    /// <summary>The rule that explains the reports best; the documented one as long as it does.</summary>
    public ChargeRule Rule => rules[best];

    /// <summary>What is charged for each token that the rule counts; 1 where it explains the reports by itself.</summary>
    public double Factor => factor;

    /// <summary>What is charged for each call on top of that.</summary>
    public double Offset => offset;

    /// <summary>When the rule became what it is; the distant past while nothing was learned.</summary>
    public Instant Since { get; private set; } = Instant.Distant;

    /// <summary>How many answers have told.</summary>
    public long Answers { get; private set; }

    /// <summary>True where a person said by which rule is charged: answers teach nothing else then.</summary>
    public bool IsPinned { get; private set; }

    /// <summary>True where enough was reported to tell rules apart.</summary>
    public bool IsLearned => isJudged;

    /// <summary>
    /// How far the reports of late are from what the rule that explains them best says, as a share of what they span; null while they span too
    /// little.
    /// </summary>
    public double? Misfit { get; private set; }

    /// <summary>The same by the documented rule.</summary>
    public double? DocumentedMisfit { get; private set; }

    /// <summary>The same with a factor and an offset, where no rule by itself explains them; null where none was looked for.</summary>
    public double? FittedMisfit { get; private set; }

    /// <summary>How often reports were judged.</summary>
    public long Judgements { get; private set; }

    /// <summary>How far calls were seen to overtake one another.</summary>
    public Overtaking Overtaken => reports.Seen;

    /// <summary>True where nothing more is to be learned unless the provider changes.</summary>
    public bool IsSettled => IsDecided && Answers >= AnswersToSettle;

    /// <summary>
    /// Whether reports that came within seconds tell rules apart: of a sliding window they are compared over half of it, since it gives back all
    /// the time what was taken a window ago.
    /// </summary>
    public bool TellsAtOnce => limit.Algorithm != LimitAlgorithm.Sliding;

    /// <summary>True where one rule alone is left.</summary>
    public bool IsDecided => isJudged && BitOperations.IsPow2(open);

    /// <summary>What each rule's book says since the start, for the owner of a leased budget; null where the budget is owned here.</summary>
    public IReadOnlyList<double>? Totals => book.Totals;

    private ulong All => (1UL << rules.Length) - 1;

    /// <summary>What is to be held for a call.</summary>
    public double Held(double documented, in CallSize size) => Most(documented, size, null, isEnd: false);

    /// <summary>What stands for a call that is over.</summary>
    public double Final(double documentedStart, double documentedEnd, in CallSize size, in TokenUsage? usage) =>
        documentedEnd <= 0 && documentedStart > 0 ? 0 : Most(documentedEnd, size, usage, isEnd: true);

    /// <summary>What a call that is over came to by the likeliest rule.</summary>
    public double Likely(double documentedStart, double documentedEnd, in CallSize size, in TokenUsage? usage)
    {
        if (documentedEnd <= 0 && documentedStart > 0)
        {
            return 0;
        }

        if (!isJudged)
        {
            return documentedEnd;
        }

        ChargeRules.AtEnd(documentedEnd, size, usage, out var final);
        return (factor * final[(int)rules[best]]) + offset;
    }

    /// <summary>A call that is over stands with so much in what was used.</summary>
    public void Count(double amount, double documentedStart, double documentedEnd, in CallSize size, in TokenUsage? usage)
    {
        if (documentedEnd <= 0 && documentedStart > 0)
        {
            return;
        }

        counted += amount;
        endedCalls++;
        ChargeRules.AtEnd(documentedEnd, size, usage, out var final);
        for (var i = 0; i < rules.Length; i++)
        {
            ended[i] += final[(int)rules[i]];
        }
    }

    /// <summary>
    /// Another rule is the likeliest from here on: by so much what was used by the calls that are over is less; below 0 it is more.
    /// </summary>
    public double Recount()
    {
        var likely = (factor * ended[best]) + (offset * endedCalls);
        var surplus = counted - likely;
        counted = likely;
        return surplus;
    }

    /// <summary>A call leaves.</summary>
    public void Begin(in ChargedCall call, Instant now)
    {
        if (!call.IsTrusted)
        {
            reports.Clear();
        }

        book.Begin(call.Documented[Dimension], call.Size, now);
    }

    /// <summary>From now on only the totals are kept: the owner of the budget learns.</summary>
    public void KeepTotals() => book.KeepTotals();

    /// <summary>Takes in what an instance's books say more than when it told last.</summary>
    /// <param name="before">What they said then.</param>
    /// <param name="after">What they say now.</param>
    /// <param name="from">When it told last.</param>
    /// <param name="to">Until when that was at the latest.</param>
    public void Add(IReadOnlyList<double> before, IReadOnlyList<double> after, Instant from, Instant to) => book.Add(before, after, from, to);

    /// <summary>Calls are taken to overtake one another so far, whatever these reports show.</summary>
    public void Assume(Overtaking overtaking) => reports.Assume(overtaking);

    /// <summary>Whether totals can be those of a learner of this limit.</summary>
    public bool Fits(IReadOnlyList<double> told) => book.Fits(told);

    /// <summary>A call is over: what it came to under each rule replaces what was foreseen. A refused call came to nothing.</summary>
    public void End(in ChargedCall call, in Charge documented, in TokenUsage? usage, Instant takenAt, Instant now) =>
        book.End(call.Documented[Dimension], documented[Dimension], call.Size, usage, takenAt, now);

    /// <summary>An answer came that said nothing of the limit: what nobody reports is charged as documented.</summary>
    public void HearNothing() => isSilent |= Answers == 0;

    /// <summary>An answer reported what remained. True where calls are charged differently from here on.</summary>
    /// <param name="remaining">What remained.</param>
    /// <param name="most">The limit that it was of.</param>
    /// <param name="perSecond">What comes back of it.</param>
    /// <param name="sent">The call.</param>
    /// <param name="sentAt">When it left.</param>
    public bool Hear(double remaining, double most, double perSecond, in SentCall sent, Instant sentAt, Instant now)
    {
        ChargeRules.Certain(sent.Call.Documented[Dimension], sent.Call.Size, out var certain);
        var own = new double[rules.Length];
        for (var i = 0; i < own.Length; i++)
        {
            own[i] = certain[(int)rules[i]];
        }

        return Weigh(new(remaining, sent.TakenAt, sentAt, now, own), most, perSecond, now);
    }

    /// <summary>The same of a call of some instance, once the books of all reach to its answer.</summary>
    public bool Hear(in ChargeReading reading, double most, double perSecond, Instant now)
    {
        // Of a book that is told in parts the call's own charge may be in a later part: it only tells how large calls are.
        return Weigh(new(reading.Remaining, reading.SentAt, reading.SentAt, reading.HeardAt, book.Usual()), most, perSecond, now);
    }

    private bool Weigh(in HeardReport report, double most, double perSecond, Instant now)
    {
        isSilent = false;
        Answers++;
        if (IsPinned)
        {
            return false;
        }

        firstHeardAt = firstHeardAt == Instant.Distant ? now : firstHeardAt;
        reports.Add(report, most, perSecond);

        // Told in parts, books can't tell everything apart: the likeliest is assumed after a while, until a refusal says otherwise.
        if (isShared && isJudged && now - firstHeardAt >= patience && !BitOperations.IsPow2(open))
        {
            best = (open >> likeliest & 1) != 0 ? likeliest : best;
            (open, isAssumed) = (1UL << best, true);
            return true;
        }

        if (reports.Count < FewestReports || (Answers > ReportsBeforeRare && --untilNext > 0))
        {
            return false;
        }

        untilNext = rarely;
        return Judge(perSecond, now);
    }

    /// <summary>Charges by a rule from now on, whatever answers tell, until it is forgotten. False where the limit is charged by no such rule.</summary>
    /// <param name="rule">The rule.</param>
    public bool Pin(ChargeRule rule, Instant now)
    {
        if (Array.IndexOf(rules, rule) is not (>= 0 and var place))
        {
            return false;
        }

        (best, open, factor, offset) = (place, 1UL << place, 1, 0);
        (isJudged, isAssumed, IsPinned, Since) = (true, false, true, now);
        return true;
    }

    /// <summary>Begins anew: the documented rule, until answers tell.</summary>
    public void Forget()
    {
        IsPinned = false;
        (open, best, factor, offset) = (All, 0, 1, 0);
        (isJudged, isAssumed, isSilent) = (false, false, false);
        (strength, doubts, refusals, Since, Answers) = (0, 0, 0, Instant.Distant, 0);
        (likeliest, firstHeardAt, Misfit, DocumentedMisfit, FittedMisfit) = (0, Instant.Distant, null, null, null);
        book.Clear();
        reports.Clear();
    }

    /// <summary>What the calls of late come to by what was learned, as far as it has not come back.</summary>
    public double Used(double perSecond, Instant now) => UsedBy(best, perSecond, now);

    // The documented rule until something else is known to be right, and what may be right beside it; a rule that would charge a
    // multiple without a sign of it would stop everybody.
    private double Most(double documented, in CallSize size, in TokenUsage? usage, bool isEnd)
    {
        RuleAmounts amounts;
        if (isEnd)
        {
            ChargeRules.AtEnd(documented, size, usage, out amounts);
        }
        else
        {
            ChargeRules.Held(documented, size, out amounts);
        }

        var value = amounts[(int)rules[best]];
        if (isSilent && !isJudged)
        {
            return value;
        }

        var (most, bound) = (value, Math.Max(value, documented) * MostAbove);
        if (!isJudged)
        {
            if (Dimension is not Dimension.OutputTokens)
            {
                for (var i = 1; i < rules.Length; i++)
                {
                    var other = amounts[(int)rules[i]];
                    most = other > most && other <= bound ? other : most;
                }
            }

            return most;
        }

        for (var i = 0; i < rules.Length; i++)
        {
            if ((open >> i & 1) != 0)
            {
                var other = amounts[(int)rules[i]];
                most = other > most && other <= bound ? other : most;
            }
        }

        return (factor * most) + offset;
    }

    private double UsedBy(int rule, double perSecond, Instant now) =>
        rule == best ? book.Used(rule, factor, offset, perSecond, now) : book.Used(rule, 1, 0, perSecond, now);
}

/// <summary>The learners of a budget.</summary>
internal static class ChargeLearners
{
    /// <summary>One for each dimension that counts tokens, on its shortest limit of at least a minute.</summary>
    public static ChargeLearner[] Of(IReadOnlyList<Limit> limits, bool isShared = false) =>
    [
        .. limits.Where(limit => ChargeRules.Of(limit.Dimension).Length > 0 && limit.Window > TimeSpan.Zero && !limit.IsSlice)
            .GroupBy(limit => limit.Dimension)
            .Select(same => new ChargeLearner(same.MinBy(limit => limit.Window)!, isShared)),
    ];
}
