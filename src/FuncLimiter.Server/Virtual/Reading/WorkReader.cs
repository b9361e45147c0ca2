using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Server.Virtual.Reading;

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
