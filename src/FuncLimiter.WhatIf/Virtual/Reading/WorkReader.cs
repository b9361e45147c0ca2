using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.WhatIf.Virtual.Reading;

/// <summary>Reads what a tenant calls.</summary>
internal sealed class WorkReader(GatewayConfiguration configuration, MistakeList mistakes)
{
    private const decimal MostCalls = 1_000_000_000;
    private const long MostTokens = 4_000_000;
    private const long MostAgents = 100_000_000;
    private const decimal MostWaitSeconds = 7 * 24 * 3600;
    private const decimal MostThinkSeconds = 7 * 24 * 3600;
    private const decimal MostSpread = 3;

    /// <summary>A tenant's id that the configuration knows; null, with a mistake, where it does not.</summary>
    public string? Tenant(ObjectReader reader)
    {
        var id = reader.Text("id", required: true);
        var known = configuration.Tenants.Select(tenant => tenant.Id).ToList();
        if (id is null || known.Count == 0 || known.Contains(id))
        {
            return id;
        }

        mistakes.Add(reader.At("id"), $"{MistakeList.Quote(id)}, which the configuration does not have", NearestName.Of(id, known) is { } nearest
            ? $"write \"{nearest}\""
            : "write one of the configuration's tenants, or add it there");
        return null;
    }

    /// <summary>One group.</summary>
    public WorkGroup Read(ObjectReader reader, string tenant, int index, bool mayBeAgents)
    {
        var agents = mayBeAgents ? reader.Whole("agents", 1, MostAgents) : null;
        var think = mayBeAgents ? reader.Number("thinkSeconds", 0, MostThinkSeconds, required: agents is not null, aboveLeast: true) : null;
        return new WorkGroup(tenant, reader.Text("name") ?? $"work {index + 1}", Route(reader), PriorityOf(reader))
        {
            CallsByHour = Calls(reader, agents is not null, mayBeAgents) ?? [],
            Agents = agents ?? 0,
            ThinkSeconds = (double)(think ?? 0),
            InputTokens = (double)(reader.Number("inputTokens", 1, MostTokens, required: true) ?? 1),
            OutputTokens = (double)(reader.Number("outputTokens", 0, MostTokens, required: true) ?? 0),
            Spread = (double)(reader.Number("spread", 0, MostSpread) ?? (decimal)WorkGroup.UsualSpread),
            MaxOutputTokens = reader.Whole("maxOutputTokens", 1, MostTokens),
            MaxWait = reader.Number("maxWaitSeconds", 0, MostWaitSeconds) is { } wait ? TimeSpan.FromSeconds((double)wait) : null,
            Returns = (int)(reader.Whole("returns", 0, 100) ?? 2),
            ReturnWithin = TimeSpan.FromSeconds((double)(reader.Number("returnWithinSeconds", 0, MostWaitSeconds) ?? 60)),
            SimpleShare = (double)(reader.Number("simpleShare", 0, 1) ?? 0),
            BatchShare = (double)(reader.Number("batchShare", 0, 1) ?? 0),
        };
    }

    private string Route(ObjectReader reader)
    {
        var name = reader.Text("route", required: true);
        var known = configuration.Routes.Select(route => route.Model).ToList();
        if (name is not null && !known.Contains(name))
        {
            mistakes.Add(reader.At("route"), $"{MistakeList.Quote(name)}, which is no route of the configuration", NearestName.Of(name, known) is { } nearest
                ? $"write \"{nearest}\""
                : $"write one of {string.Join(", ", known.Take(10))}");
        }

        return name ?? string.Empty;
    }

    private Priority PriorityOf(ObjectReader reader)
    {
        switch (reader.Text("priority"))
        {
            case null or "standard": return Priority.Standard;
            case "interactive": return Priority.Interactive;
            case "background": return Priority.Background;
            case { } other:
                mistakes.Add(reader.At("priority"), MistakeList.Quote(other), "write \"interactive\", \"standard\" or \"background\"");
                return Priority.Standard;
        }
    }

    private double[]? Calls(ObjectReader reader, bool isAgents, bool mayBeAgents)
    {
        string[] ways = ["callsPerHour", "callsByHour", "callsPerDay"];
        var written = ways.Where(reader.Has).ToList();
        if (written.Count + (isAgents ? 1 : 0) != 1)
        {
            var found = written.Count == 0 && !isAgents ? MistakeList.Nothing : string.Join(", ", isAgents ? ["agents", .. written] : written);
            mistakes.Add(
                reader.Path,
                found == MistakeList.Nothing ? "no number of calls" : $"{found} at once",
                $"write one of {string.Join(", ", ways)}{(mayBeAgents ? ", or agents with thinkSeconds" : "")}");
            return null;
        }

        if (reader.Number("callsPerHour", 0, MostCalls) is { } each)
        {
            return [.. Enumerable.Repeat((double)each, WorkGroup.HoursPerDay)];
        }

        var profile = reader.Text("profile");
        if (reader.Number("callsPerDay", 0, MostCalls) is { } day)
        {
            var spread = DayProfile.Spread((double)day, profile ?? "flat");
            if (spread is null)
            {
                mistakes.Add(reader.At("profile"), MistakeList.Quote(profile!), $"write one of {string.Join(", ", DayProfile.Names)}");
            }

            return spread;
        }

        return reader.Has("callsByHour") ? ByHour(reader) : null;
    }

    private double[]? ByHour(ObjectReader reader)
    {
        var hours = reader.List("callsByHour");
        if (hours.Count is > 0 and not WorkGroup.HoursPerDay)
        {
            mistakes.Add(reader.At("callsByHour"), $"a list of {hours.Count}", "write 24 numbers, the first for the hour from midnight (UTC) on");
            return null;
        }

        var calls = new double[hours.Count];
        for (var hour = 0; hour < hours.Count; hour++)
        {
            var (path, element) = hours[hour];
            if (element.ValueKind != System.Text.Json.JsonValueKind.Number || !element.TryGetDouble(out calls[hour]) || calls[hour] is < 0 or > (double)MostCalls)
            {
                mistakes.Add(path, MistakeList.Show(element), "write a number of calls, at least 0");
            }
        }

        return calls;
    }
}

/// <summary>How a day's calls are spread over its hours.</summary>
internal static class DayProfile
{
    private static readonly Dictionary<string, int[]> Known = new(StringComparer.Ordinal)
    {
        ["flat"] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        ["office"] = [1, 1, 1, 1, 1, 1, 2, 5, 10, 14, 16, 15, 12, 14, 16, 15, 13, 9, 5, 3, 2, 2, 1, 1],
        ["evening"] = [3, 2, 1, 1, 1, 1, 1, 2, 3, 4, 4, 5, 6, 6, 6, 6, 7, 9, 12, 15, 16, 14, 10, 6],
        ["night"] = [16, 16, 16, 15, 12, 8, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 15],
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>A day's calls by hour; null where there is no such profile.</summary>
    public static double[]? Spread(double callsPerDay, string profile)
    {
        if (!Known.TryGetValue(profile, out var weights))
        {
            return null;
        }

        var whole = weights.Sum();
        return [.. weights.Select(weight => callsPerDay * weight / whole)];
    }
}

/// <summary>The objects of fleet files, with every member that is known of them.</summary>
internal static class WorkShapes
{
    private const string Seconds = "a number of seconds";
    private const string Share = "a number from 0 to 1";

    /// <summary>What groups in fleets and work in volumes have in common.</summary>
    public static readonly IReadOnlyList<Member> Common =
    [
        new("name", "a name that no other work of this tenant has"),
        new("route", "the name of a route of the configuration, for example \"gpt-x\""),
        new("priority", "\"interactive\", \"standard\" or \"background\""),
        new("callsPerHour", "a number of calls, at least 0: the same in every hour"),
        new("callsByHour", "a list of 24 numbers: the calls of each hour of the day from midnight (UTC) on"),
        new("callsPerDay", "a number of calls, at least 0, spread over the day by profile"),
        new("profile", "\"flat\", \"office\", \"evening\" or \"night\": how callsPerDay are spread over the day"),
        new("inputTokens", "the mean number of input tokens of a call, at least 1"),
        new("outputTokens", "the mean number of output tokens of a call, at least 0"),
        new("maxOutputTokens", "a whole number of at least 1: the bound on output that calls state"),
        new("spread", "a number from 0 to 3: the standard deviation of tokens as a share of their mean"),
        new("maxWaitSeconds", Seconds),
        new("returns", "a whole number from 0 to 100: how often a refused call comes back when it was told to"),
        new("returnWithinSeconds", "a number of seconds after its first refusal within which a call still comes back"),
        new("simpleShare", Share),
        new("batchShare", Share),
    ];

    public static readonly Shape Group = new(
        "a group",
        [.. Common, new("agents", "a whole number of at least 1: agents that call, wait, think and call again"), new("thinkSeconds", "a number of seconds above 0")]);

    public static readonly Shape Fleet = new(
        "the fleet",
        new Member("$schema", "the address of the schema as a text"),
        new Member("hours", "a number of hours above 0 and at most 168"),
        new Member("startHour", "a number from 0 to 23: the hour of the day (UTC) at which it begins"),
        new Member("tenants", "a list of at least one tenant with groups"),
        new Member("latency", "an object with baseSeconds and perOutputTokenMs"),
        new Member("deployments", "a list of deployments with their own latency"),
        new Member("faults", "a list of faults, for example [{ \"kind\": \"outage\", \"deployment\": \"openai-east/gpt-x\", \"afterMinutes\": 60, \"forMinutes\": 10 }]"));

    public static readonly Shape Tenant = new(
        "a tenant of the fleet",
        new Member("id", "the tenant's id, as in the configuration"),
        new Member("groups", "a list of at least one group"));

    public static readonly Shape Latency = new(
        "a latency",
        new Member("baseSeconds", Seconds),
        new Member("perOutputTokenMs", "a number of milliseconds"));

    public static readonly Shape Deployment = new(
        "a deployment of the fleet",
        [new("deployment", "a deployment as \"account/model\""), .. Latency.Members]);

    public static readonly Shape Fault = new(
        "a fault",
        new Member("kind", "\"outage\", \"overload\", \"error\", \"reset\", \"hang\", \"limit\", \"retry-after\" or \"outsider\""),
        new Member("deployment", "a deployment as \"account/model\""),
        new Member("afterMinutes", "a number of minutes from the start on"),
        new Member("forMinutes", "a number of minutes; to the end where left out"),
        new Member("chance", Share),
        new Member("dimension", "\"requests\", \"tokens\", \"inputTokens\" or \"outputTokens\""),
        new Member("perMinute", "a whole number of at least 1: the limit per minute that is in force meanwhile"),
        new Member("retryAfterSeconds", Seconds),
        new Member("requestsPerMinute", "a number: calls that somebody else makes"),
        new Member("tokensPerMinute", "a number: tokens that somebody else uses"));
}
