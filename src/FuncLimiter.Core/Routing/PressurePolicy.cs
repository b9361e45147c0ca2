namespace FuncLimiter.Core.Routing;

/// <summary>When a route counts as under pressure, so that what may be diverted is.</summary>
public sealed record PressurePolicy
{
    /// <summary>The share of the target with the most headroom that is in use from which on it begins, 0 to 1; default 0.9.</summary>
    public double BeginsAt { get; init; } = 0.9;

    /// <summary>Below this share it may end, 0 to <see cref="BeginsAt"/>; default 0.8.</summary>
    public double EndsBelow { get; init; } = 0.8;

    /// <summary>How long the share must stay below before it ends; default 10 seconds.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(10);
}
