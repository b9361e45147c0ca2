using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Jobs;

/// <summary>Results are forgotten when they have been kept long enough, in small bites.</summary>
public sealed class RetentionTests : IJobStore
{
    private readonly VirtualTime _time = new();
    private readonly List<DateTimeOffset> _asked = [];
    private int _bites;
    private bool _fails;

    [Fact]
    public async Task Sweep_ForgetsWhatEndedBeforeTheSpanAtTheStartAndEveryFiveMinutes()
    {
        using var sweeper = Sweeper();
        var start = _time.GetUtcNow();

        await sweeper.StartAsync(CancellationToken.None);
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromMinutes(5));
        await AskedAsync(2);
        await sweeper.StopAsync(CancellationToken.None);

        Assert.Equal([start.AddHours(-1), start.AddMinutes(-55)], _asked);
    }

    [Fact]
    public async Task Sweep_WhileThereIsMore_GoesOnAtOnce()
    {
        _bites = 3;
        using var sweeper = Sweeper();

        await sweeper.StartAsync(CancellationToken.None);
        await AskedAsync(4);
        await sweeper.StopAsync(CancellationToken.None);

        Assert.Equal(4, _asked.Count);
    }

    [Fact]
    public async Task Sweep_ThatFails_IsTriedAgainTheNextTime()
    {
        _fails = true;
        using var sweeper = Sweeper();

        await sweeper.StartAsync(CancellationToken.None);
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromMinutes(5));
        await AskedAsync(2);
        await sweeper.StopAsync(CancellationToken.None);
    }

    Task<int> IJobStore.SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken)
    {
        lock (_asked)
        {
            _asked.Add(endedBefore);
        }

        return _fails ? Task.FromException<int>(new IOException("The disk is gone.")) : Task.FromResult(_bites-- > 0 ? most : 0);
    }

    Task<JobAddition> IJobStore.AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> IJobStore.CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<JobSnapshot?> IJobStore.FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) => throw new NotSupportedException();

    private JobSweeper Sweeper()
    {
        var configuration = Samples.Open(new Uri("http://127.0.0.1:1")) with { Jobs = new JobConfiguration { KeepResults = TimeSpan.FromHours(1) } };
        return new JobSweeper(this, configuration, _time, NullLogger<JobSweeper>.Instance);
    }

    // The sweeper's timer is set a moment after it has asked.
    private async Task AskedAsync(int times)
    {
        await ScriptedJobs.UntilAsync(() =>
        {
            lock (_asked)
            {
                return _asked.Count >= times;
            }
        });
        await Task.Delay(50);
    }
}
