using System.Threading.Channels;
using FuncLimiter.Gateway.Calls;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>Keeps the records of ended calls until one writer takes them, so that no call waits for storage. What finds no room is counted as lost.</summary>
internal sealed class UsageQueue
{
    private const int MostWaiting = 65_536;
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(3);

    private readonly Channel<UsageRecord> _waiting =
        Channel.CreateBounded<UsageRecord>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private long _lost;
    private long _told;

    /// <summary>What waits for the writer.</summary>
    public ChannelReader<UsageRecord> Waiting => _waiting.Reader;

    /// <summary>How many records were lost since the start: too many waited, or storage refused them.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>How many of them nobody was told of; for the writer, which says what it has told.</summary>
    public long Untold => Lost - _told;

    /// <summary>Takes a record, or loses it; never waits.</summary>
    public void Add(UsageRecord record)
    {
        if (!_waiting.Writer.TryWrite(record))
        {
            Lose(1);
        }
    }

    /// <summary>Counts records that the writer took and could not keep.</summary>
    public void Lose(int count) => Interlocked.Add(ref _lost, count);

    /// <summary>Counts lost records that somebody was told of.</summary>
    public void Tell(long count) => _told += count;

    /// <summary>Tells in the log how many were lost, where more were since it was last told.</summary>
    public void TellLost(ILogger logger)
    {
        if (Untold is > 0 and var lost)
        {
            logger.LogWarning("{Count} entries of the usage ledger were lost since the start.", Lost);
            Tell(lost);
        }
    }

    /// <summary>Takes no more, and gives the writer three seconds for what waits, however little patience the host has left.</summary>
    public async Task EndAsync(Task? writing, TimeProvider time)
    {
        _waiting.Writer.TryComplete();
        await (writing ?? Task.CompletedTask).WaitAsync(LongestEnd, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
