using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Server.Virtual.Reading;

/// <summary>Reads what goes wrong in a fleet file.</summary>
internal sealed class FaultsReader(GatewayConfiguration configuration, MistakeList mistakes)
{
    private const string OutsiderKind = "outsider";
    private const decimal MostMinutes = 7 * 24 * 60;
    private const long MostPerMinute = 1_000_000_000_000;

    private static readonly Dictionary<string, FaultKind> Kinds = new(StringComparer.Ordinal)
    {
        ["outage"] = FaultKind.Unavailable,
        ["overload"] = FaultKind.Overloaded,
        ["error"] = FaultKind.ServerError,
        ["reset"] = FaultKind.Reset,
        ["hang"] = FaultKind.Hang,
        ["limit"] = FaultKind.LimitChange,
        ["retry-after"] = FaultKind.RetryAfter,
    };

    private static readonly Dictionary<string, LimitDimension> Dimensions = new(StringComparer.Ordinal)
    {
        ["requests"] = LimitDimension.Requests,
        ["tokens"] = LimitDimension.Tokens,
        ["inputTokens"] = LimitDimension.InputTokens,
        ["outputTokens"] = LimitDimension.OutputTokens,
    };

    public (IReadOnlyList<FaultRule> Faults, IReadOnlyList<Outsider> Outsiders) Read(ObjectReader root, TimeSpan duration)
    {
        var faults = new List<FaultRule>();
        var outsiders = new List<Outsider>();
        foreach (var (path, element) in root.List("faults"))
        {
            if (ObjectReader.Open(element, path, WorkShapes.Fault, mistakes) is not { } reader)
            {
                continue;
            }

            var kind = reader.Text("kind", required: true);
            var after = Minutes(reader.Number("afterMinutes", 0, MostMinutes)) ?? TimeSpan.Zero;
            var span = Minutes(reader.Number("forMinutes", 0, MostMinutes, aboveLeast: true));
            var deployment = FleetReader.Deployment(reader, configuration, mistakes, required: kind == OutsiderKind);
            if (kind == OutsiderKind)
            {
                outsiders.Add(new Outsider(
                    deployment ?? string.Empty,
                    (double)(reader.Number("requestsPerMinute", 0, MostPerMinute) ?? 0),
                    (double)(reader.Number("tokensPerMinute", 0, MostPerMinute) ?? 0),
                    after,
                    span is { } length ? after + length : duration));
            }
            else if (kind is not null && Rule(reader, kind) is { } rule)
            {
                faults.Add(rule with { Deployment = deployment, After = after, For = span });
            }
        }

        return (faults, outsiders);
    }

    private FaultRule? Rule(ObjectReader reader, string name)
    {
        if (!Kinds.TryGetValue(name, out var kind))
        {
            mistakes.Add(reader.At("kind"), MistakeList.Quote(name), $"write one of {string.Join(", ", Kinds.Keys.Append(OutsiderKind))}");
            return null;
        }

        var perMinute = reader.Whole("perMinute", 1, MostPerMinute);
        if (kind == FaultKind.LimitChange && perMinute is null)
        {
            mistakes.Add(reader.At("perMinute"), MistakeList.Nothing, $"write {WorkShapes.Fault["perMinute"].Wanted}");
        }

        return new FaultRule(kind)
        {
            Chance = (double)(reader.Number("chance", 0, 1) ?? 1),
            Value = kind == FaultKind.LimitChange ? perMinute : (double?)reader.Number("retryAfterSeconds", 0, 24 * 3600),
            Dimension = Dimension(reader),
        };
    }

    private LimitDimension Dimension(ObjectReader reader)
    {
        var name = reader.Text("dimension");
        if (name is null || Dimensions.ContainsKey(name))
        {
            return name is null ? LimitDimension.Tokens : Dimensions[name];
        }

        mistakes.Add(reader.At("dimension"), MistakeList.Quote(name), $"write {WorkShapes.Fault["dimension"].Wanted}");
        return LimitDimension.Tokens;
    }

    private static TimeSpan? Minutes(decimal? minutes) => minutes is { } value ? TimeSpan.FromMinutes((double)value) : null;
}
