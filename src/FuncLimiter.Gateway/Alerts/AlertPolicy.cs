namespace FuncLimiter.Gateway.Alerts;

/// <summary>When alerts begin and end.</summary>
internal sealed record AlertPolicy
{
    /// <summary>The share in use from which on operators are warned.</summary>
    public double WarnAt { get; init; } = 0.8;

    /// <summary>The share in use from which on the limiter acts.</summary>
    public double ActAt { get; init; } = 0.9;

    /// <summary>How long the share must stay there before a level begins.</summary>
    public TimeSpan Sustained { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How far below its threshold the share must fall before a level may end.</summary>
    public double Gap { get; init; } = 0.05;

    /// <summary>How long it must stay there.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(15);
}
