using System.Runtime.InteropServices;
using System.Text.Json;
using FuncLimiter.Core.Routing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http.Requests;

namespace FuncLimiter.Gateway.Jobs.Http;

/// <summary>Reads one call as it is posted to <c>/jobs</c>; the first thing wrong is told.</summary>
internal sealed class JobCallJson
{
    private const int LongestShown = 64;

    private static readonly string[] Known = ["path", "body", "priority", "user", "workflow", "step", "run", "tier", "deadlineSeconds", "webhook"];

    private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    private GatewayError? _error;

    public JobCall? Read(JsonElement element, out string? webhook, out GatewayError? error)
    {
        webhook = null;
        JobCall? call = null;
        if (element.ValueKind != JsonValueKind.Object)
        {
            Fail("invalid_call", "A call must be an object with 'path' and 'body'.", "path");
        }
        else if (TakeMembers(element))
        {
            webhook = Text("webhook");
            call = ReadCall();
        }

        error = _error;
        return error is null ? call : null;
    }

    private bool TakeMembers(JsonElement element)
    {
        foreach (var member in element.EnumerateObject())
        {
            var name = member.Name.Length <= LongestShown ? member.Name : member.Name[..LongestShown];
            if (!Known.Contains(member.Name))
            {
                Fail("unknown_parameter", $"A call has no '{name}'; it may have {string.Join(", ", Known)}.", name);
                return false;
            }

            if (!_members.TryAdd(member.Name, member.Value))
            {
                Fail("duplicate_parameter", $"'{name}' stands twice; send it once.", name);
                return false;
            }
        }

        return true;
    }

    private JobCall ReadCall()
    {
        var path = Text("path");
        if (path is null)
        {
            Fail("missing_required_parameter", $"'path' is missing; it must be one of {JobPath.All}.", "path");
        }

        return new JobCall(path ?? string.Empty, Body(), ReadPriority())
        {
            User = Text("user"),
            Workflow = Text("workflow"),
            Step = Text("step"),
            Run = Text("run"),
            Tier = Tier(),
            Deadline = Deadline(),
        };
    }

    private Diversion? Tier()
    {
        if (Text("tier") is not { } text)
        {
            return null;
        }

        if (!CallerReader.TryParseTier(text, out var tier))
        {
            Fail("invalid_tier", $"'tier' must be {CallerReader.TierNames}.", "tier");
        }

        return tier;
    }

    private ReadOnlyMemory<byte> Body()
    {
        if (_members.TryGetValue("body", out var body) && body.ValueKind == JsonValueKind.Object)
        {
            // The bytes as they were sent, order and numbers untouched.
            return JsonMarshal.GetRawUtf8Value(body).ToArray();
        }

        Fail("missing_required_parameter", "'body' must be the call's body, an object.", "body");
        return default;
    }

    private string? Text(string name)
    {
        if (!_members.TryGetValue(name, out var element) || element.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 } text)
        {
            return text;
        }

        Fail("invalid_type", $"'{name}' must be a text that is not empty.", name);
        return null;
    }

    private Priority ReadPriority()
    {
        switch (Text("priority")?.ToLowerInvariant())
        {
            case "interactive": return Priority.Interactive;
            case "background": return Priority.Background;
            case "standard" or null: return Priority.Standard;
            default:
                Fail("invalid_priority", "'priority' must be 'interactive', 'standard' or 'background'.", "priority");
                return Priority.Standard;
        }
    }

    private TimeSpan? Deadline()
    {
        const string name = "deadlineSeconds";
        if (!_members.TryGetValue(name, out var element) || element.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var seconds) && Math.Abs(seconds) < 1e9)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        Fail("invalid_type", $"'{name}' must be a number of seconds.", name);
        return null;
    }

    private void Fail(string code, string message, string parameter) => _error ??= GatewayError.BadRequest(code, message, parameter);
}
