using FuncLimiter.Functions.Storage;

namespace FuncLimiter.Functions.Tests.Storage;

public class OpenedOnceTests
{
    [Fact]
    public async Task Get_WhenOpen_OpensNothingMore()
    {
        var times = 0;
        var table = new OpenedOnce<int>(() => Task.FromResult(++times));

        Assert.Equal((1, 1), (await table.GetAsync(), await table.GetAsync()));
    }

    [Fact]
    public async Task Get_WhileOpening_WaitsForTheOneOpening()
    {
        var (times, opening) = (0, new TaskCompletionSource<int>());
        var table = new OpenedOnce<int>(() =>
        {
            times++;
            return opening.Task;
        });

        var (first, second) = (table.GetAsync(), table.GetAsync());
        opening.SetResult(7);

        Assert.Equal((7, 7, 1), (await first, await second, times));
    }

    [Fact]
    public async Task Get_AfterOpeningFailed_OpensAnew()
    {
        var times = 0;
        var table = new OpenedOnce<int>(() => ++times == 1 ? Task.FromException<int>(new IOException("away")) : Task.FromResult(times));

        await Assert.ThrowsAsync<IOException>(table.GetAsync);

        Assert.Equal(2, await table.GetAsync());
    }
}
