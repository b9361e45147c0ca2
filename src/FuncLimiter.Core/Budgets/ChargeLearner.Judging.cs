using System.Numerics;

namespace FuncLimiter.Core.Budgets;

/// <content>Which rule, or which factor and offset, explain what was reported and refused.</content>
internal sealed partial class ChargeLearner
{
    private const int FewestReports = 5;
    private const double Sharper = 2;
    private const double Noise = 0.004;
    private const double ClearlyWorse = 3;
    private const double Explained = 0.015;
    private const double Clearer = 4;
    private const double Exact = 0.001;
    private const double Close = 0.02;
    private const double Apart = 6;
    private const int Repeated = 2;
    private const int RefusalsToReopen = 4;
    private const double UsualRefusals = 0.005;
    private const double Nearly = 0.85;
    private static readonly TimeSpan Doubtful = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A provider that reports nothing refused a call that the rule had room for: the least rule above it that explains the refusal is
    /// taken for its own. True where there is one.
    /// </summary>
    public bool Surprise(double documented, in CallSize size, double capacity, double perSecond, Instant now)
    {
        untilNext = 0;
        if (Answers > 0 || IsPinned)
        {
            return false;
        }

        ChargeRules.AtStart(documented, size, out var start);
        var (chosen, least) = (-1, double.PositiveInfinity);
        for (var i = 0; i < rules.Length; i++)
        {
            var used = UsedBy(i, perSecond, now);
            if (used + start[(int)rules[i]] >= capacity * 0.98 && used < least)
            {
                (chosen, least) = (i, used);
            }
        }

        var usedByBest = UsedBy(best, perSecond, now);
        if (chosen < 0 || chosen == best || usedByBest >= least)
        {
            return false;
        }

        // A refusal that the rule comes near to may be one that the sizes were a little wrong for.
        refusals = now - surprisedAt < Doubtful ? refusals + 1 : 1;
        surprisedAt = now;
        if (usedByBest + start[(int)rules[best]] >= capacity * Nearly && refusals < RefusalsToReopen)
        {
            return false;
        }

        (best, open, isJudged, Since) = (chosen, 1UL << chosen, true, now);
        return true;
    }

    /// <summary>The rules, a bit each, by which at least so much is in use with a call that comes on top.</summary>
    public ulong Reaching(double amount, double documented, in CallSize size, double perSecond, Instant now)
    {
        ChargeRules.AtStart(documented, size, out var start);
        var reaching = 0UL;
        for (var i = 0; i < rules.Length; i++)
        {
            reaching |= book.Used(i, 1, 0, perSecond, now) + start[(int)rules[i]] >= amount ? 1UL << i : 0;
        }

        return reaching;
    }

    /// <summary>So many calls went out.</summary>
    public void Pass(double calls, Instant now)
    {
        callsOfLate = (callsOfLate * Math.Exp(-Math.Max(0, (now - passedAt) / Soon))) + calls;
        passedAt = now;
    }

    /// <summary>
    /// A call was refused that there seemed to be room for. Where several are of late, and more of the calls of late than come at a window's ends
    /// whatever the rule, what was only assumed is open again, and assumed the later next time. Both are forgotten at the same pace.
    /// </summary>
    public void Reopen(Instant now)
    {
        refusals = (int)Math.Round(refusals * Math.Exp(-Math.Max(0, (now - surprisedAt) / Soon))) + 1;
        surprisedAt = now;
        if (isAssumed && refusals >= Math.Max(RefusalsToReopen, UsualRefusals * callsOfLate))
        {
            (open, best, isJudged, isAssumed) = (All, 0, false, false);
            (strength, doubts, Since, Answers) = (0, 0, Instant.Distant, 1);
            (patience, firstHeardAt) = (patience * 4 < MostPatience ? patience * 4 : MostPatience, Instant.Distant);
            book.Clear();
            reports.BeginAnew(now);
        }
    }

    private bool Judge(double perSecond, Instant now)
    {
        book.Sum();
        reports.Measure(best, perSecond, now);
        Span<(double Error, double Spread, bool IsStampedAtEnd)> found = stackalloc (double, double, bool)[rules.Length];
        found.Fill((double.PositiveInfinity, 0, false));
        var least = double.PositiveInfinity;
        foreach (var mode in reports.Modes(perSecond))
        {
            for (var i = 0; i < rules.Length; i++)
            {
                var error = reports.Error(i, mode, out var range);
                found[i] = error < found[i].Error ? (error, range, mode.IsStampedAtEnd) : found[i];
                least = Math.Min(least, error);
            }
        }

        // Of those that explain the reports as well the one whose book leaves the least open.
        var (at, narrowest) = (-1, double.PositiveInfinity);
        for (var i = 0; i < rules.Length; i++)
        {
            var (error, range, isStampedAtEnd) = found[i];
            if (error <= Math.Max((range * Noise) + reports.Rounding, least * ClearlyWorse) && reports.Width(i, isStampedAtEnd) is var width && width < narrowest)
            {
                (at, narrowest) = (i, width);
            }
        }

        var (_, spread, _) = found[Math.Max(0, at)];
        if (at < 0 || spread < Apart * reports.UsualOf(at))
        {
            return false;
        }

        var rounding = reports.Rounding;
        (Misfit, DocumentedMisfit, FittedMisfit) = (Math.Max(0, least - rounding) / spread, Math.Max(0, found[0].Error - rounding) / spread, null);
        Judgements++;
        likeliest = Likeliest(found, left: open, (spread * Exact) + rounding);
        var isFitted = factor != 1 || offset != 0;
        var standing = isFitted ? FittedError(perSecond) : least;
        FittedMisfit = isFitted ? Math.Max(0, standing - rounding) / spread : null;
        if (isFitted && standing <= (spread * Exact) + rounding)
        {
            doubts = 0;
            return false;
        }

        var canFit = !isShared && (isFitted || least > (spread * Noise) + rounding);
        if (canFit && spread >= 2 * Apart * (reports.UsualOf(at) + (narrowest / 2)) && Fit(perSecond, standing / (isFitted ? 2 : Clearer), now) is { } isNewFit)
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
        var isSharp = spread >= 2 * Apart * (reports.UsualOf(at) + (narrowest / 2));
        for (var i = 0; i < rules.Length && isSharp; i++)
        {
            left &= (left >> i & 1) != 0 && reports.Width(i, found[i].IsStampedAtEnd) > Sharper * (narrowest + reports.UsualOf(at)) ? ~(1UL << i) : ~0UL;
        }

        // What was given up once stays so, unless as much says again and again that it was right: reports that an ask tells at once say it once.
        var isDoubted = (left & open) == 0 || isFitted;
        if (isDoubted && (spread < strength / 2 || isShared && doubtedAt == now || ++doubts < Repeated))
        {
            doubtedAt = now;
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
    private int Likeliest(ReadOnlySpan<(double Error, double Spread, bool IsStampedAtEnd)> found, ulong left, double tolerance)
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

    // No rule explains what is reported: the one that comes nearest, times a factor, and something for each call.
    private bool? Fit(double perSecond, double bound, Instant now)
    {
        if (reports.Count < 2 * FewestReports)
        {
            return null;
        }

        var (found, least, worth, slope, extra, range) = (-1, double.PositiveInfinity, double.PositiveInfinity, 1.0, 0.0, 0.0);
        foreach (var mode in reports.Modes(perSecond))
        {
            for (var i = 0; i < rules.Length; i++)
            {
                for (var model = FitModel.Factor; model <= FitModel.Both; model++)
                {
                    var (f, g) = reports.Regress(i, mode, model);
                    if (f is > 0.2 and < 5 && g >= 0)
                    {
                        // What differs less from a rule is likelier than what differs more.
                        var error = reports.Error(i, mode, out var spread, f, g);
                        var cost = error + (spread * Noise * (Math.Abs(Math.Log(f)) + (g / (reports.Last.Own[i] + 1)) + (model == FitModel.Both ? 0.5 : 0)));
                        if (cost < worth)
                        {
                            (found, least, worth, slope, extra, range) = (i, error, cost, f, g, spread);
                        }
                    }
                }
            }
        }

        FittedMisfit = found < 0 ? FittedMisfit : Math.Min(FittedMisfit ?? 1, Math.Max(0, least - reports.Rounding) / Math.Max(1, range));
        if (found < 0 || least > bound || range < strength / 2)
        {
            return null;
        }

        var isRule = Math.Abs(slope - 1) <= Close && extra <= Close * reports.Last.Own[found];
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
        foreach (var mode in reports.Modes(perSecond))
        {
            least = Math.Min(least, reports.Error(best, mode, out _, factor, offset));
        }

        return least;
    }
}
