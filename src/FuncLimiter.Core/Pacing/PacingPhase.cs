namespace FuncLimiter.Core.Pacing;

/// <summary>Where a call is in its life, named by what it waits for.</summary>
public enum PacingPhase
{
    /// <summary>Not submitted yet.</summary>
    New,

    /// <summary>The limiter was asked.</summary>
    Admitting,

    /// <summary>A timer is set; nothing is held.</summary>
    Waiting,

    /// <summary>A provider is being called; a reservation is held.</summary>
    Calling,

    /// <summary>The reservation is being settled.</summary>
    Settling,

    /// <summary>A provider's batch service has the call.</summary>
    Batching,

    /// <summary>The limiter or the batch service was asked to forget the call.</summary>
    Withdrawing,

    /// <summary>Over: delivered, refused or cancelled.</summary>
    Ended,
}
