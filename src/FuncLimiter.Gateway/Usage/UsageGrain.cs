namespace FuncLimiter.Gateway.Usage;

/// <summary>The spans of time by which usage is summed up and kept.</summary>
public enum UsageGrain
{
    /// <summary>Hours, with every label.</summary>
    Hour,

    /// <summary>Days in UTC, without runs.</summary>
    Day,
}

/// <summary>The arithmetic of grains.</summary>
public static class UsageGrains
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<UsageGrain> All { get; } = [UsageGrain.Hour, UsageGrain.Day];

    /// <summary>How long one is.</summary>
    public static TimeSpan Length(this UsageGrain grain) => grain == UsageGrain.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    /// <summary>The beginning of the one that an instant is in.</summary>
    public static DateTimeOffset Floor(this UsageGrain grain, DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % grain.Length().Ticks), TimeSpan.Zero);

    /// <summary>The first beginning that is not before an instant.</summary>
    public static DateTimeOffset Ceiling(this UsageGrain grain, DateTimeOffset at) => grain.Floor(at) is var floor && floor.UtcTicks == at.UtcTicks ? floor : floor + grain.Length();
}
