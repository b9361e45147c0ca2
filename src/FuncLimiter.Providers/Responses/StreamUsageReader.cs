using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Finds the usage in a stream of server-sent events while its bytes are passed on untouched.</summary>
public abstract class StreamUsageReader
{
    /// <summary>The latest usage seen; null before the first.</summary>
    public abstract TokenUsage? Usage { get; }

    /// <summary>What the provider says that the call cost, in US dollars; null where it says nothing.</summary>
    public abstract decimal? CostUsd { get; }

    /// <summary>True once the usage seen is the call's last word.</summary>
    public abstract bool IsFinal { get; }

    /// <summary>A failure that arrived inside the stream after a 200; null where there was none.</summary>
    public abstract ResponseReading? Failure { get; }

    /// <summary>True once something of the answer itself went by, and not its opening alone; also where an event is of no known kind.</summary>
    public abstract bool HasContent { get; }

    /// <summary>True while a stream of a known kind has not come to the event that ends it.</summary>
    public abstract bool LacksEnd { get; }

    /// <summary>Takes the next bytes, cut anywhere.</summary>
    public abstract void Append(ReadOnlySpan<byte> chunk);
}
