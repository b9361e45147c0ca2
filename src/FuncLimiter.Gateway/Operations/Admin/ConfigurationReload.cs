using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>Where the configuration stands that a host was started with.</summary>
/// <param name="ReadAsync">Reads it, as JSON text in UTF-8; fails with an <see cref="IOException"/> where it can't be read now.</param>
/// <param name="Environment">The value of an environment variable, or null.</param>
internal sealed record ConfigurationSource(Func<CancellationToken, Task<byte[]>> ReadAsync, Func<string, string?> Environment)
{
    /// <summary>What was read at the start.</summary>
    public required byte[] AtStart { get; init; }

    /// <summary>How often to look whether it is another.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What is wrong with a valid configuration on this host.</summary>
    public Func<GatewayConfiguration, IEnumerable<string>> Check { get; init; } = static _ => [];

    /// <summary>Is told what holds from now on, where more than the gateway goes by it.</summary>
    public Action<GatewayConfiguration> TakenUp { get; init; } = static _ => { };

    /// <summary>Whether tenants' keys are taken up even where something else needs a restart.</summary>
    public bool TakesKeysAlone { get; init; }
}

/// <summary>
/// Takes up a changed configuration while calls go on: all of it, or nothing. Tenants that come or go, their keys, weights and models, their limits on
/// further models, amounts of limits, and budgets can be taken up; anything else is named, and needs a restart. What is spent, learned and under way stays as it is.
/// </summary>
internal sealed partial class ConfigurationReload
{
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static readonly string[] OfFreshTenants = ["id", "limits", "userLimits", "modelLimits", "highestPriority", "organization"];

    /// <summary>With fewer, some parts count on there being one alone.</summary>
    private const int LeastTenants = 2;

    private readonly TenantKeys _keys;
    private readonly RouteTable _routes;
    private readonly SpendDesk _spending;
    private readonly ControlDesk _desk;
    private readonly Watch _watch;
    private readonly ConfigurationSource? _source;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private GatewayConfiguration _current;
    private byte[]? _json;
    private byte[]? _takenUp;

    public ConfigurationReload(
        GatewayConfiguration current, TenantKeys keys, RouteTable routes, SpendDesk spending, ControlDesk desk, Watch watch, ILogger<ConfigurationReload> logger, ConfigurationSource? source = null)
    {
        (_current, _keys, _routes, _spending, _desk, _watch, _logger, _source) = (current, keys, routes, spending, desk, watch, logger, source);
        _json = _takenUp = source?.AtStart;
    }

    /// <summary>Whether the host can read its configuration anew.</summary>
    public bool HasSource => _source is not null;

    /// <summary>How often to look whether the configuration is another.</summary>
    public TimeSpan Interval => _source!.Interval;

    /// <summary>Takes the configuration up where it is another than the last one read.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var json = await _source!.ReadAsync(cancellationToken);
        if (!json.AsSpan().SequenceEqual(_json))
        {
            Reload(json);
        }
    }

    /// <summary>Reads the configuration anew and takes it up.</summary>
    public async Task<ReloadOutcome> ReloadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Reload(await _source!.ReadAsync(cancellationToken));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new([failure.Message], []);
        }
    }

    private ReloadOutcome Reload(byte[] json)
    {
        lock (_gate)
        {
            var outcome = TakeUp(json);
            _json = json;
            if (outcome.IsTakenUp)
            {
                LogTakenUp();
            }
            else
            {
                LogNotTakenUp(string.Join("; ", outcome.Mistakes.Concat(outcome.NeedsRestart.Select(path => $"{path} needs a restart")))
                    + (_source!.TakesKeysAlone && outcome.Mistakes.Count == 0 ? "; but tenants' keys are" : ""));
            }

            return outcome;
        }
    }

    private ReloadOutcome TakeUp(byte[] json)
    {
        var read = ConfigurationReader.Read(json, _source!.Environment);
        if (!read.IsValid)
        {
            return new([.. read.Mistakes.Select(mistake => mistake.ToString())], []);
        }

        if (_source.Check(read.Configuration).ToArray() is { Length: > 0 } faults)
        {
            return new(faults, []);
        }

        var needs = new List<string>();
        var (before, after) = (Fixed(_source.AtStart), Fixed(json));
        CompareModelLimits(Fixed(_takenUp!), after, needs);
        CompareTenants(before, after, needs);
        Compare(before, after, "$", needs);
        var next = read.Configuration;
        if (needs.Count > 0)
        {
            if (_source.TakesKeysAlone)
            {
                _keys.FollowKeys(next.Tenants);
            }

            return new([], needs);
        }

        _routes.Follow(next.Tenants);
        _keys.Follow(next.Tenants);
        _spending.Follow(next.Budgets);
        foreach (var tenant in next.Tenants)
        {
            _desk.Change((controls, _) => controls.Admit(LimiterSpecs.From(tenant)));
        }

        SetLimits(next);
        foreach (var tenant in next.Tenants)
        {
            if (tenant.Weight != _current.Tenants.FirstOrDefault(before => before.Id == tenant.Id)?.Weight && _desk.Change((controls, now) => controls.Weigh(tenant.Id, tenant.Weight, now)))
            {
                lock (_watch.Gate)
                {
                    _watch.Shares.Weigh(tenant.Id, tenant.Weight);
                }
            }
        }

        (_current, _takenUp) = (next, json);
        _source.TakenUp(next);
        return new([], []);
    }

    private void SetLimits(GatewayConfiguration next)
    {
        foreach (var (account, before) in next.Accounts.Zip(_current.Accounts))
        {
            SetLimits($"account:{account.Id}", account.Limits, before.Limits);
            foreach (var (model, old) in account.Models.Zip(before.Models))
            {
                SetLimits($"deployment:{account.Id}/{model.Model}", model.Limits, old.Limits);
            }
        }

        foreach (var (shared, before) in next.SharedLimits.Zip(_current.SharedLimits))
        {
            SetLimits($"shared:{shared.Id}", shared.Limits, before.Limits);
        }

        foreach (var tenant in next.Tenants)
        {
            var before = _current.Tenants.FirstOrDefault(before => before.Id == tenant.Id);
            SetLimits($"tenant:{tenant.Id}", tenant.Limits, before?.Limits ?? []);
            foreach (var (model, limits) in tenant.ModelLimits)
            {
                SetLimits(TenantSpec.BudgetOf(tenant.Id, model), limits, before?.ModelLimits.FirstOrDefault(old => old.Model == model)?.Limits ?? []);
            }
        }
    }

    // What an operator set since stands, where the file says of that limit what it said before.
    private void SetLimits(string scope, IReadOnlyList<Limit> limits, IReadOnlyList<Limit> before)
    {
        for (var place = 0; place < limits.Count; place++)
        {
            var limit = limits[place];
            if (limit.Amount != before.ElementAtOrDefault(place)?.Amount)
            {
                _desk.Change((controls, now) => controls.Configure(scope, limit.Dimension, limit.Window, limit.Amount, now));
            }
        }
    }

    // What of a configuration can't be taken up while it runs: everything but what is blanked here.
    private static JsonObject Fixed(byte[] json)
    {
        var text = json.AsSpan();
        var root = JsonNode.Parse(text.StartsWith("\uFEFF"u8) ? text[3..] : text, documentOptions: Options)!.AsObject();
        root.Remove("$schema");
        root.Remove("budgets");
        foreach (var account in Objects(root["accounts"]))
        {
            Blank(account["limits"]);
            Objects(account["models"]).ToList().ForEach(model => Blank(model["limits"]));
        }

        Objects(root["sharedLimits"]).ToList().ForEach(shared => Blank(shared["limits"]));
        foreach (var tenant in Objects(root["tenants"]))
        {
            Blank(tenant["limits"]);
            Objects(tenant["modelLimits"]).ToList().ForEach(Blank);
            tenant.Remove("keys");
            tenant.Remove("models");
            tenant.Remove("weight");
        }

        return root;
    }

    // Tenants may come and go where there are several, and what comes has nothing that other parts read at the start.
    private static void CompareTenants(JsonObject before, JsonObject after, List<string> needs)
    {
        var (old, now) = (ById(before), ById(after));
        foreach (var (id, tenant) in now)
        {
            if (old.TryGetValue(id, out var same))
            {
                same.Remove("modelLimits");
                tenant.Remove("modelLimits");
                Compare(same, tenant, $"$.tenants[{id}]", needs);
            }
            else if (old.Count < LeastTenants || tenant.Any(member => !OfFreshTenants.Contains(member.Key)))
            {
                needs.Add($"$.tenants[{id}]");
            }
        }

        if (old.Count != now.Count && now.Count < LeastTenants)
        {
            needs.Add("$.tenants");
        }

        before.Remove("tenants");
        after.Remove("tenants");
    }

    // Limits on models that a tenant had none of are made as they come; those that go, or become others, need a restart.
    private static void CompareModelLimits(JsonObject last, JsonObject after, List<string> needs)
    {
        const string name = "modelLimits";
        var now = ById(after);
        foreach (var (id, tenant) in ById(last))
        {
            if (now.TryGetValue(id, out var same) && !Objects(tenant[name]).All(limits => Objects(same[name]).Any(further => JsonNode.DeepEquals(limits, further))))
            {
                needs.Add($"$.tenants[{id}].{name}");
            }
        }
    }

    private static Dictionary<string, JsonObject> ById(JsonObject root) =>
        Objects(root["tenants"]).Where(tenant => tenant["id"] is JsonValue).DistinctBy(tenant => tenant["id"]!.ToString()).ToDictionary(tenant => tenant["id"]!.ToString(), StringComparer.Ordinal);

    private static void Blank(JsonNode? limits)
    {
        foreach (var name in limits is JsonObject known ? LimitsReader.Names.Where(known.ContainsKey) : [])
        {
            limits![name] = 0;
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();

    private static void Compare(JsonNode? before, JsonNode? after, string path, List<string> needs)
    {
        if (before is JsonObject left && after is JsonObject right)
        {
            foreach (var name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
            {
                Compare(left[name], right[name], $"{path}.{name}", needs);
            }
        }
        else if (before is JsonArray lefts && after is JsonArray rights && lefts.Count == rights.Count)
        {
            for (var place = 0; place < lefts.Count; place++)
            {
                Compare(lefts[place], rights[place], $"{path}[{place}]", needs);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            needs.Add(path);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The changed configuration is taken up.")]
    private partial void LogTakenUp();

    [LoggerMessage(LogLevel.Error, "The changed configuration is not taken up: {Why}")]
    private partial void LogNotTakenUp(string why);
}

/// <summary>What came of taking up a configuration.</summary>
/// <param name="Mistakes">Every mistake in it; nothing was changed where there is any.</param>
/// <param name="NeedsRestart">Paths of what is changed and can't be taken up while it runs; nothing was changed where there is any.</param>
internal sealed record ReloadOutcome(IReadOnlyList<string> Mistakes, IReadOnlyList<string> NeedsRestart)
{
    /// <summary>Whether all of it holds now.</summary>
    public bool IsTakenUp => Mistakes.Count == 0 && NeedsRestart.Count == 0;
}
