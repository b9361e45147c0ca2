namespace FuncLimiter.Core.Budgets;

/// <summary>What was reported of late to remain of one limit, and how far it can be reconciled with what a rule's book says was taken.</summary>
/// <param name="limit">The limit.</param>
/// <param name="rules">The rules.</param>
/// <param name="book">What was taken, by rule.</param>
/// <param name="isShared">Whether the books of several instances come together, each told a while later.</param>
internal sealed class ChargeReports(Limit limit, ChargeRule[] rules, ChargeBook book, bool isShared)
{
    private const int Most = 24;
    private const int MostRecent = 16;
    private const double Allowance = 1.25;
    private const double Implausible = 2;
    private static readonly TimeSpan OvertakingHalfLife = TimeSpan.FromMinutes(2);
    private readonly List<HeardReport> reports = new(Most);
    private readonly HeardReport[] recent = new HeardReport[MostRecent];
    private int heard;
    private Overtaking? assumed;
    private Instant measuredAt = Instant.Distant;

    /// <summary>How many.</summary>
    public int Count => reports.Count;

    /// <summary>What was reported earlier is of a window that is over.</summary>
    public Instant TurnedAt { get; private set; } = Instant.Distant;

    /// <summary>How far calls were seen to overtake one another.</summary>
    public Overtaking Seen { get; private set; } = Overtaking.Usual;

    /// <summary>How far they are taken to: what was seen here, unless something else is assumed.</summary>
    public Overtaking InForce => assumed ?? Seen;

    /// <summary>The newest.</summary>
    public HeardReport Last => reports[^1];

    /// <summary>What reports are rounded by, at most.</summary>
    public double Rounding
    {
        get
        {
            var isRound = reports.Count > 2;
            foreach (var report in reports)
            {
                isRound &= report.Remaining % 1000 == 0;
            }

            return isRound ? 500 : 1;
        }
    }

    /// <summary>Calls are taken to overtake one another so far; as far as was seen here, where that is the same.</summary>
    public void Assume(Overtaking overtaking) => assumed = overtaking == Seen ? null : overtaking;

    /// <summary>Forgets them.</summary>
    public void Clear() => reports.Clear();

    /// <summary>Forgets them, with the book: what it does not know of leaves a sliding window for as long as that is, and seems to be given back.</summary>
    public void BeginAnew(Instant now)
    {
        reports.Clear();
        TurnedAt = limit.Algorithm == LimitAlgorithm.Sliding ? now + limit.Window : now;
    }

    /// <summary>
    /// Keeps one more. A bucket that was full and a window that began anew have forgotten what was before. Past a number those closest in time
    /// give way.
    /// </summary>
    /// <param name="most">The limit that it was of.</param>
    /// <param name="perSecond">What comes back of it.</param>
    public void Add(in HeardReport report, double most, double perSecond)
    {
        recent[heard++ % MostRecent] = report;
        var isBucket = limit.Algorithm == LimitAlgorithm.Bucket;
        if (report.SentAt < TurnedAt)
        {
            return;
        }

        // A fixed window that is nearly full again where it was less so began anew, however little of it was used.
        var leap = limit.Algorithm switch
        {
            LimitAlgorithm.Sliding => most * 0.3,
            LimitAlgorithm.Fixed when report.Remaining >= most * 0.98 => Rounding,
            _ => most * 0.05,
        };
        foreach (var before in reports)
        {
            var refilled = isBucket ? perSecond * Math.Max(0, (report.HeardAt - before.SentAt).TotalSeconds) : 0;
            if (before.SentAt < report.SentAt - InForce.AtStart && report.Remaining - before.Remaining > refilled + leap)
            {
                TurnedAt = report.SentAt;
            }
        }

        TurnedAt = isBucket && report.Remaining >= most * 0.98 ? report.SentAt : TurnedAt;
        var oldest = report.SentAt - (isBucket ? limit.Window * 1.5 : limit.Window / 2);
        var since = Instant.Max(TurnedAt, oldest);
        reports.RemoveAll(before => before.SentAt < since);
        if (reports.Count == Most)
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

    /// <summary>How reports may have come about: stamped when a call left or when it was over, of a bucket that refills as thought or not at all.</summary>
    /// <param name="perSecond">What comes back of the limit.</param>
    public ReadOnlySpan<ReportMode> Modes(double perSecond)
    {
        ReportMode[] all = limit.Algorithm == LimitAlgorithm.Bucket
            ? [new(false, perSecond), new(false, 0), new(true, perSecond), new(true, 0)]
            : [new(false, 0), new(true, 0)];

        // Reports that are out of order as the one stamp would have it have the other.
        return InForce.AtStart > InForce.AtEnd * Implausible ? all.AsSpan(all.Length / 2)
            : InForce.AtEnd > InForce.AtStart * Implausible ? all.AsSpan(0, all.Length / 2)
            : all;
    }

    /// <summary>
    /// Sees how far calls overtake one another: what was gone by one report can't be less than by another whose call arrived earlier.
    /// </summary>
    /// <param name="rule">The rule that is the likeliest.</param>
    /// <param name="perSecond">What comes back of the limit.</param>
    /// <param name="now">Now.</param>
    public void Measure(int rule, double perSecond, Instant now)
    {
        if (isShared)
        {
            return;
        }

        var kept = Math.Pow(0.5, Math.Max(0, (now - measuredAt) / OvertakingHalfLife));
        var rounding = Rounding;
        Seen = new(Farthest(false, Overtaking.Fade(Seen.AtStart, kept)), Farthest(true, Overtaking.Fade(Seen.AtEnd, kept)));
        measuredAt = now;

        TimeSpan Farthest(bool isStampedAtEnd, TimeSpan farthest)
        {
            var known = Math.Min(heard, MostRecent);
            Span<(Instant Stamp, double Gone, double LeastBack, double MostBack)> taken = stackalloc (Instant, double, double, double)[known];
            for (var i = 0; i < known; i++)
            {
                var stamp = isStampedAtEnd ? recent[i].HeardAt : recent[i].SentAt;
                var refilled = limit.Algorithm == LimitAlgorithm.Bucket ? perSecond * (stamp - recent[0].SentAt).TotalSeconds : 0;
                taken[i] = (stamp, refilled - recent[i].Remaining, 0, 0);
                if (limit.Algorithm == LimitAlgorithm.Sliding)
                {
                    taken[i].LeastBack = book.Booked(rule, stamp - limit.Window - Overtaking.Most, isAll: false);
                    taken[i].MostBack = book.Booked(rule, stamp - limit.Window + Overtaking.Most, isAll: true);
                }
            }

            // What a sliding window gives back meanwhile is known too roughly.
            foreach (var first in taken)
            {
                foreach (var then in taken)
                {
                    var apart = (then.Stamp - first.Stamp) * Allowance;
                    var isOvertaken = apart > farthest && apart <= Overtaking.Most && first.Stamp >= TurnedAt
                        && then.Gone < first.Gone - rounding && then.MostBack <= first.LeastBack;
                    farthest = isOvertaken ? apart : farthest;
                }
            }

            return farthest;
        }
    }

    /// <summary>What a call is usually charged by a rule; at least 1.</summary>
    public double UsualOf(int rule)
    {
        var usual = 0.0;
        foreach (var report in reports)
        {
            usual += report.Own[rule] / reports.Count;
        }

        return Math.Max(1, usual);
    }

    /// <summary>How much a rule's book leaves open of what was taken by a report, on average.</summary>
    public double Width(int rule, bool isStampedAtEnd)
    {
        var width = 0.0;
        foreach (var report in reports)
        {
            var (_, least, most) = Compare(rule, report, new(isStampedAtEnd, 0));
            width += (most - least) / reports.Count;
        }

        return width;
    }

    /// <summary>The mean distance of the reports from what a rule's book says, with the best guess at what others had used.</summary>
    public double Error(int rule, ReportMode mode, out double spread, double factor = 1, double offset = 0)
    {
        Span<double> ends = stackalloc double[2 * reports.Count];
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < reports.Count; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], mode, factor, offset);
            (low, high) = (Math.Min(low, gone), Math.Max(high, gone));
            (ends[2 * i], ends[(2 * i) + 1]) = (gone - most, gone - least);
        }

        spread = high - low;
        ends.Sort();
        var guess = (ends[reports.Count - 1] + ends[reports.Count]) / 2;
        var error = 0.0;
        for (var i = 0; i < reports.Count; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], mode, factor, offset);
            error += Math.Max(0, Math.Max(guess - (gone - least), gone - most - guess));
        }

        return error / reports.Count;
    }

    /// <summary>The factor and the offset with which a rule's book comes nearest to the reports; zero where there is none.</summary>
    public (double Factor, double Offset) Regress(int rule, ReportMode mode, FitModel model)
    {
        var n = reports.Count;
        double x = 0, y = 0, z = 0;
        Span<(double Booked, double Calls, double Gone)> points = new (double, double, double)[n];
        for (var i = 0; i < n; i++)
        {
            var (gone, least, most) = Compare(rule, reports[i], mode);
            var (_, fewest, calls) = Compare(rules.Length, reports[i], mode);
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

    /// <summary>Everything, to go on from later.</summary>
    public IReadOnlyList<ChargeBookReport> Save() =>
        [.. reports.Select(report => new ChargeBookReport(report.Remaining, report.SentAt, report.HeardAt, report.Own))];

    /// <summary>Goes on from what was saved.</summary>
    public void Restore(IReadOnlyList<ChargeBookReport> saved, Instant turnedAt)
    {
        TurnedAt = turnedAt;
        reports.Clear();
        reports.AddRange(saved.Where(report => report.Own.Length == rules.Length).Take(Most)
            .Select(report => new HeardReport(report.Remaining, report.SentAt, report.SentAt, report.HeardAt, report.Own)));
    }

    // What was gone by a report, all refill added, and what a book says was taken by then at least and at most.
    private (double Gone, double Least, double Most) Compare(
        int rule, in HeardReport report, ReportMode mode, double factor = 1, double offset = 0)
    {
        var stamp = mode.IsStampedAtEnd ? report.HeardAt : report.SentAt;
        var overtaking = mode.IsStampedAtEnd ? InForce.AtEnd : InForce.AtStart;
        var origin = reports[0].SentAt;
        var gone = (mode.PerSecond * (stamp - origin).TotalSeconds) - report.Remaining;
        var own = rule < rules.Length ? report.Own[rule] : 1;
        var unknown = rule < rules.Length ? book.Unknown(rule, stamp + overtaking) : 0;
        var least = mode.IsStampedAtEnd
            ? Math.Max(book.Booked(rule, stamp - overtaking, isAll: false), book.Booked(rule, report.TakenAt - overtaking, isAll: false) + (isShared ? 0 : own))
            : book.Booked(rule, report.TakenAt - overtaking, isAll: false) + (isShared ? 0 : own);
        var most = unknown + book.Booked(rule, mode.IsStampedAtEnd ? stamp : stamp + overtaking, isAll: true);
        if (limit.Algorithm == LimitAlgorithm.Sliding)
        {
            least -= book.Booked(rule, stamp - limit.Window + overtaking, isAll: true);
            most -= book.Booked(rule, stamp - limit.Window - overtaking, isAll: false);
        }

        if (factor != 1 || offset != 0)
        {
            var (_, fewest, calls) = Compare(rules.Length, report, mode);
            (least, most) = ((factor * least) + (offset * fewest), (factor * most) + (offset * calls));
        }

        return (gone, Math.Min(least, most), most);
    }
}

/// <summary>What was reported to remain.</summary>
/// <param name="Remaining">What remained.</param>
/// <param name="TakenAt">When its call was let out.</param>
/// <param name="SentAt">When that left.</param>
/// <param name="HeardAt">When its answer came.</param>
/// <param name="Own">What that call is charged, by rule.</param>
internal readonly record struct HeardReport(double Remaining, Instant TakenAt, Instant SentAt, Instant HeardAt, double[] Own);

/// <summary>How far apart calls may leave, or be over, and still have been counted in the other order.</summary>
/// <param name="AtStart">Where reports say what remained when calls arrived.</param>
/// <param name="AtEnd">Where they say what remained when calls were over.</param>
internal readonly record struct Overtaking(TimeSpan AtStart, TimeSpan AtEnd)
{
    /// <summary>As far as calls overtake one another on any way.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    /// <summary>What is out of order by more has other reasons.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(2);

    /// <summary>While nothing else was seen.</summary>
    public static readonly Overtaking Usual = new(Least, Least);

    /// <summary>What holds of reports, which say the one or the other.</summary>
    public TimeSpan Shortest => AtStart < AtEnd ? AtStart : AtEnd;

    /// <summary>The longer ones.</summary>
    public static Overtaking Longer(Overtaking one, Overtaking other) =>
        new(one.AtStart > other.AtStart ? one.AtStart : other.AtStart, one.AtEnd > other.AtEnd ? one.AtEnd : other.AtEnd);

    /// <summary>The shorter ones.</summary>
    public static Overtaking Shorter(Overtaking one, Overtaking other) =>
        new(one.AtStart < other.AtStart ? one.AtStart : other.AtStart, one.AtEnd < other.AtEnd ? one.AtEnd : other.AtEnd);

    /// <summary>Forgotten in part.</summary>
    public static TimeSpan Fade(TimeSpan overtaking, double kept) => overtaking * kept > Least ? overtaking * kept : Least;
}

/// <summary>How reports may have come about.</summary>
/// <param name="IsStampedAtEnd">Whether they say what remained when their calls were over; else when these arrived.</param>
/// <param name="PerSecond">What comes back of the limit meanwhile, in its unit a second.</param>
internal readonly record struct ReportMode(bool IsStampedAtEnd, double PerSecond);

/// <summary>What may be charged on top of what a rule counts.</summary>
internal enum FitModel
{
    /// <summary>A multiple.</summary>
    Factor,

    /// <summary>So much for each call.</summary>
    Offset,

    /// <summary>Both.</summary>
    Both,
}
