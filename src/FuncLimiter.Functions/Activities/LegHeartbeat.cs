using FuncLimiter.Functions.Storage;

namespace FuncLimiter.Functions.Activities;

/// <summary>Tells in a call's row that its runner lives, and tells the runner when its job is given up or its row is somebody else's.</summary>
internal sealed class LegHeartbeat : IDisposable
{
    private readonly JobTables _tables;
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _cut;
    private readonly ITimer _timer;
    private LegRow _row;
    private Task _beat = Task.CompletedTask;

    public LegHeartbeat(JobTables tables, LegRow row, TimeSpan every, TimeSpan lifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        (_tables, _row, _lifetime, _time) = (tables, row, lifetime, time);
        _cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _timer = time.CreateTimer(_ => Beat(), null, every, every);
    }

    /// <summary>Cut off: the process ends, the job was given up, or the row is somebody else's.</summary>
    public CancellationToken Token => _cut.Token;

    /// <summary>Whether the job was given up.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Stops; the row as it stands now.</summary>
    public async Task<LegRow> EndAsync()
    {
        await _timer.DisposeAsync();
        await _beat;
        return _row;
    }

    /// <summary>The job whose call it is.</summary>
    public string Job => _row.Row.Partition;

    /// <summary>The job was given up.</summary>
    public void GiveUp()
    {
        IsGivenUp = true;
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The leg has just ended.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _cut.Dispose();
    }

    private void Beat()
    {
        if (_beat.IsCompleted)
        {
            _beat = BeatAsync();
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            var next = _row.Alive(_time.GetUtcNow() + _lifetime);

            // Never cut off in the middle: a write that went through unseen would make the row look like somebody else's.
            if (await _tables.Jobs.ReplaceAsync(next.Row, CancellationToken.None) is not { } tag)
            {
                _cut.Cancel();
                return;
            }

            _row = next.Written(tag);
            var job = await _tables.Jobs.FindAsync(_row.Row.Partition, JobRows.Job, _cut.Token);
            if (job is null || job.IsTrue("Cancelled"))
            {
                GiveUp();
            }
        }
#pragma warning disable CA1031 // A beat that is missed is followed by another; three of them end the runner's claim by themselves.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
