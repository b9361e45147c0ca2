namespace FuncLimiter.Gateway.Configuration;

/// <summary>Bounds of the usage ledger.</summary>
public sealed record UsageConfiguration
{
    /// <summary>How long usage is kept by the hour and by run; default 30 days.</summary>
    public TimeSpan KeepHours { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long usage is kept by the day; not below <see cref="KeepHours"/>; default 400 days.</summary>
    public TimeSpan KeepDays { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How many rows by the hour the ledger holds; beyond them the oldest hours go first; default 2,000,000.</summary>
    public int MaxRows { get; init; } = 2_000_000;
}
