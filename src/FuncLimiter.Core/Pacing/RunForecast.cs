namespace FuncLimiter.Core.Pacing;

/// <summary>A step of a run that is foreseen: calls of one kind, some of them at once.</summary>
/// <param name="Calls">How many calls; at least 1.</param>
/// <param name="AtOnce">How many of them at once; at least 1.</param>
/// <param name="Answer">How long an answer takes.</param>
public sealed record StepLoad(int Calls, int AtOnce, AnswerTime Answer)
{
    /// <summary>When so many calls like these could be out, by their number; rising. Empty where nothing bounds them.</summary>
    public IReadOnlyList<CallTurn> Turns { get; init; } = [];

    /// <summary>How many calls of earlier steps are counted in <see cref="Turns"/> before these.</summary>
    public int Ahead { get; init; }

    /// <summary>How many calls like these others let out of the same room in a second, as they have of late.</summary>
    public double OthersPerSecond { get; init; }

    /// <summary>The part of the room that is the run's however much others ask for, above 0 and at most 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>How many calls may be under way at once, others' too.</summary>
    public double Places { get; init; } = double.PositiveInfinity;

    /// <summary>How many of these places others have, as of late.</summary>
    public double OthersPlaces { get; init; }

    /// <summary>How long a call of this kind waits where none of the run's own is before it, in seconds, on average.</summary>
    public double Wait { get; init; }

    /// <summary>How far off its turns and waits may be, as a part of them: the fuller a limit, the farther.</summary>
    public double Doubt { get; init; }

    /// <summary>How long a step may find all room gone until a window gives it back at once, in seconds; 0 where it comes bit by bit.</summary>
    public double Gap { get; init; }

    /// <summary>For how long room is kept that was not used while answers were waited for, in seconds.</summary>
    public double KeptSeconds { get; init; }
}

/// <summary>When a call could go out.</summary>
/// <param name="Call">Its number, from 1.</param>
/// <param name="Seconds">In how many seconds from now.</param>
public readonly record struct CallTurn(int Call, double Seconds);

/// <summary>How long answers take, in seconds.</summary>
/// <param name="Mean">On average.</param>
/// <param name="Deviation">The standard deviation.</param>
/// <param name="Doubt">How far off the mean may be, as a part of it.</param>
public readonly record struct AnswerTime(double Mean, double Deviation, double Doubt);

/// <summary>A figure that is foreseen: what it is likely to be, and between which bounds it is most of the time.</summary>
/// <param name="Low">The lower bound.</param>
/// <param name="Likely">As often more as less.</param>
/// <param name="High">The upper bound.</param>
public readonly record struct ForecastRange(double Low, double Likely, double High);

/// <summary>
/// When a run will be over: it is played many times, with answers and others' demand drawn anew each time. Steps follow one another. The same
/// plan and the same chance give the same forecast.
/// </summary>
public sealed class RunForecast
{
    private const int MostDraws = 300;
    private const int FewestDraws = 60;
    private const int MostCallsDrawn = 150_000;

    // How far off others' demand may be, besides what chance makes of it in a minute.
    private const double OthersSpread = 0.25;

    // How far apart calls of one step are in size, and how far off their mean may be.
    private const double SizeSpread = 0.5;
    private const double MeanSpread = 0.12;
    private const double Minute = 60;

    private readonly double[] _ends;

    private RunForecast(double[] ends) => _ends = ends;

    /// <summary>Foresees a run.</summary>
    /// <param name="steps">Its steps, in their order.</param>
    /// <param name="random">What chance is drawn from.</param>
    public static RunForecast Of(IReadOnlyList<StepLoad> steps, Random random)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(random);
        var calls = Math.Max(1, steps.Sum(step => (long)step.Calls));
        var ends = new double[Math.Clamp(MostCallsDrawn / calls, FewestDraws, MostDraws)];
        for (var draw = 0; draw < ends.Length; draw++)
        {
            ends[draw] = Play(steps, random);
        }

        Array.Sort(ends);
        return new RunForecast(ends);
    }

    /// <summary>In how many seconds it will be over.</summary>
    /// <param name="confidence">How often the true time is to lie within the bounds, 0 to 1.</param>
    public ForecastRange Seconds(double confidence) => new(At((1 - confidence) / 2), At(0.5), At((1 + confidence) / 2));

    /// <summary>How likely it is over after so many seconds, 0 to 1.</summary>
    public double ChanceWithin(double seconds) => (double)_ends.Count(end => end <= seconds) / _ends.Length;

    private double At(double share) => _ends[Math.Clamp((int)Math.Round(share * (_ends.Length - 1)), 0, _ends.Length - 1)];

    private static double Play(IReadOnlyList<StepLoad> steps, Random random)
    {
        var (now, more) = (0.0, Normal(random));
        var (slow, late, large) = (Normal(random), Normal(random), Normal(random));
        var busy = new PriorityQueue<double, double>();
        foreach (var step in steps)
        {
            var others = Math.Exp(more * Math.Sqrt((OthersSpread * OthersSpread) + (1 / (1 + (step.OthersPerSecond * Minute)))));
            var share = step.Share + ((1 - step.Share) * Square(random.NextDouble()));
            var places = Math.Max(step.Places * share, step.Places - (step.OthersPlaces * others));
            var atOnce = Math.Clamp(Math.Round(places), 1, step.AtOnce);
            var answers = Math.Exp(step.Answer.Doubt * slow) / Math.Min(1, places);
            var off = Math.Exp(step.Doubt * late);
            var size = Math.Exp(large * Math.Sqrt((MeanSpread * MeanSpread) + (SizeSpread * SizeSpread / step.Calls)));
            var line = new Line(step, step.OthersPerSecond * others, share, off, size);
            var first = line.TurnOf(step.Ahead + 1);
            var kept = Math.Min(step.KeptSeconds, Math.Max(0, now - first));
            var gone = random.NextDouble() < 0.5 ? step.Gap * random.NextDouble() : 0;
            var (begun, end) = (now + gone, now);
            busy.Clear();
            for (var call = 1; call <= step.Calls; call++)
            {
                var free = busy.Count < atOnce ? begun : busy.Dequeue();
                var turn = line.TurnOf(step.Ahead + call);
                var asked = free + (step.Wait > 0 ? -off * step.Wait * Math.Log(1 - random.NextDouble()) : 0);
                var over = Math.Max(asked, Math.Max(turn, begun + turn - first - kept)) + (answers * Draw(step.Answer, random));
                busy.Enqueue(over, over);
                end = Math.Max(end, over);
            }

            now = end;
        }

        return now;
    }

    // Log-normal, as answers' times are.
    private static double Draw(in AnswerTime answer, Random random)
    {
        if (answer.Mean <= 0 || answer.Deviation <= 0)
        {
            return Math.Max(0, answer.Mean);
        }

        var variance = Math.Log(1 + ((answer.Deviation / answer.Mean) * (answer.Deviation / answer.Mean)));
        return Math.Exp(Math.Log(answer.Mean) - (variance / 2) + (Math.Sqrt(variance) * Normal(random)));
    }

    private static double Square(double number) => number * number;

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    // Turns of calls that are asked for in their order, others' between them: in the time until one's turn others let theirs out as well,
    // up to their share.
    private struct Line(StepLoad step, double othersPerSecond, double share, double scale, double size)
    {
        private int _place = 1;
        private int _turn;

        public double TurnOf(int call)
        {
            if (step.Turns.Count == 0)
            {
                return 0;
            }

            // Calls that are larger than planned use up what more of them would.
            call = Math.Max(1, (int)Math.Round(call * size));
            _place = Math.Max(_place, call);
            var at = Alone(_place);
            while (_place - Math.Min(othersPerSecond * at, (1 - share) * _place) < call)
            {
                at = Alone(++_place);
            }

            return at;
        }

        // Between two calls whose turns are known, and after the last, turns lie in a line.
        private double Alone(int call)
        {
            var turns = step.Turns;
            while (_turn < turns.Count - 2 && turns[_turn + 1].Call < call)
            {
                _turn++;
            }

            var (from, to) = (turns[_turn], turns[Math.Min(_turn + 1, turns.Count - 1)]);
            return scale * (to.Call == from.Call ? to.Seconds : Math.Max(from.Seconds, from.Seconds + ((to.Seconds - from.Seconds) * (call - from.Call) / (to.Call - from.Call))));
        }
    }
}
