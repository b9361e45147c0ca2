using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Gateway.Tests.Jobs;

public class JobSlotsTests
{
    private static readonly JobLane Lane = new(Priority.Standard, "acme", "gpt-x");

    [Fact]
    public void Of_KeepsTheFloorsOfLowerClasses()
    {
        var slots = JobSlots.Of(100, new QueueConfiguration(), interactive: 10, standard: 4, background: 0);

        Assert.Equal(new JobSlots(86, 6, 5), slots);
        Assert.Equal((75, 81, 86), (slots.Most(Priority.Interactive, 0), slots.Most(Priority.Standard, 0), slots.Most(Priority.Background, 0)));
        Assert.Equal(0, slots.Most(Priority.Interactive, 80));
    }

    [Theory]
    [InlineData(0, 90, true)]
    [InlineData(59, 30, true)]
    [InlineData(60, 30, false)]
    [InlineData(2, 1, false)]
    [InlineData(0, 1, true)]
    [InlineData(0, 0, false)]
    public void HasRoom_WhileALaneHoldsLessThanTwiceWhatIsFree(int held, int free, bool has) =>
        Assert.Equal(has, (new JobSlots(free, 0, 0) { Lanes = new(new Dictionary<JobLane, int> { [Lane] = held }, new HashSet<JobLane>()) }).HasRoom(Lane, 0, 0));

    [Fact]
    public void HasRoom_HoweverManyLanesAreStuck_LeavesTheNextOneASlot()
    {
        var held = new Dictionary<JobLane, int>();
        var free = 256;
        for (var lane = 0; lane < 5; lane++)
        {
            var name = Lane with { Name = $"m{lane}" };
            var slots = new JobSlots(free, 0, 0) { Lanes = new(held, new HashSet<JobLane>()) };
            var taken = 0;
            while (slots.HasRoom(name, taken, taken))
            {
                taken++;
            }

            Assert.True(taken > 0);
            (held, free) = (new Dictionary<JobLane, int>(held) { [name] = taken }, free - taken);
        }
    }

    [Fact]
    public void HasRoom_OfAClosedLane_HasNone() =>
        Assert.False((new JobSlots(9, 0, 0) { Lanes = new(new Dictionary<JobLane, int>(), new HashSet<JobLane> { Lane }) }).HasRoom(Lane, 0, 0));
}
