using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Server.Virtual;

/// <summary>What is to happen.</summary>
internal enum VirtualEventKind
{
    /// <summary>A group may have a call.</summary>
    Arrival,

    /// <summary>A provider's answer is there.</summary>
    Answer,

    /// <summary>A call that was told to wait asks again.</summary>
    Again,

    /// <summary>A refused call comes back when it was told to.</summary>
    Return,

    /// <summary>Somebody else uses a key.</summary>
    Outsider,
}

/// <summary>Something that is to happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">The group or the outsider.</param>
/// <param name="Call">The call.</param>
internal readonly record struct VirtualEvent(VirtualEventKind Kind, int Index, VirtualCall? Call);

/// <summary>What is to happen, by its time; at one instant in the order in which it was planned, so that a seed always plays out alike.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<VirtualEvent, (long Ticks, long Order)> _queue = new();
    private long _order;

    /// <summary>When the next thing happens; <see cref="Instant.Never"/> where nothing will.</summary>
    public Instant Next => _queue.TryPeek(out _, out var at) ? new Instant(at.Ticks) : Instant.Never;

    public void Add(Instant at, in VirtualEvent happening) => _queue.Enqueue(happening, (at.Ticks, _order++));

    public VirtualEvent Take() => _queue.Dequeue();
}
