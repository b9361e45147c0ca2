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
internal sealed class ChargeLearner
{
    private const int Room = 256;
    private const int MostReports = 24;
    private const int FewestReports = 5;
    private const int ReportsBeforeRare = 64;
    private const int AnswersToSettle = 32;
    private const double Sharper = 2;
    private const int RefusalsToReopen = 4;
    private const int Rarely = 32;
    private const double Noise = 0.004;
    private const double ClearlyWorse = 3;
    private const double Explained = 0.015;
    private const double Clearer = 4;
    private const double Exact = 0.001;
    private const double Blur = 0.1;
    private const double Close = 0.02;
    private const double MostAbove = 2;
    private const double Apart = 6;
    private const int Repeated = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(4);
    private static readonly TimeSpan Overtaking = TimeSpan.FromMilliseconds(50);

    private readonly Limit limit;
    private readonly ChargeRule[] rules;
    private readonly (Instant From, Instant To)[] spans = new (Instant, Instant)[Room];
    private readonly double[] amounts;
    private readonly bool isShared;
    private double[]? totals;
    private readonly List<Report> reports = new(MostReports);
    private readonly double[] ended;
    private double[]? sums;
    private double counted;
    private long endedCalls;
    private int count;
    private ulong open;
    private int best;
    private double factor = 1;
    private double offset;
    private bool isJudged;
    private bool isSilent;
    private int untilNext;
    private Instant turnedAt = Instant.Distant;
    private double strength;
    private int doubts;
    private TimeSpan patience = LeastPatience;
    private Instant firstHeardAt = Instant.Distant;
    private bool isAssumed;
    private int likeliest;
    private Instant surprisedAt = Instant.Distant;
    private int refusals;

    /// <summary>A learner of a limit that it knows nothing of but the documented rule.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="isShared">Whether the books of several instances come together here, each told a while later.</param>
    public ChargeLearner(Limit limit, bool isShared = false)
    {
        (this.limit, this.isShared) = (limit, isShared);
        rules = ChargeRules.Of(limit.Dimension);
        amounts = new double[Room * Columns];
        ended = new double[rules.Length];
        open = All;
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

    /// <summary>True where enough was reported to tell rules apart.</summary>
    public bool IsLearned => isJudged;

    /// <summary>True where nothing more is to be learned unless the provider changes.</summary>
    public bool IsSettled => isJudged && Answers >= AnswersToSettle && BitOperations.IsPow2(open);

    /// <summary>What each rule's book says since the start, for the owner of a leased budget; null where the budget is owned here.</summary>
    public IReadOnlyList<double>? Totals => totals;

    // Beside the rules: the calls, and of those under way what their output and their prompts may come to.
    private int Columns => rules.Length + 3;

    private int Calls => rules.Length;

    private int UnknownOutput => rules.Length + 1;

    private int UnknownPrompt => rules.Length + 2;

    private ulong All => (1UL << rules.Length) - 1;

    /// <summary>What is to be held for a call.</summary>
    public double Held(double documented, in CallSize size) => Most(documented, size, null, isEnd: false);

    /// <summary>What stands for a call that is over.</summary>
    public double Final(double documentedStart, double documentedEnd, in CallSize size, TokenUsage? usage) =>
        documentedEnd <= 0 && documentedStart > 0 ? 0 : Most(documentedEnd, size, usage, isEnd: true);

    /// <summary>What a call that is over came to by the likeliest rule.</summary>
    public double Likely(double documentedStart, double documentedEnd, in CallSize size, TokenUsage? usage) =>
        documentedEnd <= 0 && documentedStart > 0 ? 0
        : isJudged ? (factor * rules[best].AtEnd(documentedEnd, size, usage)) + offset
        : documentedEnd;

    /// <summary>A call that is over stands with so much in what was used.</summary>
    public void Count(double amount, double documentedStart, double documentedEnd, in CallSize size, TokenUsage? usage)
    {
        if (documentedEnd <= 0 && documentedStart > 0)
        {
            return;
        }

        counted += amount;
        endedCalls++;
        for (var i = 0; i < rules.Length; i++)
        {
            ended[i] += rules[i].AtEnd(documentedEnd, size, usage);
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
        var (documented, size) = (call.Documented[Dimension], call.Size);
        if (!call.IsTrusted)
        {
            reports.Clear();
        }

        var (books, place) = totals is { } ? (totals, 0) : (amounts, Open(now) * Columns);
        for (var i = 0; i < rules.Length; i++)
        {
            books[place + i] += rules[i].Certain(documented, size);
        }

        books[place + Calls]++;
        books[place + UnknownOutput] += size.MaxOutput;
        books[place + UnknownPrompt] += size.Prompt;
    }

    /// <summary>From now on only the totals are kept: the owner of the budget learns.</summary>
    public void KeepTotals() => totals = new double[Columns];

    /// <summary>Takes in what an instance's books say more than when it told last.</summary>
    /// <param name="before">What they said then.</param>
    /// <param name="after">What they say now.</param>
    /// <param name="from">When it told last.</param>
    /// <param name="now">Now.</param>
    public void Add(IReadOnlyList<double> before, IReadOnlyList<double> after, Instant from, Instant now)
    {
        if (count == Room)
        {
            Compact(now);
        }

        spans[count] = (from, now);
        for (var i = 0; i < Columns; i++)
        {
            amounts[(count * Columns) + i] = after[i] - before[i];
        }

        count++;
    }

    /// <summary>Whether totals can be those of a learner of this limit.</summary>
    public bool Fits(IReadOnlyList<double> told) => told.Count == Columns && told.All(double.IsFinite);

    /// <summary>A call is over: what it came to under each rule replaces what was foreseen. A refused call came to nothing.</summary>
    public void End(in ChargedCall call, in Charge documented, TokenUsage? usage, Instant takenAt, Instant now)
    {
        var (documentedStart, documentedEnd, size) = (call.Documented[Dimension], documented[Dimension], call.Size);
        var isVoid = documentedEnd <= 0 && documentedStart > 0;
        if (totals is not null)
        {
            for (var i = 0; i < rules.Length; i++)
            {
                totals[i] += (isVoid ? 0 : rules[i].AtEnd(documentedEnd, size, usage)) - rules[i].Certain(documentedStart, size);
            }

            totals[Calls] -= isVoid ? 1 : 0;
            totals[UnknownOutput] -= size.MaxOutput;
            totals[UnknownPrompt] -= size.Prompt;
            return;
        }

        var then = Find(takenAt);
        for (var i = 0; i < rules.Length; i++)
        {
            var change = (isVoid ? 0 : rules[i].AtEnd(documentedEnd, size, usage)) - rules[i].Certain(documentedStart, size);
            if (change == 0)
            {
                continue;
            }

            var place = rules[i].IsSettledAtEnd() && !isVoid ? Open(now) : then;
            if (place >= 0)
            {
                amounts[(place * Columns) + i] += change;
            }
        }

        if (then >= 0)
        {
            amounts[(then * Columns) + Calls] -= isVoid ? 1 : 0;
            amounts[(then * Columns) + UnknownOutput] -= size.MaxOutput;
            amounts[(then * Columns) + UnknownPrompt] -= size.Prompt;
        }
    }

    /// <summary>An answer came that said nothing of the limit: what nobody reports is charged as documented.</summary>
    public void HearNothing() => isSilent |= Answers == 0;

    /// <summary>An answer reported what remained. True where calls are charged differently from here on.</summary>
    /// <param name="remaining">What remained.</param>
    /// <param name="most">The limit that it was of.</param>
    /// <param name="perSecond">What comes back of it.</param>
    /// <param name="sent">The call.</param>
    /// <param name="sentAt">When it left.</param>
    /// <param name="now">Now.</param>
    public bool Hear(double remaining, double most, double perSecond, in SentCall sent, Instant sentAt, Instant now)
    {
        var (documented, size) = (sent.Call.Documented[Dimension], sent.Call.Size);
        var own = new double[rules.Length];
        for (var i = 0; i < own.Length; i++)
        {
            own[i] = rules[i].Certain(documented, size);
        }

        return Weigh(new(remaining, sent.TakenAt, sentAt, now, own), most, perSecond, now);
    }

    /// <summary>The same of a call of some instance, once the books of all reach to its answer.</summary>
    public bool Hear(in ChargeReading reading, double most, double perSecond, Instant now)
    {
        // Of a book that is told in parts the call's own charge may be in a later part: it only tells how large calls are.
        var own = new double[rules.Length];
        for (var i = 0; i < own.Length && count > 0; i++)
        {
            var calls = 0.0;
            for (var entry = 0; entry < count; entry++)
            {
                own[i] += Math.Max(0, amounts[(entry * Columns) + i]);
                calls += Math.Max(0, amounts[(entry * Columns) + Calls]);
            }

            own[i] /= Math.Max(1, calls);
        }

        return Weigh(new(reading.Remaining, reading.SentAt, reading.SentAt, reading.HeardAt, own), most, perSecond, now);
    }

    private bool Weigh(in Report report, double most, double perSecond, Instant now)
    {
        isSilent = false;
        Answers++;
        firstHeardAt = firstHeardAt == Instant.Distant ? now : firstHeardAt;
        Keep(report, most, perSecond);

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

        untilNext = Rarely;
        return Judge(perSecond, now);
    }

    /// <summary>
    /// A provider that reports nothing refused a call that the rule had room for: the least rule above it that explains the refusal is
    /// taken for its own. True where there is one.
    /// </summary>
    public bool Surprise(double documented, in CallSize size, double capacity, double perSecond, Instant now)
    {
        untilNext = 0;
        if (Answers > 0)
        {
            return false;
        }

        var (chosen, least) = (-1, double.PositiveInfinity);
        for (var i = 0; i < rules.Length; i++)
        {
            var used = UsedBy(i, perSecond, now);
            if (used + rules[i].AtStart(documented, size) >= capacity * 0.98 && used < least)
            {
                (chosen, least) = (i, used);
            }
        }

        if (chosen < 0 || chosen == best || UsedBy(best, perSecond, now) >= least)
        {
            return false;
        }

        (best, open, isJudged, Since) = (chosen, 1UL << chosen, true, now);
        return true;
    }

    /// <summary>
    /// A call was refused that there seemed to be room for. Where several are, none a minute after the one before, what was only assumed is
    /// open again, and assumed the later next time.
    /// </summary>
    public void Reopen(Instant now)
    {
        refusals = now - surprisedAt < Soon ? refusals + 1 : 1;
        surprisedAt = now;
        if (isAssumed && refusals >= RefusalsToReopen)
        {
            (open, best, isJudged, isAssumed) = (All, 0, false, false);
            (strength, doubts, Since, Answers, count) = (0, 0, Instant.Distant, 1, 0);
            (patience, firstHeardAt) = (patience * 4 < MostPatience ? patience * 4 : MostPatience, Instant.Distant);
            reports.Clear();
        }
    }

    /// <summary>What the calls of late come to by what was learned, as far as it has not come back.</summary>
    public double Used(double perSecond, Instant now) => UsedBy(best, perSecond, now);

    /// <summary>What is kept of what was learned.</summary>
    public ChargeState Save() => new(Dimension, limit.Window.Ticks, Rule, open, factor, offset, Since, Answers);

    /// <summary>Takes on what was learned before.</summary>
    public void Restore(ChargeState state)
    {
        var place = Array.IndexOf(rules, state.Rule);
        if (place < 0 || (state.Since == Instant.Distant && state.Answers == 0))
        {
            return;
        }

        (best, open, factor, offset) = (place, state.Open & All, Math.Clamp(state.Factor, 0.1, 10), Math.Max(0, state.Offset));
        (isJudged, Since, Answers) = (state.Since != Instant.Distant, state.Since, state.Answers);
    }

    /// <summary>Everything, to go on from between two operations of an owner; the books only while they are needed.</summary>
    public ChargeBooksState SaveBooks() => IsSettled
        ? new() { Learned = Save(), Patience = patience, FirstHeardAt = firstHeardAt, IsAssumed = isAssumed, SurprisedAt = surprisedAt, Refusals = refusals }
        : new()
        {
            Learned = Save(),
            Patience = patience,
            FirstHeardAt = firstHeardAt,
            SurprisedAt = surprisedAt,
            Refusals = refusals,
            Likeliest = rules[likeliest],
            Strength = strength,
            Doubts = doubts,
            TurnedAt = turnedAt,
            Entries = [.. Enumerable.Range(0, count).Select(i => new ChargeBookEntry(spans[i].From, spans[i].To, amounts[(i * Columns)..((i + 1) * Columns)]))],
            Reports = [.. reports.Select(report => new ChargeBookReport(report.Remaining, report.SentAt, report.HeardAt, report.Own))],
        };

    /// <summary>Goes on from what was saved.</summary>
    public void Restore(ChargeBooksState state)
    {
        Restore(state.Learned);
        (strength, doubts, turnedAt, count) = (state.Strength, state.Doubts, state.TurnedAt, 0);
        (patience, firstHeardAt, isAssumed) = (state.Patience > LeastPatience ? state.Patience : LeastPatience, state.FirstHeardAt, state.IsAssumed);
        foreach (var entry in state.Entries.Where(entry => entry.Amounts.Length == Columns).Take(Room))
        {
            spans[count] = (entry.From, entry.To);
            entry.Amounts.CopyTo(amounts, count * Columns);
            count++;
        }

        (surprisedAt, refusals) = (state.SurprisedAt, state.Refusals);
        likeliest = Math.Max(0, Array.IndexOf(rules, state.Likeliest));
        reports.Clear();
        reports.AddRange(state.Reports.Where(report => report.Own.Length == rules.Length).Take(MostReports)
            .Select(report => new Report(report.Remaining, report.SentAt, report.SentAt, report.HeardAt, report.Own)));
    }

    // The documented rule until something else is known to be right, and what may be right beside it; a rule that would charge a
    // multiple without a sign of it would stop everybody.
    private double Most(double documented, in CallSize size, TokenUsage? usage, bool isEnd)
    {
        var value = Of(best, documented, size, usage, isEnd);
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
                    var other = Of(i, documented, size, usage, isEnd);
                    most = other > most && other <= bound ? other : most;
                }
            }

            return most;
        }

        for (var i = 0; i < rules.Length; i++)
        {
            if ((open >> i & 1) != 0)
            {
                var other = Of(i, documented, size, usage, isEnd);
                most = other > most && other <= bound ? other : most;
            }
        }

        return (factor * most) + offset;
    }

    private double Of(int rule, double documented, in CallSize size, TokenUsage? usage, bool isEnd) =>
        isEnd ? rules[rule].AtEnd(documented, size, usage) : rules[rule].Held(documented, size);

    private bool Judge(double perSecond, Instant now)
    {
        Sum();
        Span<(double Error, double Spread, int Mode)> found = stackalloc (double, double, int)[rules.Length];
        found.Fill((double.PositiveInfinity, 0, 0));
        var least = double.PositiveInfinity;
        for (var m = 0; m < 4; m++)
        {
            var rate = (m & 1) == 0 ? perSecond : 0;
            for (var i = 0; i < rules.Length && (limit.Algorithm == LimitAlgorithm.Bucket || rate == 0); i++)
            {
                var error = Error(i, isStampedAtEnd: (m & 2) != 0, rate, out var range);
                found[i] = error < found[i].Error ? (error, range, m) : found[i];
                least = Math.Min(least, error);
            }
        }

        // Of those that explain the reports as well the one whose book leaves the least open.
        var (at, narrowest) = (-1, double.PositiveInfinity);
        for (var i = 0; i < rules.Length; i++)
        {
            var (error, range, m) = found[i];
            if (error <= Math.Max((range * Noise) + RoundingOf(), least * ClearlyWorse) && Width(i, (m & 2) != 0) is var width && width < narrowest)
            {
                (at, narrowest) = (i, width);
            }
        }

        var (_, spread, mode) = found[Math.Max(0, at)];
        if (at < 0 || spread < Apart * UsualOf(at))
        {
            return false;
        }

        var rounding = RoundingOf();
        likeliest = Likeliest(found, left: open, (spread * Exact) + rounding);
        var isFitted = factor != 1 || offset != 0;
        var standing = isFitted ? FittedError(perSecond) : least;
        if (isFitted && standing <= (spread * Exact) + rounding)
        {
            doubts = 0;
            return false;
        }

        var canFit = !isShared && (isFitted || least > (spread * Noise) + rounding);
        if (canFit && spread >= 2 * Apart * (UsualOf(at) + (narrowest / 2)) && Fit(perSecond, standing / (isFitted ? 2 : Clearer), now) is { } isNewFit)
        {
            return isNewFit;
        }

        if (isFitted && least > standing / 2)
        {
            return false;
        }

        if (least > (spread * Explained) + rounding)
        {
            return false;
        }

        var bound = Math.Max((spread * Noise) + rounding, least * ClearlyWorse);
        var left = 0UL;
        for (var i = 0; i < rules.Length; i++)
        {
            left |= found[i].Error <= bound ? 1UL << i : 0;
        }

        // A book that leaves much open agrees with nearly everything: where one that leaves little open agrees, it is the one.
        var isSharp = spread >= 2 * Apart * (UsualOf(at) + (narrowest / 2));
        for (var i = 0; i < rules.Length && isSharp; i++)
        {
            left &= (left >> i & 1) != 0 && Width(i, (found[i].Mode & 2) != 0) > Sharper * (narrowest + UsualOf(at)) ? ~(1UL << i) : ~0UL;
        }

        // What was given up once stays so, unless as much says again and again that it was right.
        var isDoubted = (left & open) == 0 || isFitted;
        if (isDoubted && (spread < strength / 2 || ++doubts < Repeated))
        {
            return false;
        }

        (doubts, strength) = (0, Math.Max(spread, isDoubted ? 0 : strength));
        left = isDoubted ? left : left & open;
        var chosen = (left & 1) != 0 ? 0 : (left >> best & 1) != 0 && isJudged ? best : (left >> at & 1) != 0 ? at : BitOperations.TrailingZeroCount(left);
        var isNew = left != open || !isJudged || factor != 1 || offset != 0;
        Since = chosen != best || !isJudged || factor != 1 || offset != 0 ? now : Since;
        (best, open, factor, offset, isJudged) = (chosen, left, 1, 0, true);
        return isNew;
    }

    // The rule with the least error; of those that are as good the documented one, then the one that was best so far.
    private int Likeliest(ReadOnlySpan<(double Error, double Spread, int Mode)> found, ulong left, double tolerance)
    {
        var least = -1;
        for (var i = 0; i < rules.Length; i++)
        {
            least = (left >> i & 1) != 0 && (least < 0 || found[i].Error < found[least].Error) ? i : least;
        }

        var bound = least < 0 ? 0 : found[least].Error + tolerance;
        return (left & 1) != 0 && found[0].Error <= bound ? 0
            : (left >> best & 1) != 0 && found[best].Error <= bound ? best
            : Math.Max(0, least);
    }

    private double UsualOf(int rule)
    {
        var usual = 0.0;
        foreach (var report in reports)
        {
            usual += report.Own[rule] / reports.Count;
        }

        return Math.Max(1, usual);
    }

    private double Width(int rule, bool isStampedAtEnd)
    {
        var width = 0.0;
        foreach (var report in reports)
        {
            var (_, least, most) = Compare(rule, report, isStampedAtEnd, 0);
            width += (most - least) / reports.Count;
        }

        return width;
    }

    // A bucket that was full and a window that began anew have forgotten what was before. Past a number those closest in time give way.
    private void Keep(in Report report, double most, double perSecond)
    {
        var isBucket = limit.Algorithm == LimitAlgorithm.Bucket;
        if (report.SentAt < turnedAt)
        {
            return;
        }

        var leap = most * (limit.Algorithm == LimitAlgorithm.Sliding ? 0.3 : 0.05);
        foreach (var before in reports)
        {
            var refilled = isBucket ? perSecond * Math.Max(0, (report.HeardAt - before.SentAt).TotalSeconds) : 0;
            if (before.SentAt < report.SentAt - Overtaking && report.Remaining - before.Remaining > refilled + leap)
            {
                turnedAt = report.SentAt;
            }
        }

        turnedAt = isBucket && report.Remaining >= most * 0.98 ? report.SentAt : turnedAt;
        var oldest = report.SentAt - (isBucket ? limit.Window * 1.5 : limit.Window / 2);
        var since = Instant.Max(turnedAt, oldest);
        reports.RemoveAll(before => before.SentAt < since);
        if (reports.Count == MostReports)
        {
            var closest = 1;
            for (var i = 1; i < reports.Count - 1; i++)
            {
                closest = GapAround(i) < GapAround(closest) ? i : closest;
            }

            reports.RemoveAt(closest);
        }

        reports.Add(report);
    }

    private TimeSpan GapAround(int place) => (reports[place + 1].HeardAt - reports[place - 1].HeardAt).Duration();

    // No rule explains what is reported: the one that comes nearest, times a factor, and something for each call.
    private bool? Fit(double perSecond, double bound, Instant now)
    {
        if (reports.Count < 2 * FewestReports)
        {
            return null;
        }

        var (found, least, worth, slope, extra, range) = (-1, double.PositiveInfinity, double.PositiveInfinity, 1.0, 0.0, 0.0);
        for (var m = 0; m < 4; m++)
        {
            var rate = (m & 1) == 0 ? perSecond : 0;
            for (var i = 0; i < rules.Length && (limit.Algorithm == LimitAlgorithm.Bucket || rate == 0); i++)
            {
                for (var model = FitModel.Factor; model <= FitModel.Both; model++)
                {
                    var (f, g) = Regress(i, (m & 2) != 0, rate, model);
                    if (f is > 0.2 and < 5 && g >= 0)
                    {
                        // What differs less from a rule is likelier than what differs more.
                        var error = Error(i, (m & 2) != 0, rate, out var spread, f, g);
                        var cost = error + (spread * Noise * (Math.Abs(Math.Log(f)) + (g / (reports[^1].Own[i] + 1)) + (model == FitModel.Both ? 0.5 : 0)));
                        if (cost < worth)
                        {
                            (found, least, worth, slope, extra, range) = (i, error, cost, f, g, spread);
                        }
                    }
                }
            }
        }

        if (found < 0 || least > bound || range < strength / 2)
        {
            return null;
        }

        var isRule = Math.Abs(slope - 1) <= Close && extra <= Close * reports[^1].Own[found];
        (slope, extra) = isRule ? (1, 0) : (slope, extra);
        if (isJudged && ++doubts < Repeated)
        {
            return false;
        }

        var isNew = found != best || Math.Abs(slope - factor) > Close || Math.Abs(extra - offset) > 1;
        Since = isNew ? now : Since;
        (strength, doubts) = (Math.Max(strength, range), 0);
        (best, open, factor, offset, isJudged) = (found, 1UL << found, slope, extra, true);
        return isNew;
    }

    private double FittedError(double perSecond)
    {
        var least = double.PositiveInfinity;
        for (var m = 0; m < 4; m++)
        {
            var rate = (m & 1) == 0 ? perSecond : 0;
            if (limit.Algorithm == LimitAlgorithm.Bucket || rate == 0)
            {
                least = Math.Min(least, Error(best, (m & 2) != 0, rate, out _, factor, offset));
            }
        }

        return least;
    }

    // The mean distance of the reports from what the rule's book says, with the best guess at what others had used.
    private double Error(int rule, bool isStampedAtEnd, double rate, out double spread, double factor = 1, double offset = 0)
    {
        Span<double> ends = stackalloc double[2 * reports.Count];
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < reports.Count; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], isStampedAtEnd, rate, factor, offset);
            (low, high) = (Math.Min(low, gone), Math.Max(high, gone));
            (ends[2 * i], ends[(2 * i) + 1]) = (gone - most, gone - least);
        }

        spread = high - low;
        ends.Sort();
        var guess = (ends[reports.Count - 1] + ends[reports.Count]) / 2;
        var error = 0.0;
        for (var i = 0; i < reports.Count; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], isStampedAtEnd, rate, factor, offset);
            error += Math.Max(0, Math.Max(guess - (gone - least), gone - most - guess));
        }

        return error / reports.Count;
    }

    private (double Factor, double Offset) Regress(int rule, bool isStampedAtEnd, double rate, FitModel model)
    {
        var n = reports.Count;
        double x = 0, y = 0, z = 0;
        Span<(double Booked, double Calls, double Gone)> points = new (double, double, double)[n];
        for (var i = 0; i < n; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], isStampedAtEnd, rate);
            var (_, fewest, calls) = Compare(rules.Length, reports[i], isStampedAtEnd, rate);
            points[i] = ((least + most) / 2, (fewest + calls) / 2, gone);
            (x, y, z) = (x + (points[i].Booked / n), y + (points[i].Calls / n), z + (gone / n));
        }

        double xx = 0, xy = 0, yy = 0, xz = 0, yz = 0;
        foreach (var (booked, calls, gone) in points)
        {
            var (dx, dy, dz) = (booked - x, calls - y, gone - z);
            (xx, xy, yy, xz, yz) = (xx + (dx * dx), xy + (dx * dy), yy + (dy * dy), xz + (dx * dz), yz + (dy * dz));
        }

        if (xx <= 0)
        {
            return (0, 0);
        }

        var determinant = (xx * yy) - (xy * xy);
        if (model == FitModel.Both && determinant < xx * yy * 1e-3)
        {
            return (0, 0);
        }

        return model switch
        {
            FitModel.Factor => (xz / xx, 0),
            FitModel.Offset => (1, (yz - xy) / yy),
            _ => (((xz * yy) - (yz * xy)) / determinant, ((yz * xx) - (xz * xy)) / determinant),
        };
    }

    // What was gone by a report, all refill added, and what a book says was taken by then at least and at most.
    private (double Gone, double Least, double Most) Compare(
        int rule, in Report report, bool isStampedAtEnd, double rate, double factor = 1, double offset = 0)
    {
        var stamp = isStampedAtEnd ? report.HeardAt : report.SentAt;
        var origin = reports[0].SentAt;
        var gone = (rate * (stamp - origin).TotalSeconds) - report.Remaining;
        var own = rule < rules.Length ? report.Own[rule] : 1;
        var unknown = rule >= rules.Length ? 0
            : (rules[rule].ForeseesOutput() ? Booked(UnknownOutput, stamp + Overtaking, isAll: true) : 0)
                + (rules[rule].LeavesOutCached() ? Booked(UnknownPrompt, stamp + Overtaking, isAll: true) : 0);
        var least = isStampedAtEnd
            ? Math.Max(Booked(rule, stamp - Overtaking, isAll: false), Booked(rule, report.TakenAt - Overtaking, isAll: false) + (isShared ? 0 : own))
            : Booked(rule, report.TakenAt - Overtaking, isAll: false) + (isShared ? 0 : own);
        var most = unknown + Booked(rule, isStampedAtEnd ? stamp : stamp + Overtaking, isAll: true);
        if (limit.Algorithm == LimitAlgorithm.Sliding)
        {
            least -= Booked(rule, stamp - limit.Window + Overtaking, isAll: true);
            most -= Booked(rule, stamp - limit.Window - Overtaking, isAll: false);
        }

        if (factor != 1 || offset != 0)
        {
            var (_, fewest, calls) = Compare(rules.Length, report, isStampedAtEnd, rate);
            (least, most) = ((factor * least) + (offset * fewest), (factor * most) + (offset * calls));
        }

        return (gone, Math.Min(least, most), most);
    }

    // Sums up to each entry, so that what was booked up to an instant is found by halving.
    private void Sum()
    {
        sums ??= new double[(Room + 1) * Columns];
        for (var i = 0; i < count; i++)
        {
            var (from, to) = (i * Columns, (i + 1) * Columns);
            for (var column = 0; column < Columns; column++)
            {
                sums[to + column] = sums[from + column] + amounts[from + column];
            }
        }
    }

    // What was booked up to an instant: with all that may have been by then, or without what may not.
    private double Booked(int column, Instant until, bool isAll)
    {
        if (sums is null)
        {
            return 0;
        }

        // Spans of several instances overlap: then their beginnings are in no order.
        if (isShared && isAll)
        {
            var sum = 0.0;
            for (var i = 0; i < count; i++)
            {
                sum += spans[i].From <= until ? amounts[(i * Columns) + column] : 0;
            }

            return sum;
        }

        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = (isAll ? spans[middle].From : spans[middle].To) <= until ? (middle + 1, high) : (low, middle);
        }

        return sums[(low * Columns) + column];
    }

    private double UsedBy(int rule, double perSecond, Instant now)
    {
        var (used, at) = (0.0, Instant.Distant);
        for (var place = 0; place < count; place++)
        {
            var (amount, to) = (AmountAt(place * Columns, rule), spans[place].To);
            if (limit.Algorithm == LimitAlgorithm.Bucket)
            {
                used = Math.Max(0, used - (perSecond * (to - at).TotalSeconds)) + amount;
                at = to;
            }
            else if (to + limit.Window > now)
            {
                used += amount;
            }
        }

        return limit.Algorithm == LimitAlgorithm.Bucket ? Math.Max(0, used - (perSecond * Math.Max(0, (now - at).TotalSeconds))) : used;
    }

    private double AmountAt(int entry, int rule)
    {
        var amount = amounts[entry + rule]
            + (rules[rule].ForeseesOutput() ? amounts[entry + UnknownOutput] : 0)
            + (rules[rule].LeavesOutCached() ? amounts[entry + UnknownPrompt] : 0);
        return rule == best ? (factor * amount) + (offset * amounts[entry + Calls]) : amount;
    }

    private double RoundingOf()
    {
        var isRound = reports.Count > 2;
        foreach (var report in reports)
        {
            isRound &= report.Remaining % 1000 == 0;
        }

        return isRound ? 500 : 1;
    }

    // The entry of this instant. Where there is no room left, the older ones are kept less finely.
    private int Open(Instant now)
    {
        if (count > 0 && spans[count - 1].To >= now)
        {
            return count - 1;
        }

        if (count == Room)
        {
            Compact(now);
        }

        spans[count] = (now, now);
        Array.Clear(amounts, count * Columns, Columns);
        return count++;
    }

    private void Compact(Instant now)
    {
        var gone = 0;
        while (gone < count - 1 && spans[gone].To + (limit.Window * 2) < now)
        {
            gone++;
        }

        (count, var from) = (count - gone, gone * Columns);
        Array.Copy(spans, gone, spans, 0, count);
        Array.Copy(amounts, from, amounts, 0, count * Columns);
        for (var longest = (spans[count - 1].To - spans[0].From) / Room; count > Room * 3 / 4; longest *= 2)
        {
            Join(longest);
        }
    }

    // Neighbours that together are no longer than that become one; the newest stay as they are.
    private void Join(TimeSpan longest)
    {
        var kept = 0;
        for (var place = 1; place < count; place++)
        {
            if (place < count - (Room / 4) && spans[place].To - spans[kept].From <= longest)
            {
                spans[kept] = (Instant.Min(spans[kept].From, spans[place].From), spans[place].To);
                for (var column = 0; column < Columns; column++)
                {
                    amounts[(kept * Columns) + column] += amounts[(place * Columns) + column];
                }

                continue;
            }

            kept++;
            spans[kept] = spans[place];
            Array.Copy(amounts, place * Columns, amounts, kept * Columns, Columns);
        }

        count = kept + 1;
    }

    private int Find(Instant at)
    {
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = spans[middle].To < at ? (middle + 1, high) : (low, middle);
        }

        return low < count && spans[low].From <= at ? low : -1;
    }

    private enum FitModel
    {
        Factor,
        Offset,
        Both,
    }

    private readonly record struct Report(double Remaining, Instant TakenAt, Instant SentAt, Instant HeardAt, double[] Own);
}

/// <summary>A call as its books need it.</summary>
/// <param name="Documented">Its charge when it leaves, by the documented rule.</param>
/// <param name="Size">What its tokens are made of.</param>
/// <param name="IsTrusted">False where its size is a tenant's word, or not known: then nothing is learned beside it.</param>
internal readonly record struct ChargedCall(Charge Documented, CallSize Size, bool IsTrusted);

/// <summary>A call that left.</summary>
/// <param name="Call">The call.</param>
/// <param name="TakenAt">When it was let out: it may have left later.</param>
internal readonly record struct SentCall(ChargedCall Call, Instant TakenAt);

/// <summary>The learners of a budget.</summary>
internal static class ChargeLearners
{
    /// <summary>One for each of what is charged in tokens, on its shortest limit of at least a minute.</summary>
    public static ChargeLearner[] Of(IReadOnlyList<Limit> limits, bool isShared = false) =>
    [
        .. limits.Where(limit => ChargeRules.Of(limit.Dimension).Length > 0 && limit.Window > TimeSpan.Zero && !limit.IsSlice)
            .GroupBy(limit => limit.Dimension)
            .Select(same => new ChargeLearner(same.MinBy(limit => limit.Window)!, isShared)),
    ];
}

/// <summary>What an instance heard to remain of a leased limit.</summary>
/// <param name="Remaining">What remained.</param>
/// <param name="SentAt">When its call left.</param>
/// <param name="HeardAt">When its answer came.</param>
public readonly record struct ChargeReading(double Remaining, Instant SentAt, Instant HeardAt);

/// <summary>What the owner of a leased budget has learned of how one limit is charged, and what it learns from.</summary>
public sealed record ChargeBooksState
{
    /// <summary>What was learned.</summary>
    public required ChargeState Learned { get; init; }

    /// <summary>After what time the likeliest rule is assumed.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>When a refusal last came that there seemed to be room for.</summary>
    public Instant SurprisedAt { get; init; }

    /// <summary>How many such refusals came, none a minute after the one before.</summary>
    public int Refusals { get; init; }

    /// <summary>The rule that the last reports agree with best.</summary>
    public ChargeRule Likeliest { get; init; }

    /// <summary>When the first report was heard.</summary>
    public Instant FirstHeardAt { get; init; }

    /// <summary>True where it is assumed only.</summary>
    public bool IsAssumed { get; init; }

    /// <summary>How far apart the reports lay by which it was, in units of the limit.</summary>
    public double Strength { get; init; }

    /// <summary>How often in a row they said otherwise since.</summary>
    public int Doubts { get; init; }

    /// <summary>What was reported earlier is of a window that is over.</summary>
    public Instant TurnedAt { get; init; }

    /// <summary>What the rules' books say was taken.</summary>
    public IReadOnlyList<ChargeBookEntry> Entries { get; init; } = [];

    /// <summary>What was reported to remain.</summary>
    public IReadOnlyList<ChargeBookReport> Reports { get; init; } = [];
}

/// <summary>What was taken at some time in a span, by each rule.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="To">Its end.</param>
/// <param name="Amounts">By rule, then calls, and what is unknown of those under way.</param>
public sealed record ChargeBookEntry(Instant From, Instant To, double[] Amounts);

/// <summary>What was reported to remain.</summary>
/// <param name="Remaining">What remained.</param>
/// <param name="SentAt">When the call left.</param>
/// <param name="HeardAt">When its answer came.</param>
/// <param name="Own">What such a call is charged, by rule.</param>
public sealed record ChargeBookReport(double Remaining, Instant SentAt, Instant HeardAt, double[] Own);

/// <summary>What was learned of how a provider charges one limit.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowTicks">The limit's window.</param>
/// <param name="Rule">The rule that explains the reports best.</param>
/// <param name="Open">The rules that explain them as well, one bit each.</param>
/// <param name="Factor">What is charged for each token that the rule counts.</param>
/// <param name="Offset">What is charged for each call on top.</param>
/// <param name="Since">Since when; the distant past while nothing was learned.</param>
/// <param name="Answers">From how many answers.</param>
public sealed record ChargeState(
    Dimension Dimension, long WindowTicks, ChargeRule Rule, ulong Open, double Factor, double Offset, Instant Since, long Answers);
