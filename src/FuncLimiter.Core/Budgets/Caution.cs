namespace FuncLimiter.Core.Budgets;

/// <summary>
/// How far a provider's budgets stay from the limit. Calls leave in order but arrive with jitter, so a bucket keeps the refill of one
/// jitter in hand and a window is held open one jitter longer: that costs a burst a little and the steady rate nothing. The limit itself
/// is touched only when refusals keep coming that the budget did not foresee. Where calls are measured to leave late, because the machine is
/// busy with other things, the jitter is twice the worst delay of late.
/// </summary>
public sealed class Caution
{
    private static readonly TimeSpan UsualJitter = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LeastJitter = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MostJitter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DelayHalfLife = TimeSpan.FromSeconds(5);
    private const double DelayStep = 0.1;
    private const double Decrease = 0.95;
    private const double Increase = 0.01;
    private const double LeastFactor = 0.3;
    private const int SurprisesBeforeDecrease = 3;

    /// <summary>A scope that was closed for so long has full buckets again, or nearly.</summary>
    internal static readonly TimeSpan LongPause = TimeSpan.FromSeconds(1);

    /// <summary>So many answers are needed for half the jitter.</summary>
    internal const int AnswersToSettle = 4;

    private Instant lastChange;
    private Instant lastCall = Instant.Distant;
    private TimeSpan learned = UsualJitter;
    private TimeSpan delay;
    private TimeSpan delayInForce;
    private Instant lastDelay = Instant.Distant;
    private TimeSpan? known;
    private int surprises;
    private int answers;

    /// <summary>For budgets that nobody but us enforces: no jitter, no reserve.</summary>
    public static Caution None() => new() { learned = TimeSpan.Zero, IsFixed = true };

    /// <summary>
    /// For a provider not heard of yet. Where connections are still being made, the first calls arrive late, and what a full bucket would
    /// have refilled meanwhile is lost: so the first calls, and those after a minute's idling or after the scope was closed, expect a second of
    /// jitter until answers come.
    /// </summary>
    public static Caution Unheard() => new() { IsWary = true };

    /// <summary>The spread expected between the order and the distances of sending and those of arriving.</summary>
    public TimeSpan Jitter => delayInForce > learned ? delayInForce : learned;

    /// <summary>The share of the limit in use at most, 0.3 to 1.</summary>
    public double Factor { get; private set; } = 1;

    /// <summary>The part of the limit that is this budget's, where others were found to share it; above 0, at most 1.</summary>
    internal double Part { get; set; } = 1;

    /// <summary>The share of the whole limit in use at most.</summary>
    internal double Scale => Factor * Part;

    /// <summary>When either last changed; <see cref="Instant.Distant"/> where nothing was learned yet.</summary>
    public Instant Since => lastChange;

    /// <summary>How many answers have told, successes and refusals that were not foreseen.</summary>
    public long Heard { get; private set; }

    /// <summary>True for limits that are ours alone: nobody reports on them.</summary>
    internal bool IsFixed { get; private init; }

    private bool IsWary { get; init; }

    /// <summary>The scope is closed for a while: then all that waits goes out at once, and its buckets are full.</summary>
    internal void Pause() => lastCall = Instant.Distant;

    /// <summary>A call goes out. True where the jitter is another from here on.</summary>
    internal bool Send(Instant now)
    {
        if (!IsWary || now - lastCall < Idle)
        {
            lastCall = now;
            return false;
        }

        lastCall = now;
        known ??= learned;
        (learned, lastChange, answers) = (MostJitter, now, 0);
        return true;
    }

    /// <summary>
    /// A call left so long after it was let out, or would have. The worst of late counts twice, since what it does to calls is seen only after
    /// they went out; it is forgotten by half every five seconds. True where the jitter is another from here on.
    /// </summary>
    /// <param name="by">How late; more than five seconds, doubled, count as five.</param>
    internal bool Delay(TimeSpan by, Instant now)
    {
        if (IsFixed)
        {
            return false;
        }

        var kept = delay * Math.Pow(0.5, Math.Max(0, (now - lastDelay) / DelayHalfLife));
        delay = TimeSpan.FromTicks(Math.Clamp(by.Ticks * 2, kept.Ticks, MostDelay.Ticks));
        lastDelay = now;
        var before = Jitter;
        if (delay > delayInForce || delay < delayInForce * (1 - DelayStep))
        {
            delayInForce = delay;
        }

        return Jitter != before;
    }

    /// <summary>A refusal that the budget had not foreseen: twice the jitter at once, and from the third in a row on 5 % less of the limit.</summary>
    public void Surprise(Instant now)
    {
        if (IsFixed)
        {
            return;
        }

        surprises++;
        Heard++;
        lastChange = now;
        known = known is { } usual ? Twice(usual) : null;
        learned = Twice(learned);
        if (surprises >= SurprisesBeforeDecrease)
        {
            Factor = Math.Max(LeastFactor, Factor * Decrease);
        }
    }

    /// <summary>
    /// A success: after idling half the jitter each second in which four calls were answered, until it is the usual again, then a tenth less
    /// after every 30 seconds without a surprise, and 1 % of the limit more. True where something changed.
    /// </summary>
    /// <param name="sentAt">When the call was sent.</param>
    /// <param name="stands">For how many answers it stands.</param>
    public bool Reassure(Instant sentAt, Instant now, int stands = 1)
    {
        Heard += stands;
        if (known is { } usual)
        {
            // Only what was sent since, and a while since, says that what was assumed then has held: calls overtake one another.
            if (sentAt <= lastChange || (answers += stands) < AnswersToSettle || now - lastChange < Settling)
            {
                return false;
            }

            learned = TimeSpan.FromTicks(Math.Max(usual.Ticks, learned.Ticks / 2));
            known = learned > usual ? usual : null;
            (lastChange, answers) = (now, 0);
            return true;
        }

        if (IsFixed || now - lastChange < Calm)
        {
            return false;
        }

        lastChange = now;
        surprises = 0;
        learned = TimeSpan.FromTicks(Math.Max(LeastJitter.Ticks, learned.Ticks * 9 / 10));
        Factor = Math.Min(1, Factor + Increase);
        return true;
    }

    /// <summary>What answers taught, for people; null where none have, or there is nothing to be taught.</summary>
    internal CautionReport? Report() => IsFixed || Heard == 0 ? null : new(Jitter, Factor, Since, Heard);

    private static TimeSpan Twice(TimeSpan jitter) => TimeSpan.FromTicks(Math.Min(MostJitter.Ticks, jitter.Ticks * 2));

    /// <summary>Begins anew, as with a provider not heard of yet.</summary>
    internal void Forget()
    {
        if (!IsFixed)
        {
            (learned, known, Factor) = (UsualJitter, null, 1);
            (lastChange, lastCall, surprises, answers, Heard) = (Instant.Distant, Instant.Distant, 0, 0, 0);
        }
    }

    /// <summary>What has been learned, to be stored.</summary>
    internal CautionState Save() => new(learned, known, Factor, lastChange, lastCall, surprises) { Answers = answers, Heard = Heard };

    /// <summary>
    /// Takes on what an earlier process had learned. Its connections are gone, so the first calls are as wary as any after idling.
    /// </summary>
    internal void Resume(CautionState state, Instant now)
    {
        if (!IsFixed)
        {
            var usual = state.UsualJitter ?? state.Jitter;
            learned = TimeSpan.FromTicks(Math.Clamp(usual.Ticks, LeastJitter.Ticks, MostJitter.Ticks));
            Factor = double.IsFinite(state.Factor) ? Math.Clamp(state.Factor, LeastFactor, 1) : 1;
            (surprises, lastChange, Heard) = (Math.Max(0, state.Surprises), Instant.Min(state.LastChange, now), Math.Max(0, state.Heard));
        }
    }

    /// <summary>Takes on what was stored; where nothing is to be learned there is nothing to take on.</summary>
    internal void Restore(CautionState state)
    {
        if (!IsFixed)
        {
            (learned, known, Factor) = (state.Jitter, state.UsualJitter, Math.Clamp(state.Factor, LeastFactor, 1));
            (lastChange, lastCall, surprises, answers, Heard) = (state.LastChange, state.LastCall, state.Surprises, state.Answers, state.Heard);
        }
    }
}

/// <summary>What <see cref="Caution"/> has learned.</summary>
/// <param name="Jitter">The spread of sending against arriving.</param>
/// <param name="UsualJitter">The same once answers have come, where none have come since idling.</param>
/// <param name="Factor">The share of the limit in use at most.</param>
/// <param name="LastChange">When it last changed.</param>
/// <param name="LastCall">When calls were last sent.</param>
/// <param name="Surprises">Refusals in a row that were not foreseen.</param>
public sealed record CautionState(TimeSpan Jitter, TimeSpan? UsualJitter, double Factor, Instant LastChange, Instant LastCall, int Surprises)
{
    /// <summary>How many answers have told in all.</summary>
    public long Heard { get; init; }

    /// <summary>Calls sent and answered since it last changed, where none had come since idling.</summary>
    public int Answers { get; init; }
}
