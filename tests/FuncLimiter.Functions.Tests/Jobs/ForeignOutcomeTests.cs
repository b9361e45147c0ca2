using System.Reflection;
using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using NSubstitute;

namespace FuncLimiter.Functions.Tests.Jobs;

/// <summary>
/// While a partition changes hands, two hosts run one orchestration and number their activities alike: an orchestrator may be handed what the
/// other one asked for.
/// </summary>
public class ForeignOutcomeTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    /// <summary>Every activity's input and outcome; a new activity is added here.</summary>
    private static readonly Dictionary<string, (JobInput Asked, JobInput Foreign, Outcome Outcome)> Activities = new()
    {
        [nameof(RunLeg)] = (new LegInput("job", 1, 2), new LegInput("job", 1, 3), new LegOutcome(1, null, 3, At)),
        [nameof(EndJob)] = (new EndJobInput("job", new JobTally(1)), new EndJobInput("another", new JobTally(1)), new JobReceivers(true, true)),
        [nameof(SendReply)] = (new JobInput("job"), new JobInput("another"), new YesOrNo(true)),
        [nameof(SendWebhook)] = (new WebhookInput("job", 1), new WebhookInput("job", 2), new WebhookStep((TimeSpan?)null)),
        [nameof(BatchActivities.SubmitBatch)] = (new JobInput("job"), new JobInput("another"), new YesOrNo(true)),
        [nameof(BatchActivities.FollowBatch)] = (new JobInput("job"), new JobInput("another"), new YesOrNo(true)),
        [nameof(BatchActivities.FetchBatch)] = (new JobInput("job"), new JobInput("another"), new BatchAnswers(3)),
        [nameof(BatchActivities.CancelBatch)] = (new JobInput("job"), new JobInput("another"), new YesOrNo(true)),
    };

    public static TheoryData<string> Names => [.. Activities.Keys];

    [Fact]
    public void EveryActivity_IsAskedWithAQuestionAndAnswersOne()
    {
        var activities = FunctionTable.All.Values.Where(method => FunctionTable.Trigger<ActivityTriggerAttribute>(method) is not null).ToArray();

        Assert.Equal(Activities.Keys.Order(), activities.Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name).Order());
        Assert.All(activities, method =>
        {
            Assert.True(method.ReturnType.GetGenericArguments().Single().IsSubclassOf(typeof(Outcome)), method.Name);
            Assert.True(method.GetParameters()[0].ParameterType.IsAssignableTo(typeof(JobInput)), method.Name);
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Outcome_OfAnotherQuestion_IsNotTaken(string activity)
    {
        var (asked, foreign, outcome) = Activities[activity];
        Outcome?[] handed =
        [
            null,
            outcome with { Question = foreign.Question(activity) },
            outcome with { Question = asked.Question("Another") },
            outcome with { Question = asked.Question(activity) },
        ];

        var (taken, times) = await (Task<(Outcome, int)>)typeof(ForeignOutcomeTests).GetMethod(nameof(AskAsync), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(outcome.GetType()).Invoke(null, [activity, asked, handed])!;

        Assert.Equal(handed.Length, times);
        Assert.Equal(handed[^1], taken);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Outcome_CrossesProcessesWithItsQuestion(string activity)
    {
        var (asked, foreign, outcome) = Activities[activity];

        var read = (Outcome)Wire.Read(Wire.Write(outcome with { Question = asked.Question(activity) }), outcome.GetType())!;

        Assert.Equal(outcome with { Question = asked.Question(activity) }, read);
        Assert.True(read.Answers(asked, activity));
        Assert.False(read.Answers(foreign, activity));
    }

    [Fact]
    public void Outcomes_ThatAnOlderVersionWrote_AreTakenWhereTheyStand()
    {
        Assert.True(Wire.Read<YesOrNo>("true")!.IsTrue);
        Assert.False(Wire.Read<YesOrNo>("false")!.IsTrue);
        Assert.Equal(4, Wire.Read<BatchAnswers>("""{"Succeeded":4,"Failed":0,"Cancelled":0,"Expired":0}""")!.Succeeded);
        var leg = Wire.Read<LegOutcome>("""{"Index":2,"Ended":1,"Leg":0,"WakeAt":"0001-01-01T00:00:00+00:00"}""")!;
        Assert.True(leg.Answers(new LegInput("job", 2, 0), nameof(RunLeg)));
        Assert.False(leg.Answers(new LegInput("job", 1, 0), nameof(RunLeg)));
    }

    [Fact]
    public async Task Outcome_OfAnotherCallUnderTheSameNumber_EndsNoCallThatWasNotRun()
    {
        List<int> asked = [];
        EndJobInput? ended = null;
        var context = Substitute.For<TaskOrchestrationContext>();
        context.CurrentUtcDateTime.Returns(At.UtcDateTime);
        context.WaitForExternalEvent<bool>(default!, default(CancellationToken)).ReturnsForAnyArgs(new TaskCompletionSource<bool>().Task);
        context.CallActivityAsync<LegOutcome?>(default, default(object), default).ReturnsForAnyArgs(call =>
        {
            var input = (LegInput)call[1];
            asked.Add(input.Index);
            var index = asked.Count == 2 ? 2 : input.Index;
            return Task.FromResult<LegOutcome?>(new LegOutcome(index, JobItemState.Succeeded, 0, default));
        });
        context.CallActivityAsync<JobReceivers?>(default, default(object), default).ReturnsForAnyArgs(call =>
        {
            ended = (EndJobInput)call[1];
            return Task.FromResult<JobReceivers?>(new JobReceivers(false, false));
        });

        await new BatchRound(context, new JobTicket { Job = "job", Total = 3 }).RunAsync();

        Assert.Equal(3, ended!.Ended.Succeeded);
        Assert.Equal(2, asked.Count(index => index == 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Jobs_WhoseOrchestrationsTwoHostsRunAtOnce_LoseNoCallAndShowNoProgressTwice(int seed)
    {
        var options = new HubOptions { Seed = seed, Workers = 2, TwoAtOnce = 0.7, Delay = TimeSpan.FromSeconds(1) };
        var world = AppWorld.Run(
            async world =>
            {
                world.Provider.Waits = key => key.EndsWith('3') ? [TimeSpan.FromMinutes(1)] : [];
                world.Provider.Status = key => key.EndsWith('5') ? 400 : 200;
                var jobs = world.Get<JobService>();
                var accepted = await jobs.AcceptAsync("acme", JobRequests.List(150) with { Reply = new JobReply("results", "c-1") }, CancellationToken.None);
                var seen = new JobProgress(150, 0, 0, 0, 0, 0);
                JobSnapshot? job = null;
                while (job?.EndedAt is null)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(700), world.Time);
                    job = await jobs.FindAsync("acme", accepted.Id!, JobPage.First, CancellationToken.None);
                    Assert.True(job!.Progress.Succeeded >= seen.Succeeded && job.Progress.Failed >= seen.Failed, $"{job.Progress} after {seen}");
                    seen = job.Progress;
                }

                Assert.Equal((135, 15), (job.Progress.Succeeded, job.Progress.Failed));
                Assert.All(job.Items, item => Assert.NotNull(item.Result));
                await world.EndOfAsync(accepted.Id!);
            },
            options);

        Assert.Equal(150, world.Provider.Calls.Distinct().Count());
        Assert.Single(world.Replies.Select(sent => sent.Reply.Id).Distinct());
    }

    private static async Task<(Outcome Taken, int Times)> AskAsync<T>(string activity, JobInput input, Outcome?[] handed)
        where T : Outcome
    {
        var times = 0;
        var context = Substitute.For<TaskOrchestrationContext>();
        context.CurrentUtcDateTime.Returns(At.UtcDateTime);
        context.CallActivityAsync<T?>(default, default(object), default).ReturnsForAnyArgs(_ => Task.FromResult((T?)handed[times++]));
        return (await Steps.CallAsync<T>(context, activity, input), times);
    }
}
