using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>POST /admin/...</c>: operators' changes; <c>GET /admin/audit</c>: those made.</summary>
internal sealed class AdminEndpoint(
    OperatorGate gate, AdminService service, IAuditLog audit, SpendDesk spending, TenantKeys keys, ConfigurationReload reload, TimeProvider time)
{
    private const int MostBytes = 16 * 1024;
    private const int MostShown = 200;
    private const int MostBudgets = 1_000;

    private static readonly GatewayError NoFile = new(409, "not_changed_here",
        "This host reads no file anew. In the Functions app, store tenants and limits and restart; keys are taken up by themselves within a minute.");

    /// <summary>Makes a change.</summary>
    public async Task ChangeAsync(HttpContext context)
    {
        if (await gate.ActorAsync(context) is not { } actor)
        {
            return;
        }

        var (ask, error) = await JsonBody.ReadAsync(context, MostBytes, AdminJson.Default.AdminAsk);
        if (ask is null || AdminAskReader.Read(context.Request.Path.Value!.TrimEnd('/').ToLowerInvariant(), ask, time.GetUtcNow(), out error) is not { } change)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        // Once begun it is ended: what was changed must stand in the audit.
        if (await service.ApplyAsync(change, actor, ask.Reason, CancellationToken.None) is { } refusal)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, refusal);
            return;
        }

        await JsonResponse.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("done"u8, change.Target);
            json.WriteEndObject();
        });
    }

    /// <summary>Gives a tenant a key, which is told in this answer and never again.</summary>
    public async Task IssueAsync(HttpContext context)
    {
        if (await gate.ActorAsync(context) is not { } actor)
        {
            return;
        }

        var (ask, error) = await JsonBody.ReadAsync(context, MostBytes, AdminJson.Default.AdminAsk);
        if (ask is null || KeyAskReader.Read(ask, time.GetUtcNow(), out error) is not { } wanted)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        var (key, change, refusal) = await service.IssueAsync(wanted, actor, ask.Reason, CancellationToken.None);
        if (refusal is not null)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, refusal);
            return;
        }

        context.Response.Headers.CacheControl = "no-store";
        await JsonResponse.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key);
            json.WriteString("tenant"u8, change!.Tenant);
            json.WriteString("prefix"u8, change.Prefix);
            json.WriteString("hash"u8, $"sha256:{change.Hash}");
            json.WriteEndObject();
        });
    }

    /// <summary>Takes up the configuration as it stands in its file now: all of it, or nothing.</summary>
    public async Task ReloadAsync(HttpContext context)
    {
        if (await gate.ActorAsync(context) is null)
        {
            return;
        }

        if (!reload.HasSource)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, NoFile);
            return;
        }

        var outcome = await reload.ReloadAsync(context.RequestAborted);
        if (!outcome.IsTakenUp)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, outcome.Mistakes.Count > 0
                ? GatewayError.BadRequest("configuration_invalid", string.Join("\n", outcome.Mistakes))
                : new GatewayError(409, "restart_needed", $"Nothing is changed: {string.Join(", ", outcome.NeedsRestart)} can't be taken up while it runs. Restart for that."));
            return;
        }

        await JsonResponse.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("done"u8, "reload");
            json.WriteEndObject();
        });
    }

    /// <summary>Answers with the tenants' keys, by their prefixes and hashes.</summary>
    public async Task KeysAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        var now = time.GetUtcNow();
        await JsonResponse.WriteAsync(context, 200, json => KeysJson.Write(json, [.. keys.All.OrderBy(entry => entry.Tenant, StringComparer.Ordinal)], now));
    }

    /// <summary>Answers with the spending budgets that are used, the nearest to their end first.</summary>
    public async Task BudgetsAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        await JsonResponse.WriteAsync(context, 200, json => SpendingJson.Write(json, spending.Report(MostBudgets)));
    }

    /// <summary>Answers with the last changes, the latest first.</summary>
    public async Task AuditAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        var entries = await audit.ReadAsync(context.RequestAborted);
        await JsonResponse.WriteAsync(context, 200, json =>
            JsonSerializer.Serialize(json, [.. entries.Reverse().Take(MostShown)], AdminJson.Default.AuditEntryArray));
    }
}

/// <summary>Makes a change of what an operator asked for, or says what is missing.</summary>
internal static class AdminAskReader
{
    private const double LongestPauseSeconds = 7 * 24 * 3600;
    private const double LeastWeight = 1e-6;
    private const double MostWeight = 1_000_000;
    private const double LongestWindowSeconds = 31 * 24 * 3600;
    private const double LongestGraceSeconds = 366 * 24 * 3600;
    private const int MostUsd = 1_000_000;
    private const double LongestRunSeconds = 30 * 24 * 3600;
    private const int MostReason = 200;
    private const int HashLength = 64;

    /// <summary>The change that a path and its body ask for.</summary>
    public static AdminChange? Read(string path, AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        error = WrongReason(ask) ?? AdminMembers.Foreign(path, ask);
        return error is not null ? null : path switch
        {
            EndpointPaths.AdminPauses => Pause(ask, now, out error),
            EndpointPaths.AdminLimits => Limit(ask, out error),
            EndpointPaths.AdminWeights => Weight(ask, out error),
            EndpointPaths.AdminLearned => ask.Rule is null ? Forget(ask, out error) : Pin(ask, out error),
            EndpointPaths.AdminBudgets => Raise(ask, out error),
            _ => Revocation(ask, now, out error),
        };
    }

    /// <summary>What is wrong with the reason that is given; null for nothing.</summary>
    public static GatewayError? WrongReason(AdminAsk ask) =>
        ask.Reason?.Length > MostReason ? Wrong("reason", $"'reason' must have at most {MostReason} characters.")
        : ask.Reason?.Any(EndsLine) is true ? Wrong("reason", "'reason' must be one line, without control characters: it stands in the log and the audit.")
        : null;

    private static bool EndsLine(char sign) => char.IsControl(sign) || CharUnicodeInfo.GetUnicodeCategory(sign) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static PauseChange? Pause(AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a budget's name, for example \"deployment:openai-east/gpt-x\" or \"tenant:acme\".")
            : ask.Seconds is not (>= 0 and <= LongestPauseSeconds) ? Wrong("seconds", $"'seconds' must be 0, to open it, to {LongestPauseSeconds}.")
            : null;
        return error is null ? new PauseChange(ask.Scope!, now.AddSeconds(ask.Seconds!.Value)) : null;
    }

    private static PinChange? Pin(AdminAsk ask, out GatewayError? error)
    {
        const string usual = "tokens";
        var dimension = ask.Dimension ?? usual;
        var rules = DimensionName.TryParse(dimension, out var counted) ? ChargeRules.Of(counted) : [];
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a provider's budget, for example \"deployment:openai-east/gpt-x\".")
            : rules.Length == 0 ? Wrong("dimension", "'dimension' must be tokens, inputTokens or outputTokens.")
            : !ChargeRuleName.TryParse(ask.Rule, out var rule) || !rules.Contains(rule) ? Wrong("rule", $"'rule' must be one of {string.Join(", ", rules.Select(ChargeRuleName.Of))}.")
            : null;
        return error is null ? new PinChange(ask.Scope!, dimension, ask.Rule!) : null;
    }

    private static ForgetChange? Forget(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a provider's budget, for example \"deployment:openai-east/gpt-x\".")
            : ask.Dimension is not null ? Wrong("dimension", "'dimension' stands beside 'rule'; what was learned is forgotten of all dimensions.")
            : null;
        return error is null ? new ForgetChange(ask.Scope!) : null;
    }

    private static LimitChange? Limit(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a budget's name, for example \"deployment:openai-east/gpt-x\".")
            : ask.Dimension is null || !DimensionName.TryParse(ask.Dimension, out _) ? Wrong("dimension", "'dimension' must be requests, tokens, inputTokens, outputTokens or concurrent.")
            : ask.WindowSeconds is not (>= 0 and <= LongestWindowSeconds) ? Wrong("windowSeconds", "'windowSeconds' must be the limit's window, 60 for a minute.")
            : ask.Amount is not (>= 1 and <= LimitsReader.MostAmount) ? Wrong("amount", $"'amount' must be a whole number from 1 to {LimitsReader.MostAmount}.")
            : null;
        return error is null ? new LimitChange(ask.Scope!, ask.Dimension!, ask.WindowSeconds!.Value, ask.Amount!.Value) : null;
    }

    private static WeightChange? Weight(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Tenant) ? Wrong("tenant", "'tenant' must be a tenant's id.")
            : ask.Weight is not (>= LeastWeight and <= MostWeight) ? Wrong("weight", FormattableString.Invariant($"'weight' must be {LeastWeight:0.######} to {MostWeight}."))
            : null;
        return error is null ? new WeightChange(ask.Tenant!, ask.Weight!.Value) : null;
    }

    private static RaiseChange? Raise(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Budget) ? Wrong("budget", "'budget' must be a spending budget's name, for example \"run:acme/nightly-17\"; GET /admin/budgets lists them.")
            : ask.Usd is < 0 or > MostUsd ? Wrong("usd", $"'usd' must be how many US dollars more, 0 to {MostUsd}.")
            : ask.Tokens is < 0 or > LimitsReader.MostAmount ? Wrong("tokens", $"'tokens' must be how many tokens more, 0 to {LimitsReader.MostAmount}.")
            : ask.Calls is < 0 or > LimitsReader.MostAmount ? Wrong("calls", $"'calls' must be how many calls more, 0 to {LimitsReader.MostAmount}.")
            : ask.Seconds is not (null or (>= 0 and <= LongestRunSeconds)) ? Wrong("seconds", $"'seconds' must be how much longer the run may last, 0 to {LongestRunSeconds}.")
            : (ask.Usd ?? 0) == 0 && (ask.Tokens ?? 0) == 0 && (ask.Calls ?? 0) == 0 && (ask.Seconds ?? 0) == 0 ? Wrong("usd", "Send what to raise it by: 'usd', 'tokens', 'calls' or 'seconds'.")
            : null;
        return error is null ? new RaiseChange(ask.Budget!, ask.Usd ?? 0, ask.Tokens ?? 0, ask.Calls ?? 0, ask.Seconds ?? 0) : null;
    }

    private static RevocationChange? Revocation(AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        const string prefix = "sha256:";
        var hash = ask.Hash?.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) == true ? ask.Hash[prefix.Length..] : ask.Hash;
        error = string.IsNullOrEmpty(ask.Tenant) ? Wrong("tenant", "'tenant' must be the tenant's id whose key it is.")
            : hash is not { Length: HashLength } || !hash.All(char.IsAsciiHexDigit) ? Wrong("hash", "'hash' must be the key's SHA-256, as the configuration has it.")
            : null;
        error ??= ask.Seconds is not (null or (>= 0 and <= LongestGraceSeconds)) ? Wrong("seconds", $"'seconds' must be how long the key is still taken, 0 to {LongestGraceSeconds}.") : null;
        return error is null ? new RevocationChange(ask.Tenant!, hash!.ToLowerInvariant(), ask.Seconds is > 0 and var left ? now.AddSeconds(left) : null) : null;
    }

    /// <summary>A member whose value can't be taken.</summary>
    public static GatewayError Wrong(string parameter, string message) => GatewayError.BadRequest("invalid_value", message, parameter);
}

/// <summary>Which members the bodies of the admin paths have. One of another path would do nothing, and whoever sent it meant something.</summary>
internal static class AdminMembers
{
    private static readonly Dictionary<string, string[]> ByPath = new(StringComparer.Ordinal)
    {
        [EndpointPaths.AdminPauses] = ["scope", "seconds"],
        [EndpointPaths.AdminLimits] = ["scope", "dimension", "windowSeconds", "amount"],
        [EndpointPaths.AdminWeights] = ["tenant", "weight"],
        [EndpointPaths.AdminRevocations] = ["tenant", "hash", "seconds"],
        [EndpointPaths.AdminLearned] = ["scope", "dimension", "rule"],
        [EndpointPaths.AdminBudgets] = ["budget", "usd", "tokens", "calls", "seconds"],
        [EndpointPaths.AdminKeys] = ["tenant", "prefix", "expires", "uses", "replaces", "graceSeconds"],
    };

    private static readonly JsonPropertyInfo[] All = [.. AdminJson.Default.AdminAsk.Properties.Where(static member => member.Name != Reason)];

    private const string Reason = "reason";

    /// <summary>What is wrong with a body that has a member of another path's; null where it has none.</summary>
    /// <param name="path">The path, in lower case.</param>
    public static GatewayError? Foreign(string path, AdminAsk ask)
    {
        var own = ByPath[path];
        return All.FirstOrDefault(member => !own.Contains(member.Name, StringComparer.Ordinal) && member.Get!(ask) is not null) is { Name: var name }
            ? AdminAskReader.Wrong(name, $"'{name}' is of no use here and changes nothing: {path} takes {string.Join(", ", own)} and {Reason}.")
            : null;
    }
}
