using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Pacing;

/// <summary>All that is remembered of a call between two events; plain data, to be stored and replayed.</summary>
public sealed record PacingState
{
    /// <summary>A call before its submission.</summary>
    public static readonly PacingState New = new();

    /// <summary>Where the call is.</summary>
    public PacingPhase Phase { get; init; }

    /// <summary>How many deployments the route has.</summary>
    public int Places { get; init; }

    /// <summary>What jitter is drawn from.</summary>
    public ulong Seed { get; init; }

    /// <summary>The latest instant at which an attempt may begin.</summary>
    public Instant Deadline { get; init; }

    /// <summary>How often a provider was called.</summary>
    public int Attempts { get; init; }

    /// <summary>How often of these it was overloaded.</summary>
    public int Overloads { get; init; }

    /// <summary>How often the call had to wait.</summary>
    public int Waits { get; init; }

    /// <summary>The last delay without a hint.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The end of the wait, while waiting.</summary>
    public Instant WakeAt { get; init; }

    /// <summary>The budget that the call last waited for; empty before.</summary>
    public string Budget { get; init; } = "";

    /// <summary>The place of the deployment last admitted to; -1 before.</summary>
    public int Place { get; init; } = -1;

    /// <summary>That deployment.</summary>
    public string Deployment { get; init; } = "";

    /// <summary>Deployments closed to this call for good, bit i for place i.</summary>
    public ulong Closed { get; init; }

    /// <summary>Deployments that failed and must be left alone for a while; at most one entry a place.</summary>
    public IReadOnlyList<RestingDeployment> Resting { get; init; } = [];

    /// <summary>The last event taken, by which its repetition is known.</summary>
    public PacingEvent? LastEvent { get; init; }

    /// <summary>Deployments that the call may not use now, bit i for place i.</summary>
    [JsonIgnore]
    public ulong Excluded => Resting.Aggregate(Closed, (places, resting) => places | 1UL << resting.Place);

    /// <summary>
    /// Whether the call waits for nothing but the limiter's room. The limiter said when that will be there by what it knew then, and may be
    /// asked again before.
    /// </summary>
    [JsonIgnore]
    public bool WaitsForRoom => Phase == PacingPhase.Waiting && Resting.Count == 0 && LastEvent is PacingEvent.ToldToWait;

    /// <summary>Whether any deployment is left that is neither closed nor resting.</summary>
    [JsonIgnore]
    internal bool HasOthers => (~Excluded & (ulong.MaxValue >> (64 - Places))) != 0;

    /// <summary>When the first of the resting deployments may be called again; <see cref="Instant.Never"/> where none rests.</summary>
    [JsonIgnore]
    internal Instant FirstRested => Resting.Count == 0 ? Instant.Never : Resting.Min(resting => resting.Until);
}

/// <summary>A deployment that failed this call and must be left alone.</summary>
/// <param name="Place">Its place in the route.</param>
/// <param name="Deployment">The deployment.</param>
/// <param name="Until">The end of its rest.</param>
public sealed record RestingDeployment(int Place, string Deployment, Instant Until);

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

    /// <summary>Over: delivered or refused.</summary>
    Ended,
}
