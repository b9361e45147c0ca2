using System.Globalization;
using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>When something goes wrong.</summary>
/// <param name="Kind">What goes wrong.</param>
public sealed record FaultRule(FaultKind Kind)
{
    /// <summary>The deployment's name in reports; null means every deployment.</summary>
    public string? Deployment { get; init; }

    /// <summary>When it begins, counted from when the rule is given.</summary>
    public TimeSpan After { get; init; }

    /// <summary>How long it lasts; null means to the end.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Every how many calls it strikes; default 1, each one.</summary>
    public int Every { get; init; } = 1;

    /// <summary>The chance that it strikes, 0 to 1, drawn from the double's seed; default 1.</summary>
    public double Chance { get; init; } = 1;

    /// <summary>How often it strikes at most; null means without end.</summary>
    public int? Count { get; init; }

    /// <summary>How much, see <see cref="FaultKind"/>.</summary>
    public double? Value { get; init; }

    /// <summary>For <see cref="FaultKind.LimitChange"/>: whose limit.</summary>
    public LimitDimension Dimension { get; init; } = LimitDimension.Tokens;
}

/// <summary>What goes wrong. In brackets the name in JSON and in the header <c>x-double-fault</c>, and what its value means.</summary>
public enum FaultKind
{
    /// <summary>Takes the call and never answers (<c>hang</c>).</summary>
    Hang,

    /// <summary>Takes the call and breaks the connection (<c>reset</c>).</summary>
    Reset,

    /// <summary>Takes the call and answers 500 (<c>500</c>).</summary>
    ServerError,

    /// <summary>Sheds the call with 503 before it is charged (<c>503</c>).</summary>
    Unavailable,

    /// <summary>Sheds the call with 529 before it is charged (<c>529</c>).</summary>
    Overloaded,

    /// <summary>Takes the call and answers 200 with a body that is no JSON (<c>garbage</c>).</summary>
    Garbage,

    /// <summary>Takes the call and waits before each chunk or body (<c>slow-stream</c>; milliseconds, default 200).</summary>
    SlowStream,

    /// <summary>Takes the call and breaks the connection in the middle (<c>cut-stream</c>; after how many tokens, default half).</summary>
    CutStream,

    /// <summary>Changes a limit without a word (<c>limit</c>; the new amount per minute of <see cref="FaultRule.Dimension"/>).</summary>
    LimitChange,

    /// <summary>Refuses every call for a while, saying when to come back (<c>retry-after</c>; seconds, default 1).</summary>
    RetryAfter,
}

/// <summary>What is to go wrong with one call.</summary>
/// <param name="Kind">What.</param>
/// <param name="Value">How much, where the kind has a measure.</param>
internal readonly record struct Fault(FaultKind Kind, double? Value)
{
    /// <summary>Whether the call is turned away before it reaches the limits.</summary>
    public bool IsShed => Kind is FaultKind.Unavailable or FaultKind.Overloaded;
}

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

/// <summary>
/// Reads <c>{"clear":true,"rules":[{"kind":"500","deployment":"a","afterSeconds":0,"forSeconds":10,"every":2,"chance":1,"count":5,
/// "value":1,"dimension":"tokens"}]}</c>; all but <c>kind</c> may be left out.
/// </summary>
internal static class FaultRuleReader
{
    /// <exception cref="FormatException">Something in it is not what it should be.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static (IReadOnlyList<FaultRule> Rules, bool Clear) Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Give an object with 'rules', 'clear' or both.");
        }

        var clear = root.TryGetProperty("clear", out var flag) && flag.ValueKind == JsonValueKind.True;
        return (root.TryGetProperty("rules", out var rules) ? [.. rules.EnumerateArray().Select(ReadRule)] : [], clear);
    }

    private static FaultRule ReadRule(JsonElement rule)
    {
        var name = rule.TryGetProperty("kind", out var given) ? given.ToString() : "";
        var kind = FaultNames.Parse(name) ?? throw new FormatException($"'kind' must be one of {FaultNames.All}, not '{name}'.");
        var dimension = rule.TryGetProperty("dimension", out var text) ? text.ToString() : nameof(LimitDimension.Tokens);
        if (!Enum.TryParse<LimitDimension>(dimension, ignoreCase: true, out var parsed))
        {
            var names = string.Join(", ", Enum.GetNames<LimitDimension>());
            throw new FormatException($"'dimension' must be one of {names}, not '{dimension}'.");
        }

        return new FaultRule(kind)
        {
            Deployment = rule.TryGetProperty("deployment", out var deployment) ? deployment.GetString() : null,
            After = TimeSpan.FromSeconds(Number(rule, "afterSeconds") ?? 0),
            For = Number(rule, "forSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Every = (int)(Number(rule, "every") ?? 1),
            Chance = Number(rule, "chance") ?? 1,
            Count = (int?)Number(rule, "count"),
            Value = Number(rule, "value"),
            Dimension = parsed,
        };
    }

    private static double? Number(JsonElement rule, string name)
    {
        if (!rule.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.GetDouble() >= 0
            ? value.GetDouble()
            : throw new FormatException($"'{name}' must be a number, 0 or more.");
    }
}
