using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers.Requests;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Batches;

/// <summary>Anthropic's Message Batches.</summary>
internal static class MessageBatches
{
    public static Task HandleAsync(BatchRequest request, string[] parts, bool isPost) => (parts, isPost) switch
    {
        (["batches"], true) => MakeAsync(request),
        (["batches", var id], false) => ShowAsync(request, id),
        (["batches", var id, "results"], false) => SendResultsAsync(request, id),
        (["batches", var id, "cancel"], true) => CancelAsync(request, id),
        _ => request.SendUnknownAsync(),
    };

    private static async Task MakeAsync(BatchRequest request)
    {
        if (request.State.Batches.TurnsAway())
        {
            await request.SendFullAsync();
            return;
        }

        using var body = await JsonDocument.ParseAsync(request.Context.Request.Body, cancellationToken: request.Context.RequestAborted);
        var lines = body.RootElement.GetProperty("requests").EnumerateArray().Select(call => new BatchLine(
            call.GetProperty("custom_id").GetString()!, Encoding.UTF8.GetBytes(call.GetProperty("params").GetRawText()))).ToArray();
        var now = request.State.Now;
        var batch = new HeldBatch($"msgbatch_{request.Id}", request.Key, now, request.State.Batches.DueAt(now), lines);
        request.State.Batches.Add(batch);
        await (request.State.Batches.LosesAnswer() ? request.SendBrokenAsync() : request.SendAsync(Show(request, batch)));
    }

    private static Task ShowAsync(BatchRequest request, string id) =>
        request.State.Batches.Find(request.Key, id) is { } batch ? request.SendAsync(Show(request, batch)) : request.SendUnknownAsync();

    private static Task CancelAsync(BatchRequest request, string id)
    {
        if (request.State.Batches.Find(request.Key, id) is not { } batch)
        {
            return request.SendUnknownAsync();
        }

        batch.Cancel(request.State.Now);
        return request.SendAsync(Show(request, batch));
    }

    private static async Task SendResultsAsync(BatchRequest request, string id)
    {
        if (request.State.Batches.Find(request.Key, id) is not { } batch || !batch.IsOver(request.State.Now))
        {
            await request.SendUnknownAsync();
            return;
        }

        request.Context.Response.ContentType = "application/binary";
        for (var place = 0; place < batch.Lines.Count; place++)
        {
            await request.Context.Response.WriteAsync(Line(request, batch, place) + "\n", request.Context.RequestAborted);
        }
    }

    private static string Line(BatchRequest request, HeldBatch batch, int place)
    {
        var line = batch.Lines[place];
        var outcome = request.State.Batches.Outcome(batch, place, request.State.Now);
        var message = outcome == true ? BatchDesk.Answer(request.State, request.Dialect, RequestOperation.Messages, batch, line) : null;
        var result = message is not null ? $"{{\"type\":\"succeeded\",\"message\":{Encoding.UTF8.GetString(message)}}}"
            : outcome is null ? $"{{\"type\":\"{(batch.IsCancelled ? "canceled" : "expired")}\"}}"
            : "{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal server error\"}}}";
        return $"{{\"custom_id\":{JsonSerializer.Serialize(line.CustomId)},\"result\":{result}}}";
    }

    private static string Show(BatchRequest request, HeldBatch batch)
    {
        var (desk, now) = (request.State.Batches, request.State.Now);
        var outcomes = Enumerable.Range(0, batch.Lines.Count).Select(place => desk.Outcome(batch, place, now)).ToArray();
        var isOver = batch.IsOver(now);
        int Of(bool? wanted) => outcomes.Count(outcome => outcome == wanted);
        return new JsonObject
        {
            ["id"] = batch.Id,
            ["type"] = "message_batch",
            ["processing_status"] = isOver ? "ended" : "in_progress",
            ["request_counts"] = new JsonObject
            {
                ["processing"] = isOver ? 0 : batch.Lines.Count,
                ["succeeded"] = Of(true),
                ["errored"] = Of(false),
                ["canceled"] = batch.IsCancelled ? batch.Lines.Count : 0,
                ["expired"] = isOver && !batch.IsCancelled ? Of(null) : 0,
            },
            ["results_url"] = isOver ? $"https://api.anthropic.com/v1/messages/batches/{batch.Id}/results" : null,
        }.ToJsonString();
    }
}
