using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;
using FuncLimiter.WhatIf.Virtual;
using FuncLimiter.WhatIf.Virtual.Reading;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>Reads a volumes file.</summary>
internal static class VolumesReader
{
    private static readonly Shape Root = new(
        "the volumes",
        new Member("$schema", "the address of the schema as a text"),
        new Member("configuration", "an object as in funclimiter.json, with accounts and routes, or give --config"),
        new Member("burstiness", "a number from 0.1 to 100: the variance of calls a minute over that of calls at random"),
        new Member("latency", "an object with baseSeconds and perOutputTokenMs"),
        new Member("teams", "a list of at least one team with work"));

    private static readonly Shape Team = new(
        "a team",
        new Member("id", "the tenant's id"),
        new Member("weight", "a number above 0, its share against other teams"),
        new Member("work", "a list of at least one kind of calls"));

    private static readonly Shape Work = new("work", WorkShapes.Common);

    /// <summary>The volumes of a text in UTF-8; null where there are mistakes.</summary>
    /// <param name="configuration">The configuration given beside it; null where the text must hold one.</param>
    public static Volumes? Read(byte[] json, GatewayConfiguration? configuration, out IReadOnlyList<ConfigurationMistake> mistakes)
    {
        var list = new MistakeList();
        var volumes = WhatIfFile.Parse(json, (element, told) => Read(element, configuration, told), list);
        mistakes = list.All();
        return mistakes.Count == 0 ? volumes : null;
    }

    /// <summary>The volumes; of use only where no mistake was added.</summary>
    public static Volumes? Read(JsonElement element, GatewayConfiguration? configuration, MistakeList mistakes)
    {
        if (ObjectReader.Open(element, JsonPath.Root, Root, mistakes) is not { } root)
        {
            return null;
        }

        _ = root.Text("$schema");
        if (Configuration(element, root, configuration, mistakes) is not { } limits)
        {
            return null;
        }

        var (work, weights) = Teams(root, new WorkReader(limits, mistakes), mistakes);
        var usual = new Volumes(limits, []);
        return new Volumes(Volumes.WithWeights(limits, weights), work)
        {
            Burstiness = (double)(root.Number("burstiness", 0.1m, 100) ?? 1),
            Latency = root.Inner("latency", WorkShapes.Latency) is { } latency ? FleetReader.LatencyOf(latency, usual.Latency) : usual.Latency,
        };
    }

    private static GatewayConfiguration? Configuration(JsonElement element, ObjectReader root, GatewayConfiguration? given, MistakeList mistakes)
    {
        const string name = "configuration";
        if (root.Has(name) == given is not null)
        {
            mistakes.Add(root.At(name), given is null ? MistakeList.Nothing : "a configuration beside --config", given is null
                ? "write one as in funclimiter.json, with accounts and routes, or give --config"
                : "leave one of them out");
            return null;
        }

        if (given is not null)
        {
            return given;
        }

        var result = ConfigurationReader.Read(Encoding.UTF8.GetBytes(element.GetProperty(name).GetRawText()), WhatIfFile.Environmental);
        foreach (var mistake in result.Mistakes)
        {
            mistakes.Add($"{root.At(name)}{mistake.Path[JsonPath.Root.Length..]}", mistake.Found, mistake.Fix);
        }

        return result.Configuration;
    }

    private static (List<WorkGroup> Work, Dictionary<string, double> Weights) Teams(ObjectReader root, WorkReader reader, MistakeList mistakes)
    {
        var work = new List<WorkGroup>();
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        var ids = new UniqueNames(mistakes, "another team");
        foreach (var (path, element) in root.List("teams", required: true))
        {
            if (ObjectReader.Open(element, path, Team, mistakes) is not { } team)
            {
                continue;
            }

            var id = reader.Tenant(team);
            ids.Add(id, team.At("id"));
            if (team.Number("weight", 0, 1_000_000, aboveLeast: true) is { } weight && id is not null)
            {
                weights[id] = (double)weight;
            }

            var names = new UniqueNames(mistakes, "other work of this team");
            var index = 0;
            foreach (var (place, item) in team.List("work", required: true))
            {
                if (ObjectReader.Open(item, place, Work, mistakes) is { } one)
                {
                    var group = reader.Read(one, id ?? string.Empty, index++, mayBeAgents: false);
                    names.Add(one.Has("name") ? group.Name : null, one.At("name"));
                    work.Add(group);
                }
            }
        }

        return (work, weights);
    }
}

/// <summary>What teams mean to call, and the limits and prices that they meet.</summary>
/// <param name="Configuration">The limits, prices and routes, with the teams' weights.</param>
/// <param name="Work">What the teams call.</param>
internal sealed record Volumes(GatewayConfiguration Configuration, IReadOnlyList<WorkGroup> Work)
{
    /// <summary>How much more calls vary from minute to minute than calls that come at random: the ratio of the variances; default 1.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary>How long answers are taken to last, for limits of calls at once.</summary>
    public Latency Latency { get; init; } = new(0.5, 10);

    /// <summary>How long a call may wait before it is given up: as its team says, else as its class does.</summary>
    public TimeSpan PatienceOf(WorkGroup work) => work.MaxWait ?? Configuration.Queue.MaxWait(work.Priority);

    /// <summary>A tenant's weight; 1 for one that the configuration does not name.</summary>
    public double WeightOf(string tenant) => Configuration.Tenants.FirstOrDefault(known => known.Id == tenant)?.Weight ?? 1;

    /// <summary>The same with other weights.</summary>
    public static GatewayConfiguration WithWeights(GatewayConfiguration configuration, IReadOnlyDictionary<string, double> weights)
    {
        var known = configuration.Tenants.Select(tenant => weights.TryGetValue(tenant.Id, out var weight) ? tenant with { Weight = weight } : tenant).ToList();
        var added = weights.Where(pair => known.All(tenant => tenant.Id != pair.Key)).Select(pair => new TenantConfiguration(pair.Key, [], pair.Value, [], []));
        return configuration with { Tenants = [.. known, .. added] };
    }
}
