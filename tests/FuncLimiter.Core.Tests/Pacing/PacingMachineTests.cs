using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Pacing.PacingAction;
using static FuncLimiter.Core.Pacing.PacingEvent;
using Call = FuncLimiter.Core.Pacing.PacingAction.Call;

namespace FuncLimiter.Core.Tests.Pacing;

public class PacingMachineTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly PacingPolicy Policy = new() { Hint = new() { MinJitter = TimeSpan.Zero, MaxJitter = TimeSpan.Zero } };

    [Fact]
    public void Next_WhenAllGoesWell_AdmitsCallsAndDelivers()
    {
        var call = new Trace(Policy);

        Assert.Equal(new Admit(0, At(60)), call.On(new Submitted(At(0), 1, 7, At(60))));
        Assert.Equal(new Call(0, "east/gpt-x"), call.On(new Admitted(At(1), 0, "east/gpt-x")));
        Assert.Equal(new Deliver(0), call.On(new Responded(At(3), OutcomeKind.Success)));
        Assert.True(call.State is { Phase: PacingPhase.Ended, Attempts: 1 });
        Assert.Equal(new Nothing(), call.On(new TimerFired(At(4))));
    }

    [Fact]
    public void Next_WhenToldToWait_SetsOneTimerToThatVeryInstantAndAsksAgain()
    {
        var call = Asking();

        Assert.Equal(new WaitUntil(At(17.25)), call.On(new ToldToWait(At(1), At(17.25), "tenant:acme")));
        Assert.Equal(new Admit(0, At(60)), call.On(new TimerFired(At(17.25))));
    }

    [Fact]
    public void Next_WhenATimerFiresEarly_WaitsOn()
    {
        var call = Asking();
        call.On(new ToldToWait(At(1), At(17), "tenant:acme"));

        Assert.Equal(new WaitUntil(At(17)), call.On(new TimerFired(At(16.9))));
        Assert.Equal(new WaitUntil(At(17)), call.On(new TimerFired(At(16.9))));
        Assert.Equal(new Admit(0, At(60)), call.On(new TimerFired(At(17))));
    }

    [Fact]
    public void WaitsForRoom_WhenToldToWait_ButNotWhereAProviderHasSentTheCallAway()
    {
        var told = Asking();
        told.On(new ToldToWait(At(1), At(17), "tenant:acme"));
        var sentAway = Calling();
        sentAway.Fail(2, OutcomeKind.RateLimited, hintSeconds: 20);
        var both = Calling(places: 2);
        both.Fail(2, OutcomeKind.RateLimited, hintSeconds: 20);
        both.On(new ToldToWait(At(3), At(10), "tenant:acme"));

        Assert.Equal(
            (PacingPhase.Waiting, PacingPhase.Waiting, PacingPhase.Waiting), (told.State.Phase, sentAway.State.Phase, both.State.Phase));
        Assert.Equal((true, false, false), (told.State.WaitsForRoom, sentAway.State.WaitsForRoom, both.State.WaitsForRoom));
        Assert.False(Asking().State.WaitsForRoom);
    }

    [Fact]
    public void Next_WhenTheWaitCannotBeForeseen_AsksAgainAfterAWhile() =>
        Assert.Equal(new WaitUntil(At(2)), Asking().On(new ToldToWait(At(1), Instant.Unknown, "account:east")));

    [Fact]
    public void Next_WhenToldToWaitForThePast_StillWaitsALittle() =>
        Assert.Equal(new WaitUntil(At(1.01)), Asking().On(new ToldToWait(At(1), At(0), "account:east")));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Next_WhenTheWaitEndsBeyondTheDeadline_RefusesAtOnceWithTheHonestInstant(bool never)
    {
        var until = never ? Instant.Never : At(61);

        Assert.Equal(
            new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, "tenant:acme", until)),
            Asking().On(new ToldToWait(At(1), until, "tenant:acme")));
    }

    [Fact]
    public void Next_WhenToldToWaitMoreOftenThanAllowed_Refuses()
    {
        var call = Asking(Policy with { MaxWaits = 2 });
        for (var i = 1; i <= 2; i++)
        {
            call.On(new ToldToWait(At(i), At(i + 0.5), "tenant:acme"));
            call.On(new TimerFired(At(i + 0.5)));
        }

        Assert.IsType<Refuse>(call.On(new ToldToWait(At(5), At(6), "tenant:acme")));
    }

    [Theory]
    [InlineData(OutcomeKind.RateLimited)]
    [InlineData(OutcomeKind.Overloaded)]
    [InlineData(OutcomeKind.TransientFailure)]
    public void Next_WhenTheProviderGivesAHint_WaitsExactlySoLongFromItsAnswerOn(OutcomeKind outcome)
    {
        var call = Calling();

        Assert.Equal(new WaitUntil(At(12)), call.Fail(2, outcome, hintSeconds: 10));
        Assert.Equal(new Admit(0, At(60)), call.On(new TimerFired(At(12))));
        Assert.IsType<Call>(call.On(new Admitted(At(12), 0, "east/gpt-x")));
    }

    [Fact]
    public void Next_WhenTheHintIsAbsurd_CapsIt()
    {
        var call = Calling(Policy with { Hint = Policy.Hint with { Cap = TimeSpan.FromSeconds(30) } });

        Assert.Equal(new WaitUntil(At(32)), call.Fail(2, OutcomeKind.RateLimited, hintSeconds: 1e9));
    }

    [Fact]
    public void Next_WhenTheHintEndsBeyondTheDeadline_RefusesAtOnceWithItsEnd() => Assert.Equal(
        new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, "deployment:east/gpt-x", At(92))),
        Calling().Fail(2, OutcomeKind.RateLimited, hintSeconds: 90));

    [Fact]
    public void Next_WhenAPassingFailureLeavesNoTimeForAnother_DeliversItsAnswer()
    {
        var call = Calling();

        Assert.Equal(new Deliver(0), call.Fail(59.999, OutcomeKind.TransientFailure, hintSeconds: 5));
    }

    [Theory]
    [InlineData(OutcomeKind.RateLimited, 1, 60)]
    [InlineData(OutcomeKind.Overloaded, 1, 60)]
    [InlineData(OutcomeKind.TransientFailure, 0, 8)]
    public void Next_WhenThereIsNoHint_BacksOffWithinTheBoundsOfThatKind(OutcomeKind outcome, double least, double most)
    {
        for (var seed = 0UL; seed < 200; seed++)
        {
            var call = new Trace(Policy);
            call.On(new Submitted(At(0), 1, seed, At(1_000)));
            for (var now = 1.0; ;)
            {
                call.On(new Admitted(At(now), 0, "east/gpt-x"));
                if (call.Fail(now, outcome) is not WaitUntil wait)
                {
                    break;
                }

                Assert.InRange((wait.Until - At(now)).TotalSeconds, Math.Max(least, Policy.MinWait.TotalSeconds), most);
                call.On(new TimerFired(wait.Until));
                now = (wait.Until - Start).TotalSeconds;
            }

            Assert.Equal(outcome == OutcomeKind.Overloaded ? 3 : 4, call.State.Attempts);
        }
    }

    [Fact]
    public void Next_WhenAttemptsAreUsedUp_DeliversTheProvidersLastAnswer()
    {
        var call = Calling(Policy with { MaxAttempts = 2 });
        call.Fail(1, OutcomeKind.RateLimited, hintSeconds: 1);
        call.On(new TimerFired(At(2)));
        call.On(new Admitted(At(2), 0, "east/gpt-x"));

        Assert.Equal(new Deliver(0), call.Fail(3, OutcomeKind.RateLimited, hintSeconds: 1));
    }

    [Theory]
    [InlineData(OutcomeKind.Rejected, true)]
    [InlineData(OutcomeKind.Rejected, false)]
    [InlineData(OutcomeKind.Overloaded, false)]
    [InlineData(OutcomeKind.TransientFailure, false)]
    public void Next_WhenARetryCannotHelp_DeliversTheProvidersAnswerThoughOthersAreLeft(OutcomeKind outcome, bool retryable) =>
        Assert.Equal(new Deliver(0), Calling(places: 3).Fail(2, outcome, 1, retryable));

    [Fact]
    public void Next_WhenBytesWereDelivered_DeliversWhatThereIs()
    {
        var call = Calling(places: 3);

        Assert.Equal(new Deliver(0), call.On(new Responded(At(2), OutcomeKind.TransientFailure, Retryable: true, BytesDelivered: true)));
    }

    [Fact]
    public void Next_WhenADeploymentFailsAndOthersAreLeft_ReroutesAtOnceWithoutIt()
    {
        var call = Calling(places: 3);

        Assert.Equal(new Reroute(0b001, At(60), 0), call.Fail(2, OutcomeKind.Overloaded, hintSeconds: 20));
        call.On(new Admitted(At(2), 2, "west/gpt-x"));
        Assert.Equal(new Reroute(0b101, At(60), 2), call.Fail(3, OutcomeKind.RateLimited, hintSeconds: 5));
        call.On(new Admitted(At(3), 1, "north/gpt-x"));

        Assert.Equal(new WaitUntil(At(8)), call.Fail(4, OutcomeKind.RateLimited, hintSeconds: 15));
        Assert.Equal(new Admit(0b011, At(60)), call.On(new TimerFired(At(8))));
    }

    [Fact]
    public void Next_WhenTheOthersMustWaitLonger_ComesBackToTheFailedOneOnceItHasRested()
    {
        var call = Calling(places: 2);
        call.Fail(2, OutcomeKind.RateLimited, hintSeconds: 5);

        Assert.Equal(new WaitUntil(At(7)), call.On(new ToldToWait(At(2), At(40), "deployment:west/gpt-x")));
        Assert.Equal(new Admit(0, At(60)), call.On(new TimerFired(At(7))));
    }

    [Fact]
    public void Next_WhenTheOthersCannotServe_WaitsForTheFailedOneToRest()
    {
        var call = Calling(places: 2);
        call.Fail(2, OutcomeKind.RateLimited, hintSeconds: 5);

        Assert.Equal(new WaitUntil(At(7)), call.On(new Refused(At(2), new Refusal(RefusalReason.NoDeployment, "", Instant.Never))));
        Assert.Equal(new Admit(0, At(60)), call.On(new TimerFired(At(7))));
    }

    [Fact]
    public void Next_WhenTheOthersCannotServeAndTheFailedOneRestsTooLong_NamesTheEarlierInstant()
    {
        var call = Calling(places: 2);
        call.Fail(2, OutcomeKind.RateLimited, hintSeconds: 500);

        Assert.Equal(
            new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, "deployment:west/gpt-x", At(502))),
            call.On(new Refused(At(2), new Refusal(RefusalReason.WouldWaitTooLong, "deployment:west/gpt-x", At(900)))));
    }

    [Theory]
    [InlineData(OutcomeKind.QuotaExhausted)]
    [InlineData(OutcomeKind.RateLimited)]
    public void Next_WhenADeploymentHasNoQuotaLeft_GoesElsewhereAndNeverComesBack(OutcomeKind outcome)
    {
        var call = Calling(places: 2);

        Assert.Equal(new Reroute(0b01, At(60), 0), call.Fail(2, outcome, hintSeconds: 1, retryable: false));
        call.On(new ToldToWait(At(2), At(30), "deployment:west/gpt-x"));
        Assert.Equal(new Admit(0b01, At(60)), call.On(new TimerFired(At(30))));
        call.On(new Admitted(At(30), 1, "west/gpt-x"));
        Assert.Equal(new Deliver(1), call.Fail(31, outcome, retryable: false));
    }

    [Fact]
    public void Next_WhenQuotaIsExhaustedAndNobodyElseCanServe_DeliversThatAnswer()
    {
        var call = Calling(places: 2);
        call.Fail(2, OutcomeKind.QuotaExhausted, retryable: false);

        Assert.Equal(new Deliver(0), call.On(new Refused(At(2), new Refusal(RefusalReason.NoDeployment, "", Instant.Never))));
    }

    [Fact]
    public void Next_WhenReroutingOnExhaustedQuotaIsOff_DeliversThatAnswer() => Assert.Equal(
        new Deliver(0),
        Calling(Policy with { RerouteOnExhaustedQuota = false }, places: 2).Fail(2, OutcomeKind.QuotaExhausted, retryable: false));

    [Theory]
    [InlineData(RefusalReason.TooLarge)]
    [InlineData(RefusalReason.QueueFull)]
    [InlineData(RefusalReason.WouldWaitTooLong)]
    [InlineData(RefusalReason.NoDeployment)]
    public void Next_WhenTheLimiterRefusesAnUntriedCall_HandsItsRefusalOn(RefusalReason reason)
    {
        var refusal = new Refusal(reason, "tenant:acme", At(99));

        Assert.Equal(new Refuse(refusal), Asking(places: 2).On(new Refused(At(1), refusal)));
    }

    [Fact]
    public void Next_WhenNoPlaceIsOpenOrTheDeadlineIsOver_RefusesOnSubmission()
    {
        Assert.Equal(
            new Refuse(new Refusal(RefusalReason.NoDeployment, "", Instant.Never)),
            new Trace(Policy).On(new Submitted(At(0), 2, 7, At(60)) { Excluded = 0b11 }));
        Assert.Equal(
            new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, "", At(61))), new Trace(Policy).On(new Submitted(At(61), 2, 7, At(60))));
        Assert.Equal(new Admit(0, At(60)), new Trace(Policy).On(new Submitted(At(60), 64, 7, At(60))));
    }

    [Fact]
    public void Next_WhenNoDeadlineIsGiven_TakesThePolicysLongestWait() => Assert.Equal(
        new Admit(0, At(90)), new Trace(Policy with { MaxWait = TimeSpan.FromSeconds(90) }).On(new Submitted(At(0), 1, 7)));

    [Fact]
    public void Next_WhenTheLastEventComesAgain_DoesNothing()
    {
        var call = Calling();
        var response = new Responded(At(2), OutcomeKind.RateLimited, true, TimeSpan.FromSeconds(3));
        call.On(response);
        var before = call.State;

        Assert.Equal(new Nothing(), call.On(response));
        Assert.Same(before, call.State);
    }

    [Fact]
    public void Next_WhenAnEventCannotOccur_SaysSo()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Calling().On(new ToldToWait(At(1), At(2), "")));
        Assert.Equal("ToldToWait can't occur while a call is Calling.", error.Message);

        Assert.Throws<InvalidOperationException>(() => new Trace(Policy).On(new TimerFired(At(0))));
        Assert.Throws<InvalidOperationException>(() => Asking().On(new Responded(At(1), OutcomeKind.Success)));
        Assert.Throws<ArgumentException>(() => new Trace(Policy).On(new Submitted(At(0), 65, 7)));
        Assert.Throws<ArgumentException>(() => Asking().On(new Admitted(At(1), 1, "west/gpt-x")));
    }

    private static Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);

    private static Trace Asking(PacingPolicy? policy = null, int places = 1)
    {
        var call = new Trace(policy ?? Policy);
        call.On(new Submitted(At(0), places, 7, At(60)));
        return call;
    }

    private static Trace Calling(PacingPolicy? policy = null, int places = 1)
    {
        var call = Asking(policy, places);
        call.On(new Admitted(At(1), 0, "east/gpt-x"));
        return call;
    }

    private sealed class Trace(PacingPolicy policy)
    {
        public PacingState State { get; private set; } = PacingState.New;

        public PacingAction On(PacingEvent occurred)
        {
            (State, var action) = PacingMachine.Next(State, occurred, policy);
            return action;
        }

        public PacingAction Fail(double at, OutcomeKind outcome, double? hintSeconds = null, bool retryable = true)
        {
            TimeSpan? hint = hintSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            return On(new Responded(At(at), outcome, retryable, hint));
        }
    }
}
