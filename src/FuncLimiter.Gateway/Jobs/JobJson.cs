using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Writes a job as its tenant sees it, polled or delivered.</summary>
internal sealed class JobJson(JobPace pace, TimeProvider time)
{
    private const int LongestPollSeconds = 60;

    /// <summary>The job as JSON text in UTF-8.</summary>
    public byte[] Write(JobSnapshot job)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json, job);
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal void Write(Utf8JsonWriter json, JobSnapshot job)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, job.Id);
        json.WriteString("object"u8, "job"u8);
        json.WriteString("state"u8, State(job));
        json.WriteString("acceptedAt"u8, job.AcceptedAt);
        if (job.EndedAt is { } endedAt)
        {
            json.WriteString("endedAt"u8, endedAt);
        }

        WriteProgress(json, job.Progress);
        WritePlace(json, job);
        WriteDelivery(json, job.Delivery);
        if (job.IsList)
        {
            WriteItems(json, job);
        }
        else if (job.Items is [{ Result: { } result }, ..])
        {
            json.WritePropertyName("result"u8);
            JobResultJson.Write(json, result);
        }

        json.WriteEndObject();
    }

    /// <summary>How long to wait before looking again, in whole seconds; null where there is nothing to wait for.</summary>
    internal int? PollAfterSeconds(JobSnapshot job)
    {
        if (job.EndedAt is not null)
        {
            return null;
        }

        var end = job.Place is { } place ? End(job, place) : null;
        return end is { } at ? (int)Math.Clamp(Math.Ceiling((at - time.GetUtcNow()).TotalSeconds), 1, LongestPollSeconds) : 1;
    }

    private static ReadOnlySpan<byte> State(JobSnapshot job) =>
        job.Progress.Ended < job.Progress.Total ? (job.Progress.Running + job.Progress.Ended > 0 ? "running"u8 : "waiting"u8)
        : job.Progress.Cancelled > 0 ? "cancelled"u8
        : "done"u8;

    private static void WriteProgress(Utf8JsonWriter json, in JobProgress progress)
    {
        json.WriteStartObject("progress"u8);
        json.WriteNumber("total"u8, progress.Total);
        json.WriteNumber("waiting"u8, progress.Waiting);
        json.WriteNumber("running"u8, progress.Running);
        json.WriteNumber("succeeded"u8, progress.Succeeded);
        json.WriteNumber("failed"u8, progress.Failed);
        json.WriteNumber("cancelled"u8, progress.Cancelled);
        json.WriteNumber("expired"u8, progress.Expired);
        json.WriteEndObject();
    }

    private void WritePlace(Utf8JsonWriter json, JobSnapshot job)
    {
        if (job.Place is not { } place)
        {
            return;
        }

        json.WriteStartObject("queue"u8);
        json.WriteNumber("ahead"u8, place.AheadOfNext);
        if (Estimate(job, place.AheadOfNext, place.OwnAheadOfNext, isLast: false) is { } start)
        {
            json.WriteString("estimatedStartAt"u8, start);
        }

        if (End(job, place) is { } end)
        {
            json.WriteString("estimatedEndAt"u8, end);
        }

        json.WriteEndObject();
    }

    private DateTimeOffset? End(JobSnapshot job, JobPlace place) => Estimate(job, place.AheadOfLast, place.OwnAheadOfLast, isLast: true);

    /// <summary>
    /// When the call begins, or ends where it is the last, that has so many before it: by the pace of late, and not before its limits let it out.
    /// Null where there is nothing to go by, rather than a guess.
    /// </summary>
    private DateTimeOffset? Estimate(JobSnapshot job, int ahead, int ownAhead, bool isLast)
    {
        var own = isLast ? 1 : 0;
        DateTimeOffset? latest = time.GetUtcNow() + pace.Foresee(job.Tenant, ownAhead + own, ahead + own);
        foreach (var bound in (DateTimeOffset?[])[job.Place!.NotBefore, pace.LetOut(job.Tenant, ownAhead)])
        {
            latest = latest is null || bound > latest ? bound ?? latest : latest;
        }

        return latest;
    }

    private static void WriteDelivery(Utf8JsonWriter json, DeliveryReport? delivery)
    {
        if (delivery is null)
        {
            return;
        }

        json.WriteStartObject("webhook"u8);
        json.WriteString("state"u8, delivery.State switch
        {
            DeliveryState.Delivered => "delivered"u8,
            DeliveryState.Failed => "failed"u8,
            _ => "pending"u8,
        });
        json.WriteNumber("attempts"u8, delivery.Attempts);
        if (delivery.LastError is { } error)
        {
            json.WriteString("lastError"u8, error);
        }

        json.WriteEndObject();
    }

    private static void WriteItems(Utf8JsonWriter json, JobSnapshot job)
    {
        json.WriteStartArray("items"u8);
        foreach (var item in job.Items)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, item.Index);
            json.WriteString("state"u8, JobResultJson.State(item.State));
            if (item.Result is { } result)
            {
                json.WritePropertyName("result"u8);
                JobResultJson.Write(json, result);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (job.Items is [.., var last] && last.Index + 1 < job.Progress.Total)
        {
            json.WriteString("next"u8, $"{JobPaths.Of(job.Id)}?from={last.Index + 1}");
        }
    }
}

/// <summary>Writes how one call of a job ended.</summary>
internal static class JobResultJson
{
    /// <summary>An answer nested deeper than this is given as a text.</summary>
    private const int DeepestBody = 512;

    public static ReadOnlySpan<byte> State(JobItemState state) => state switch
    {
        JobItemState.Waiting => "waiting"u8,
        JobItemState.Running => "running"u8,
        JobItemState.Succeeded => "succeeded"u8,
        JobItemState.Failed => "failed"u8,
        JobItemState.Cancelled => "cancelled"u8,
        _ => "expired"u8,
    };

    public static void Write(Utf8JsonWriter json, JobItemResult result)
    {
        json.WriteStartObject();
        json.WriteString("state"u8, State(result.State));
        json.WriteString("endedAt"u8, result.EndedAt);
        if (result.Status > 0)
        {
            json.WriteNumber("status"u8, result.Status);
            WriteHeaders(json, result.Headers);
            WriteBody(json, result.Body.Span);
        }

        if (result.Deployment is { } deployment)
        {
            json.WriteString("deployment"u8, deployment);
            json.WriteNumber("attempts"u8, result.Attempts);
        }

        WriteUsage(json, result.Usage);
        json.WriteEndObject();
    }

    private static void WriteHeaders(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        json.WriteStartObject("headers"u8);
        foreach (var group in headers.GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
        {
            json.WriteString(group.Key, string.Join(", ", group));
        }

        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, TokenUsage? usage)
    {
        if (usage is not { } used)
        {
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("inputTokens"u8, used.InputTokens);
        json.WriteNumber("cachedInputTokens"u8, used.CacheReadTokens);
        json.WriteNumber("outputTokens"u8, used.OutputTokens);
        json.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter json, ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            json.WriteBase64String("bodyBase64"u8, body);
        }
        else if (IsJson(body))
        {
            json.WritePropertyName("body"u8);
            json.WriteRawValue(body, skipInputValidation: true);
        }
        else
        {
            json.WriteString("bodyText"u8, body);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = DeepestBody });
        try
        {
            var any = false;
            while (reader.Read())
            {
                any = true;
            }

            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
