using FuncLimiter.Server.Hosting;

namespace FuncLimiter.Server.Tests.Durability;

public class IdleCollectionTests
{
    private const long Megabyte = 1024 * 1024;

    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Memory_IsGivenBackOnceItIsCalmAfterLoad_AndAgainAsPoolsLetGo()
    {
        var calm = new CalmWatch();

        // Half a minute of load, then nothing but a pulse.
        var collected = Looks(calm, second => second <= 30 ? second * 10 * Megabyte : (300 * Megabyte) + (second * 1000), seconds: 600);

        Assert.Equal([40, 110, 180, 250, 320], collected);
    }

    [Fact]
    public void Memory_OfAProcessThatIsBusy_IsLeftToTheRuntime() =>
        Assert.Empty(Looks(new CalmWatch(), second => second * 2 * Megabyte, seconds: 600));

    [Fact]
    public void Memory_OfAProcessThatHardlyDidAnything_IsLeftAlone() =>
        Assert.Empty(Looks(new CalmWatch(), second => Math.Min(second, 60) * Megabyte / 2, seconds: 600));

    [Fact]
    public void Memory_IsGivenBackAgainAfterTheNextLoad()
    {
        var calm = new CalmWatch();

        var collected = Looks(calm, second => (Math.Min(second, 20) + Math.Clamp(second - 300, 0, 20)) * 10 * Megabyte, seconds: 600);

        Assert.Equal([30, 100, 170, 240, 330, 400, 470, 540], collected);
    }

    private static List<int> Looks(CalmWatch calm, Func<int, long> allocated, int seconds)
    {
        var collected = new List<int>();
        for (var second = 10; second <= seconds; second += 10)
        {
            if (calm.IsTimeToCollect(Start.AddSeconds(second), allocated(second)))
            {
                collected.Add(second);
            }
        }

        return collected;
    }
}
