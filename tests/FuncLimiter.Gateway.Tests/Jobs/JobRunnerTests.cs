using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Gateway.Tests.Jobs;

/// <summary>What a runner stores of a call, on a clock of the test's own.</summary>
public class JobRunnerTests
{
    [Fact]
    public async Task Run_ThatIsAnswered_EndsTheCall()
    {
        await using var jobs = new ScriptedJobs();

        await jobs.StartAsync();

        Assert.Equal(["Succeeded 200"], await jobs.UntilStoredAsync(1));
    }

    [Fact]
    public async Task Run_ThatTheProviderFails_IsPostponedAndCounted()
    {
        await using var jobs = new ScriptedJobs { Execute = (_, _) => Task.FromResult(ScriptedJobs.Answer(503, "a/m")) };

        await jobs.StartAsync(failures: 2);

        Assert.Equal(["postponed by 80 s with 3 failures"], await jobs.UntilStoredAsync(1));
        Assert.Empty(jobs.LastSlots.Lanes!.Closed);
    }

    [Fact]
    public async Task Run_ThatBreaksDown_IsPostponedAndCounted()
    {
        await using var jobs = new ScriptedJobs { Execute = (_, _) => Task.FromException<CallResult>(new InvalidOperationException("no")) };

        await jobs.StartAsync();

        Assert.Equal(["postponed by 5 s with 1 failures"], await jobs.UntilStoredAsync(1));
    }

    [Fact]
    public async Task Run_ThatFailsForTheLastTime_EndsTheCall()
    {
        await using var jobs = new ScriptedJobs { Execute = (_, _) => Task.FromResult(ScriptedJobs.Answer(503, "a/m")) };

        await jobs.StartAsync(failures: 5);

        Assert.Equal(["Failed 503"], await jobs.UntilStoredAsync(1));
    }

    [Fact]
    public async Task Run_ThatTheLimiterHasNoRoomFor_IsPostponedUncountedAndClosesItsLaneForAMoment()
    {
        await using var jobs = new ScriptedJobs { Execute = (_, _) => Task.FromResult(ScriptedJobs.Answer(429, null, ("Retry-After", "9"))) };

        await jobs.StartAsync(failures: 2);

        Assert.Equal(["postponed by 9 s with 2 failures"], await jobs.UntilStoredAsync(1));
        var lane = new JobLane(Priority.Standard, "acme", "gpt-x");
        await ScriptedJobs.UntilAsync(() => jobs.LastSlots.Lanes!.Closed.Contains(lane));
        jobs.Time.Advance(TimeSpan.FromSeconds(5));
        await ScriptedJobs.UntilAsync(() => jobs.LastSlots.Lanes!.Closed.Count == 0);
    }

    [Fact]
    public async Task Run_ThatIsNotOverByItsDeadline_IsCutOffAndExpires()
    {
        await using var jobs = new ScriptedJobs { Execute = (_, cut) => HangAsync(cut) };
        await jobs.StartAsync(deadline: TimeSpan.FromMinutes(10));
        await ScriptedJobs.UntilAsync(() => jobs.Executed == 1);

        jobs.Time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.Empty(jobs.Stored);
        jobs.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(["Expired 0"], await jobs.UntilStoredAsync(1));
    }

    [Fact]
    public async Task Outcome_ThatTheDiskDoesNotTake_IsStoredOnceItDoes()
    {
        await using var jobs = new ScriptedJobs { StoreFailures = 7 };
        await jobs.StartAsync();

        for (var attempt = 1; attempt <= 7; attempt++)
        {
            await jobs.UntilStoredAsync(attempt);
            await Task.Delay(30);
            jobs.Time.Advance(TimeSpan.FromSeconds(attempt));
        }

        Assert.Equal([.. Enumerable.Repeat("not stored", 7), "Succeeded 200"], await jobs.UntilStoredAsync(8));
        Assert.Equal(1, jobs.Executed);
    }

    [Fact]
    public async Task Stop_LetsACallEndThatAProviderHas()
    {
        var answer = new TaskCompletionSource<CallResult>();
        await using var jobs = new ScriptedJobs { Execute = (_, _) => answer.Task };
        await jobs.StartAsync();
        await ScriptedJobs.UntilAsync(() => jobs.Executed == 1);

        await jobs.StoppingAsync();
        var stopping = jobs.StopAsync();
        Assert.False(stopping.IsCompleted);
        answer.SetResult(ScriptedJobs.Answer(200, "a/m"));
        await stopping;

        Assert.Equal(["Succeeded 200"], jobs.Stored);
    }

    [Fact]
    public async Task Stop_GivesUpACallThatWaitsAndStoresNothingOfIt()
    {
        await using var jobs = new ScriptedJobs { Execute = (stopWaiting, _) => HangAsync(stopWaiting) };
        await jobs.StartAsync();
        await ScriptedJobs.UntilAsync(() => jobs.Executed == 1);

        await jobs.StoppingAsync();
        await jobs.StopAsync();

        Assert.Empty(jobs.Stored);
    }

    private static async Task<CallResult> HangAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return ScriptedJobs.Answer(200, "a/m");
    }
}
