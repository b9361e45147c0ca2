using System.Text.Json;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.WhatIf.Virtual.Reading;

/// <summary>Reads a fleet file.</summary>
internal static class FleetReader
{
    private const int MostGroups = 10_000;
    private const decimal MostSeconds = 3600;

    /// <summary>The fleet of a text in UTF-8; null where there are mistakes.</summary>
    public static VirtualFleet? Read(byte[] json, GatewayConfiguration configuration, out IReadOnlyList<ConfigurationMistake> mistakes)
    {
        var list = new MistakeList();
        var fleet = WhatIfFile.Parse(json, (element, told) => Read(element, configuration, told), list);
        mistakes = list.All();
        return mistakes.Count == 0 ? fleet : null;
    }

    /// <summary>The fleet; of use only where no mistake was added.</summary>
    public static VirtualFleet? Read(JsonElement element, GatewayConfiguration configuration, MistakeList mistakes)
    {
        if (ObjectReader.Open(element, JsonPath.Root, WorkShapes.Fleet, mistakes) is not { } root)
        {
            return null;
        }

        _ = root.Text("$schema");
        var usual = new VirtualFleet { Groups = [] };
        var duration = TimeSpan.FromHours((double)(root.Number("hours", 0, (decimal)VirtualFleet.MostHours, aboveLeast: true) ?? 24));
        var (faults, outsiders) = new FaultsReader(configuration, mistakes).Read(root, duration);
        return usual with
        {
            Duration = duration,
            StartsAt = TimeSpan.FromHours((double)(root.Number("startHour", 0, 23) ?? 0)),
            Groups = Groups(root, new WorkReader(configuration, mistakes), mistakes),
            Latency = root.Inner("latency", WorkShapes.Latency) is { } latency ? LatencyOf(latency, usual.Latency) : usual.Latency,
            LatencyOf = Deployments(root, configuration, usual.Latency, mistakes),
            Faults = faults,
            Outsiders = outsiders,
        };
    }

    /// <summary>Reports a deployment that the configuration does not have.</summary>
    public static string? Deployment(ObjectReader reader, GatewayConfiguration configuration, MistakeList mistakes, bool required)
    {
        var name = reader.Text("deployment", required);
        var known = configuration.Accounts.SelectMany(account => account.Models.Select(model => $"{account.Id}/{model.Model}")).ToList();
        if (name is not null && !known.Contains(name))
        {
            mistakes.Add(reader.At("deployment"), $"{MistakeList.Quote(name)}, which is no deployment of the configuration", NearestName.Of(name, known) is { } nearest
                ? $"write \"{nearest}\""
                : $"write one of {string.Join(", ", known.Take(10))}");
        }

        return name;
    }

    private static List<WorkGroup> Groups(ObjectReader root, WorkReader work, MistakeList mistakes)
    {
        var groups = new List<WorkGroup>();
        var ids = new UniqueNames(mistakes, "another tenant");
        foreach (var (path, element) in root.List("tenants", required: true))
        {
            if (ObjectReader.Open(element, path, WorkShapes.Tenant, mistakes) is not { } tenant)
            {
                continue;
            }

            var id = work.Tenant(tenant);
            ids.Add(id, tenant.At("id"));
            var names = new UniqueNames(mistakes, "another group of this tenant");
            var index = 0;
            foreach (var (place, item) in tenant.List("groups", required: true))
            {
                if (ObjectReader.Open(item, place, WorkShapes.Group, mistakes) is { } reader)
                {
                    var group = work.Read(reader, id ?? string.Empty, index++, mayBeAgents: true);
                    names.Add(reader.Has("name") ? group.Name : null, reader.At("name"));
                    groups.Add(group);
                }
            }
        }

        if (groups.Count > MostGroups)
        {
            mistakes.Add(root.At("tenants"), $"{groups.Count} groups", $"write at most {MostGroups}: put agents that are alike into one");
        }

        return groups;
    }

    private static Dictionary<string, Latency> Deployments(ObjectReader root, GatewayConfiguration configuration, Latency usual, MistakeList mistakes)
    {
        var latencies = new Dictionary<string, Latency>(StringComparer.Ordinal);
        foreach (var (path, element) in root.List("deployments"))
        {
            if (ObjectReader.Open(element, path, WorkShapes.Deployment, mistakes) is { } reader
                && Deployment(reader, configuration, mistakes, required: true) is { } name)
            {
                latencies[name] = LatencyOf(reader, usual);
            }
        }

        return latencies;
    }

    internal static Latency LatencyOf(ObjectReader reader, Latency usual) => new(
        (double)(reader.Number("baseSeconds", 0, MostSeconds) ?? (decimal)usual.BaseSeconds),
        (double)(reader.Number("perOutputTokenMs", 0, MostSeconds) ?? (decimal)usual.PerOutputTokenMs));
}

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
