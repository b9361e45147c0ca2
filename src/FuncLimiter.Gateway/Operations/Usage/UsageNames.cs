using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>The names that reports of usage use.</summary>
internal static class UsageNames
{
    /// <summary>The channel of calls that a provider's batch service answered.</summary>
    public const string Batch = "batch";

    /// <summary>The channel of all others.</summary>
    public const string Live = "live";

    private static readonly string[] Dimensions = [.. Enum.GetNames<UsageDimension>().Select(name => name.ToLowerInvariant())];
    private static readonly string[] Priorities = [.. Enum.GetNames<Priority>().Select(name => name.ToLowerInvariant())];

    /// <summary>All dimensions' names, in order.</summary>
    public static IReadOnlyList<string> All => Dimensions;

    /// <summary>A dimension's name.</summary>
    public static string Of(UsageDimension dimension) => Dimensions[(int)dimension];

    /// <summary>A priority's name.</summary>
    public static string Of(Priority priority) => Priorities[(int)priority];

    /// <summary>A channel's name.</summary>
    public static string Channel(bool isBatch) => isBatch ? Batch : Live;

    /// <summary>The dimension of a name; null where there is none.</summary>
    public static UsageDimension? Find(string name) => Array.IndexOf(Dimensions, name) is >= 0 and var place ? (UsageDimension)place : null;
}
