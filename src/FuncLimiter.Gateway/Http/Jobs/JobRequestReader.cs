using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Http.Jobs;

/// <summary>Reads what is posted to <c>/jobs</c>: one call, or a list of calls.</summary>
internal static class JobRequestReader
{
    // A call's body stands two levels down.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestReader.MaxDepth + 2 };

    /// <summary>Reads a request for a job. What its calls hold is checked when it is accepted.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JobRequest? request, [NotNullWhen(false)] out GatewayError? error)
    {
        request = null;
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            var root = document.RootElement;
            request = root.ValueKind == JsonValueKind.Array ? ReadList(root, out error) : ReadOne(root, out error);
        }
        catch (JsonException broken)
        {
            error = GatewayError.BadRequest("invalid_json", $"The body is not valid JSON (line {broken.LineNumber + 1}, byte {broken.BytePositionInLine + 1}).");
        }
        catch (InvalidOperationException)
        {
            error = GatewayError.BadRequest("invalid_json", "A text in the body holds bytes or escapes that are no Unicode text.");
        }

        return request is not null;
    }

    private static JobRequest? ReadOne(JsonElement element, out GatewayError? error) =>
        new JobCallJson().Read(element, out var webhook, out error) is { } call ? new JobRequest([call]) { Webhook = webhook } : null;

    private static JobRequest? ReadList(JsonElement list, out GatewayError? error)
    {
        var calls = new List<JobCall>(list.GetArrayLength());
        string? webhook = null;
        foreach (var element in list.EnumerateArray())
        {
            if (new JobCallJson().Read(element, out var own, out error) is not { } call)
            {
                error = error! with { Parameter = $"[{calls.Count}].{error.Parameter}", Message = $"Call {calls.Count}: {error.Message}" };
                return null;
            }

            if (own is not null && webhook is not null && own != webhook)
            {
                error = GatewayError.BadRequest(
                    "invalid_webhook", "A list of calls is one job with one outcome: name one webhook, in any of them.", $"[{calls.Count}].webhook");
                return null;
            }

            webhook ??= own;
            calls.Add(call);
        }

        error = null;
        return new JobRequest(calls) { IsList = true, Webhook = webhook };
    }
}

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
