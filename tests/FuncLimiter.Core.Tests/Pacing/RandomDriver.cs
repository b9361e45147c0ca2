using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Pacing.PacingAction;
using static FuncLimiter.Core.Pacing.PacingEvent;
using Call = FuncLimiter.Core.Pacing.PacingAction.Call;

namespace FuncLimiter.Core.Tests.Pacing;

/// <summary>
/// Carries out a call's actions in a world that a tape of numbers decides: what the limiter says, how attempts end,
/// what comes twice. Keeps its own books of cooldowns, and names the first rule that is broken.
/// </summary>
internal sealed class RandomDriver(int[] tape, PacingPolicy policy)
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private readonly Dictionary<int, Instant> _closedUntil = [];
    private readonly List<PacingEvent> _events = [];
    private readonly List<string> _actions = [];
    private PacingState _state = PacingState.New;
    private Instant _now = Start;
    private Instant _deadline;
    private int _position;
    private int _calls;
    private bool _bytesDelivered;

    public string? Broken { get; private set; }

    /// <summary>The kinds of action that were asked for.</summary>
    public HashSet<Type> Seen { get; } = [];

    public void Run()
    {
        var places = 1 + Draw(4);
        _deadline = Start + TimeSpan.FromSeconds(Draw(300));
        var action = Send(new Submitted(_now, places, (ulong)Draw(1_000_000), _deadline)
        {
            Excluded = Draw(4) == 0 ? (ulong)Draw(1 << places) : 0,
        });

        var steps = 0;
        while (!action.IsLast && Broken is null)
        {
            if (++steps > 500)
            {
                Fail("The call doesn't end.");
            }

            Repeat();
            action = Send(Answer(action));
        }

        CheckEnd(action);
    }

    private PacingEvent Answer(PacingAction action)
    {
        if (action is not WaitUntil)
        {
            _now += TimeSpan.FromMilliseconds(Draw(3_000));
        }

        switch (action)
        {
            case Admit admit:
                return AskLimiter(admit.Excluded);
            case Reroute reroute:
                return AskLimiter(reroute.Excluded);
            case WaitUntil wait:
                _now = Draw(5) == 0 ? Instant.Max(_now, wait.Until - TimeSpan.FromMilliseconds(1)) : wait.Until + TimeSpan.FromMilliseconds(Draw(50));
                return new TimerFired(_now);
            case Call:
                return Respond();
            default:
                throw new InvalidOperationException($"{action} asks for nothing.");
        }
    }

    private PacingEvent AskLimiter(ulong excluded) => Draw(8) switch
    {
        0 => new Refused(_now, new Refusal((RefusalReason)Draw(4), "budget", Draw(2) == 0 ? Instant.Never : _now + TimeSpan.FromSeconds(Draw(400)))),
        1 => new ToldToWait(_now, Instant.Unknown, "budget"),
        2 or 3 => new ToldToWait(_now, _now + TimeSpan.FromMilliseconds(Draw(30_000)), "budget"),
        _ => Admitting(excluded),
    };

    private Admitted Admitting(ulong excluded)
    {
        var open = Enumerable.Range(0, _state.Places).Where(place => (excluded >> place & 1) == 0).ToArray();
        var place = open[Draw(open.Length)];
        return new Admitted(_now, place, $"account-{place}/model");
    }

    private Responded Respond()
    {
        var outcome = (OutcomeKind)Draw(6);
        TimeSpan? hint = outcome != OutcomeKind.Success && Draw(2) == 0 ? TimeSpan.FromMilliseconds(Draw(90_000) - 10) : null;
        var response = new Responded(_now, outcome, outcome != OutcomeKind.Success && Draw(8) != 0, hint, Draw(20) == 0);
        _bytesDelivered |= response.BytesDelivered;
        if (outcome != OutcomeKind.Success)
        {
            var least = outcome == OutcomeKind.Overloaded ? policy.Overloaded.Floor : TimeSpan.Zero;
            _closedUntil[_state.Place] = _now + (hint is { } span ? (span < policy.Hint.Cap ? span : policy.Hint.Cap) : least);
        }

        return response;
    }

    private PacingAction Send(PacingEvent occurred)
    {
        _state = JsonSerializer.Deserialize<PacingState>(JsonSerializer.Serialize(_state))!;
        var received = JsonSerializer.Deserialize<PacingEvent>(JsonSerializer.Serialize(occurred))!;
        (_state, var action) = PacingMachine.Next(_state, received, policy);
        _events.Add(occurred);
        Seen.Add(action.GetType());
        _actions.Add(JsonSerializer.Serialize(action));
        Check(action);
        return action;
    }

    private void Repeat()
    {
        if (Draw(6) != 0 || _state.LastEvent is not { } last)
        {
            return;
        }

        var (state, action) = PacingMachine.Next(_state, last, policy);
        Seen.Add(action.GetType());
        if (action is not Nothing || !ReferenceEquals(state, _state))
        {
            Fail("The last event once more had an effect.");
        }
    }

    private void Check(PacingAction action)
    {
        switch (action)
        {
            case Call call:
                _calls++;
                if (_now < _closedUntil.GetValueOrDefault(call.Place))
                {
                    Fail("Called before its cooldown's end.");
                }

                if (_calls > policy.MaxAttempts)
                {
                    Fail("Called more often than allowed.");
                }

                if (_bytesDelivered)
                {
                    Fail("Called again after bytes were delivered.");
                }

                break;
            case Admit or Reroute:
                if (_now > _deadline)
                {
                    Fail("Asked for admission after the deadline.");
                }

                break;
            case WaitUntil wait:
                if (wait.Until > _deadline)
                {
                    Fail("Waits beyond the deadline.");
                }

                break;
        }
    }

    private void CheckEnd(PacingAction last)
    {
        if (_state.Phase != PacingPhase.Ended)
        {
            Fail($"Ended while {_state.Phase}.");
        }

        if (last is Deliver { Place: >= 0 } && _calls == 0)
        {
            Fail("Delivered an answer that nobody gave.");
        }

        if (PacingMachine.Next(_state, new TimerFired(_now), policy).Action is not Nothing)
        {
            Fail("Something followed the end.");
        }

        var state = PacingState.New;
        foreach (var (occurred, expected) in _events.Zip(_actions))
        {
            (state, var action) = PacingMachine.Next(state, occurred, policy);
            if (JsonSerializer.Serialize(action) != expected)
            {
                Fail($"Replayed, {occurred} led to {action} instead of {expected}.");
            }
        }
    }

    private void Fail(string rule) => Broken ??= rule + Environment.NewLine + string.Join(Environment.NewLine, _events.Zip(_actions));

    /// <summary>The tape's next number, from 0 up to but without <paramref name="below"/>; the largest once the tape is at its end.</summary>
    private int Draw(int below) => _position < tape.Length ? (int)((uint)tape[_position++] % below) : below - 1;
}
