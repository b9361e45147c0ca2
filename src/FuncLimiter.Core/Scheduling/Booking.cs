using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Where a booking stands.</summary>
internal enum BookingState
{
    /// <summary>Its time has not come.</summary>
    Ahead,

    /// <summary>Its place stands in the queue, at the head of its user's calls.</summary>
    Queued,

    /// <summary>Room is held for it until its caller is here.</summary>
    Held,

    /// <summary>Its caller came, or did not come in time.</summary>
    Over,
}

/// <summary>The place kept for a refused caller at the time it was told.</summary>
internal sealed class Booking
{
    /// <summary>What stands in the queue in the caller's stead.</summary>
    public required Call Place { get; init; }

    /// <summary>When its turn comes, as foreseen.</summary>
    public required Instant At { get; init; }

    /// <summary>The time told, not before <see cref="At"/>.</summary>
    public required Instant Told { get; init; }

    /// <summary>Whose it is.</summary>
    public required TenantLine Line { get; init; }

    public BookingState State { get; set; }

    /// <summary>When room was taken for it.</summary>
    public Instant HeldAt { get; set; }

    /// <summary>What is held for it of the deployment's budgets, from <see cref="HeldAt"/> on.</summary>
    public Charge Held { get; set; }
}
