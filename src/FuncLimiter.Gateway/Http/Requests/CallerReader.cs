using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>Reads from a request's headers who calls and what for.</summary>
internal static class CallerReader
{
    /// <summary>The longest name of a user, workflow, step or run, in characters.</summary>
    public const int MaxNameLength = 256;

    /// <summary>What a tier may be called.</summary>
    public const string TierNames = "'small', 'any' or 'large'";

    /// <summary>The caller, or null and what is wrong.</summary>
    public static Caller? Read(IHeaderDictionary headers, AuthenticatedTenant tenant, out GatewayError? error)
    {
        if (!TryReadPriority(headers, out var priority))
        {
            error = GatewayError.BadRequest("invalid_priority",
                "X-Priority must be 'interactive', 'standard' or 'background'.", FuncLimiterHeaders.Priority);
            return null;
        }

        if (!TryReadTier(headers, out var tier))
        {
            error = GatewayError.BadRequest("invalid_tier", $"X-Tier must be {TierNames}.", FuncLimiterHeaders.Tier);
            return null;
        }

        if (!TryReadClosing(headers, out var isClosing))
        {
            error = GatewayError.BadRequest("invalid_run_closing", "X-Run-Closing must be 'true' or 'false', and stand beside X-Run.", FuncLimiterHeaders.RunClosing);
            return null;
        }

        error = null;
        var session = Session(headers);
        return new Caller(
            tenant.Tenant,
            Name(headers, FuncLimiterHeaders.User, ref error) ?? session,
            priority.AtMost(tenant.HighestPriority),
            Name(headers, FuncLimiterHeaders.Workflow, ref error),
            Name(headers, FuncLimiterHeaders.Step, ref error),
            Name(headers, FuncLimiterHeaders.Run, ref error) ?? session)
        {
            Tier = tier,
            IsClosing = isClosing,
        } is var caller && error is null
            ? caller
            : null;
    }

    /// <summary>Reads a priority's name in any case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Priority priority)
    {
        (priority, var known) = text switch
        {
            _ when text.Equals("interactive", StringComparison.OrdinalIgnoreCase) => (Priority.Interactive, true),
            _ when text.Equals("standard", StringComparison.OrdinalIgnoreCase) => (Priority.Standard, true),
            _ when text.Equals("background", StringComparison.OrdinalIgnoreCase) => (Priority.Background, true),
            _ => (Priority.Standard, false),
        };
        return known;
    }

    /// <summary>Reads whether smaller models may serve a call: <c>small</c> for always, <c>any</c> for under pressure, <c>large</c> for never.</summary>
    public static bool TryParseTier(ReadOnlySpan<char> text, out Diversion tier)
    {
        (tier, var known) = text switch
        {
            _ when text.Equals("small", StringComparison.OrdinalIgnoreCase) => (Diversion.Always, true),
            _ when text.Equals("any", StringComparison.OrdinalIgnoreCase) => (Diversion.UnderPressure, true),
            _ when text.Equals("large", StringComparison.OrdinalIgnoreCase) => (Diversion.Never, true),
            _ => (Diversion.Never, false),
        };
        return known;
    }

    private static bool TryReadTier(IHeaderDictionary headers, out Diversion? tier)
    {
        tier = null;
        if (!headers.TryGetValue(FuncLimiterHeaders.Tier, out var value))
        {
            return true;
        }

        var known = TryParseTier(value.ToString().AsSpan().Trim(), out var read);
        tier = read;
        return known;
    }

    private static bool TryReadClosing(IHeaderDictionary headers, out bool isClosing)
    {
        isClosing = false;
        return !headers.TryGetValue(FuncLimiterHeaders.RunClosing, out var value)
            || (bool.TryParse(value.ToString(), out isClosing) && (!isClosing || headers.ContainsKey(FuncLimiterHeaders.Run)));
    }

    private static bool TryReadPriority(IHeaderDictionary headers, out Priority priority)
    {
        priority = Priority.Standard;
        return !headers.TryGetValue(FuncLimiterHeaders.Priority, out var value) || TryParse(value.ToString().AsSpan().Trim(), out priority);
    }

    /// <summary>The session of a coding agent, which says so in a header of its own; null where none does.</summary>
    private static string? Session(IHeaderDictionary headers)
    {
        foreach (var header in FuncLimiterHeaders.Sessions)
        {
            if (headers.TryGetValue(header, out var value) && value.ToString().Trim() is { Length: > 0 and <= MaxNameLength } session)
            {
                return session;
            }
        }

        return null;
    }

    private static string? Name(IHeaderDictionary headers, string header, ref GatewayError? error)
    {
        if (!headers.TryGetValue(header, out var value))
        {
            return null;
        }

        var name = value.ToString().Trim();
        if (name.Length > MaxNameLength)
        {
            error = GatewayError.BadRequest("invalid_header", $"{header} must be no longer than {MaxNameLength} characters.", header);
        }

        return name.Length == 0 ? null : name;
    }
}
