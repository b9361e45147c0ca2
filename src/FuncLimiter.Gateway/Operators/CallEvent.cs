using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Operators;

/// <summary>One thing that happened to one call.</summary>
/// <param name="Kind">What.</param>
/// <param name="Tenant">Whose call.</param>
/// <param name="User">Of which user, or null.</param>
/// <param name="Priority">Of which class.</param>
/// <param name="Route">The name asked for.</param>
public sealed record CallEvent(CallEventKind Kind, string Tenant, string? User, Priority Priority, string Route)
{
    /// <summary>Its place in the feed, from 1; later ones have larger numbers.</summary>
    public long Number { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The deployment as <c>account/model</c>, where one serves it.</summary>
    public string? Deployment { get; init; }

    /// <summary>How long the call has waited.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Why, for people; null where there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The tokens used, once settled.</summary>
    public long? Tokens { get; init; }
}
