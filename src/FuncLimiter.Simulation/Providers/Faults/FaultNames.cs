using System.Globalization;

namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>The names of faults in JSON and in headers.</summary>
internal static class FaultNames
{
    private static readonly Dictionary<string, FaultKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["hang"] = FaultKind.Hang,
        ["reset"] = FaultKind.Reset,
        ["500"] = FaultKind.ServerError,
        ["503"] = FaultKind.Unavailable,
        ["529"] = FaultKind.Overloaded,
        ["garbage"] = FaultKind.Garbage,
        ["slow-stream"] = FaultKind.SlowStream,
        ["cut-stream"] = FaultKind.CutStream,
        ["limit"] = FaultKind.LimitChange,
        ["retry-after"] = FaultKind.RetryAfter,
    };

    /// <summary>All names, for messages.</summary>
    public static string All => string.Join(", ", Kinds.Keys);

    public static FaultKind? Parse(string name) => Kinds.TryGetValue(name, out var kind) ? kind : null;

    /// <summary>Reads <c>kind</c> or <c>kind=value</c>; null where it is neither, or a limit, which is not one call's affair.</summary>
    public static Fault? ParseHeader(string header)
    {
        var parts = header.Split('=', 2, StringSplitOptions.TrimEntries);
        return Parse(parts[0]) is { } kind and not FaultKind.LimitChange
            ? new Fault(kind, parts.Length == 2 && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var value) ? value : null)
            : null;
    }
}
