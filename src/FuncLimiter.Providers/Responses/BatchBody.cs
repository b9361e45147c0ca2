using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads the state of a batch, whichever provider's object it is.</summary>
internal static class BatchBody
{
    /// <summary>Reads a batch object; null where it has no state.</summary>
    public static BatchStatus? Read(JsonElement root)
    {
        if (Json.Word(root, "processing_status") is { } anthropic)
        {
            return Anthropic(root, anthropic);
        }

        if ((Json.Word(root, "status") ?? Json.Word(root, "state") ?? Json.Word(Json.At(root, "metadata"), "state")) is not { } state)
        {
            return null;
        }

        var counts = Json.At(root, "request_counts");
        var google = Json.At(root, "metadata", "batchStats") is { ValueKind: JsonValueKind.Object } nested ? nested : Json.At(root, "batchStats");
        return new BatchStatus(
            state,
            IsTerminal(state),
            First(Json.CountAt(counts, "total"), Json.CountAt(root, "total_requests"), Json.CountAt(google, "requestCount")),
            First(Json.CountAt(counts, "completed"), Json.CountAt(root, "succeeded_requests"), Json.CountAt(google, "successfulRequestCount")),
            First(Json.CountAt(counts, "failed"), Json.CountAt(root, "failed_requests"), Json.CountAt(google, "failedRequestCount")));
    }

    private static BatchStatus Anthropic(JsonElement root, string state)
    {
        var counts = Json.At(root, "request_counts");
        var waiting = Json.CountAt(counts, "processing") ?? 0;
        var succeeded = Json.CountAt(counts, "succeeded") ?? 0;
        var failed = (Json.CountAt(counts, "errored") ?? 0) + (Json.CountAt(counts, "canceled") ?? 0) + (Json.CountAt(counts, "expired") ?? 0);
        return new BatchStatus(state, state == "ended", waiting + succeeded + failed, succeeded, failed);
    }

    private static bool IsTerminal(string state)
    {
        var word = state.AsSpan();
        foreach (var prefix in (ReadOnlySpan<string>)["JOB_STATE_", "BATCH_STATE_"])
        {
            word = word.StartsWith(prefix, StringComparison.Ordinal) ? word[prefix.Length..] : word;
        }

        return word.ToString().ToUpperInvariant() is "COMPLETED" or "FAILED" or "EXPIRED" or "CANCELLED" or "CANCELED" or "ENDED" or "SUCCESS"
            or "SUCCEEDED" or "PARTIALLY_SUCCEEDED" or "PARTIALLYCOMPLETED" or "TIMEOUT_EXCEEDED" or "STOPPED";
    }

    private static long First(long? one, long? two, long? three) => one ?? two ?? three ?? 0;
}
