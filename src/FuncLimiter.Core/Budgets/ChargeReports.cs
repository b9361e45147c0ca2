namespace FuncLimiter.Core.Budgets;

/// <summary>What was reported of late to remain of one limit, and how far it can be reconciled with what a rule's book says was taken.</summary>
/// <param name="limit">The limit.</param>
/// <param name="rules">The rules.</param>
/// <param name="book">What was taken, by rule.</param>
/// <param name="isShared">Whether the books of several instances come together, each told a while later.</param>
internal sealed class ChargeReports(Limit limit, ChargeRule[] rules, ChargeBook book, bool isShared)
{
    private const int Most = 24;
    private static readonly TimeSpan Overtaking = TimeSpan.FromMilliseconds(50);
    private readonly List<HeardReport> reports = new(Most);

    /// <summary>How many.</summary>
    public int Count => reports.Count;

    /// <summary>What was reported earlier is of a window that is over.</summary>
    public Instant TurnedAt { get; private set; } = Instant.Distant;

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
            if (before.SentAt < report.SentAt - Overtaking && report.Remaining - before.Remaining > refilled + leap)
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
    public ReportMode[] Modes(double perSecond) => limit.Algorithm == LimitAlgorithm.Bucket
        ? [new(false, perSecond), new(false, 0), new(true, perSecond), new(true, 0)]
        : [new(false, 0), new(true, 0)];

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
        var origin = reports[0].SentAt;
        var gone = (mode.PerSecond * (stamp - origin).TotalSeconds) - report.Remaining;
        var own = rule < rules.Length ? report.Own[rule] : 1;
        var unknown = rule < rules.Length ? book.Unknown(rule, stamp + Overtaking) : 0;
        var least = mode.IsStampedAtEnd
            ? Math.Max(book.Booked(rule, stamp - Overtaking, isAll: false), book.Booked(rule, report.TakenAt - Overtaking, isAll: false) + (isShared ? 0 : own))
            : book.Booked(rule, report.TakenAt - Overtaking, isAll: false) + (isShared ? 0 : own);
        var most = unknown + book.Booked(rule, mode.IsStampedAtEnd ? stamp : stamp + Overtaking, isAll: true);
        if (limit.Algorithm == LimitAlgorithm.Sliding)
        {
            least -= book.Booked(rule, stamp - limit.Window + Overtaking, isAll: true);
            most -= book.Booked(rule, stamp - limit.Window - Overtaking, isAll: false);
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
