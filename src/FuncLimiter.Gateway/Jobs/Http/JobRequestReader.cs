using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Jobs.Http;

/// <summary>Reads what is posted to <c>/jobs</c>: one call, or a list of calls.</summary>
public static class JobRequestReader
{
    // A call's body stands two levels down.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestReader.MaxDepth + 2 };

    /// <summary>Reads a request for a job. What its calls hold is checked when it is accepted.</summary>
    /// <param name="json">The body's bytes.</param>
    /// <param name="request">The request.</param>
    /// <param name="error">What is wrong with it.</param>
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
