namespace FuncLimiter.Core.Pacing;

/// <summary>When a call that may wait is handed to a provider's batch service, which has limits of its own and costs half.</summary>
public sealed record BatchPolicy
{
    /// <summary>Whether at all; default no.</summary>
    public bool Enabled { get; init; }

    /// <summary>How far the deadline must be; default 24 hours, the completion window of the providers' batch services.</summary>
    public TimeSpan MinSlack { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The share of the tightest budget in use from which on calls are handed over, 0 to 1; default 0.9.</summary>
    public double FromPressure { get; init; } = 0.9;
}
