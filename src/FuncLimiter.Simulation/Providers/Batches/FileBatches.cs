using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers.Requests;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Batches;

/// <summary>OpenAI's batches, and Azure's: files of lines in and out.</summary>
internal static class FileBatches
{
    public static Task HandleAsync(BatchRequest request, string[] parts, bool isPost) => (parts, isPost) switch
    {
        (["files"], true) => UploadAsync(request),
        (["files", var id, "content"], false) => DownloadAsync(request, id),
        (["batches"], true) => MakeAsync(request),
        (["batches"], false) => ListAsync(request),
        (["batches", var id], false) => ShowAsync(request, id),
        (["batches", var id, "cancel"], true) => CancelAsync(request, id),
        _ => request.SendUnknownAsync(),
    };

    private static async Task UploadAsync(BatchRequest request)
    {
        var form = await request.Context.Request.ReadFormAsync(request.Context.RequestAborted);
        using var content = new MemoryStream();
        await form.Files[0].CopyToAsync(content, request.Context.RequestAborted);
        var id = $"file-{request.Id}";
        request.State.Batches.Keep(id, content.ToArray());
        await request.SendAsync(new JsonObject
        {
            ["id"] = id,
            ["object"] = "file",
            ["bytes"] = content.Length,
            ["purpose"] = form["purpose"].ToString(),
            ["filename"] = form.Files[0].FileName,
        }.ToJsonString());
    }

    private static async Task MakeAsync(BatchRequest request)
    {
        if (request.State.Batches.TurnsAway())
        {
            await request.SendFullAsync();
            return;
        }

        using var body = await JsonDocument.ParseAsync(request.Context.Request.Body, cancellationToken: request.Context.RequestAborted);
        var root = body.RootElement;
        if (request.State.Batches.File(root.GetProperty("input_file_id").GetString()!) is not { } file)
        {
            await request.SendUnknownAsync();
            return;
        }

        var now = request.State.Now;
        var batch = new HeldBatch($"batch_{request.Id}", request.Key, now, request.State.Batches.DueAt(now), Lines(file))
        {
            Endpoint = root.GetProperty("endpoint").GetString()!,
            Metadata = root.TryGetProperty("metadata", out var metadata) ? metadata.GetRawText() : null,
        };
        request.State.Batches.Add(batch);
        await (request.State.Batches.LosesAnswer() ? request.SendBrokenAsync() : request.SendAsync(Show(request, batch).ToJsonString()));
    }

    private static Task ListAsync(BatchRequest request)
    {
        var query = request.Context.Request.Query;
        var most = int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : 20;
        var found = request.State.Batches.List(request.Key, query.TryGetValue("after", out var after) ? after.ToString() : null, most + 1);
        return request.SendAsync(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. found.Take(most).Select(batch => Show(request, batch))]),
            ["has_more"] = found.Count > most,
        }.ToJsonString());
    }

    private static Task ShowAsync(BatchRequest request, string id) =>
        request.State.Batches.Find(request.Key, id) is { } batch ? request.SendAsync(Show(request, batch).ToJsonString()) : request.SendUnknownAsync();

    private static Task CancelAsync(BatchRequest request, string id)
    {
        if (request.State.Batches.Find(request.Key, id) is not { } batch)
        {
            return request.SendUnknownAsync();
        }

        batch.Cancel(request.State.Now);
        return request.SendAsync(Show(request, batch).ToJsonString());
    }

    private static async Task DownloadAsync(BatchRequest request, string id)
    {
        if (id.IndexOf("_batch_", StringComparison.Ordinal) is not (> 0 and var end) || request.State.Batches.Find(request.Key, id[(end + 1)..]) is not { } batch)
        {
            await request.SendUnknownAsync();
            return;
        }

        var isOutput = id.StartsWith("output", StringComparison.Ordinal);
        request.Context.Response.ContentType = "application/octet-stream";
        for (var place = 0; place < batch.Lines.Count; place++)
        {
            if (request.State.Batches.Outcome(batch, place, request.State.Now) is { } answered && answered == isOutput)
            {
                await request.Context.Response.WriteAsync(Line(request, batch, batch.Lines[place], answered) + "\n", request.Context.RequestAborted);
            }
        }
    }

    private static string Line(BatchRequest request, HeldBatch batch, BatchLine line, bool isAnswered)
    {
        var body = isAnswered ? BatchDesk.Answer(request.State, request.Dialect, OperationOf(batch.Endpoint), batch, line) : null;
        var response = $"{{\"status_code\":{(body is null ? 500 : 200)},\"request_id\":\"{request.Id}\",\"body\":";
        var shown = body is null ? "{\"error\":{\"message\":\"The server had an error.\",\"type\":\"server_error\"}}" : Encoding.UTF8.GetString(body);
        return $"{{\"id\":\"batch_req_{line.CustomId}\",\"custom_id\":{JsonSerializer.Serialize(line.CustomId)},\"response\":{response}{shown}}},\"error\":null}}";
    }

    private static JsonObject Show(BatchRequest request, HeldBatch batch)
    {
        var (desk, now) = (request.State.Batches, request.State.Now);
        var outcomes = Enumerable.Range(0, batch.Lines.Count).Select(place => desk.Outcome(batch, place, now)).ToArray();
        var isOver = batch.IsOver(now);
        var failed = outcomes.Count(outcome => outcome == false);
        return new JsonObject
        {
            ["id"] = batch.Id,
            ["object"] = "batch",
            ["endpoint"] = batch.Endpoint,
            ["completion_window"] = "24h",
            ["status"] = batch.IsCancelled ? "cancelled" : !isOver ? "in_progress" : desk.Expires(batch) ? "expired" : "completed",
            ["output_file_id"] = isOver && outcomes.Contains(true) ? $"output_{batch.Id}" : null,
            ["error_file_id"] = isOver && failed > 0 ? $"error_{batch.Id}" : null,
            ["request_counts"] = new JsonObject
            {
                ["total"] = batch.Lines.Count,
                ["completed"] = outcomes.Count(outcome => outcome == true),
                ["failed"] = failed,
            },
            ["metadata"] = batch.Metadata is { } metadata ? JsonNode.Parse(metadata) : null,
        };
    }

    private static BatchLine[] Lines(byte[] file) =>
    [
        .. Encoding.UTF8.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            return new BatchLine(json.RootElement.GetProperty("custom_id").GetString()!, Encoding.UTF8.GetBytes(json.RootElement.GetProperty("body").GetRawText()));
        }),
    ];

    private static RequestOperation OperationOf(string endpoint) => endpoint switch
    {
        "/v1/responses" => RequestOperation.Responses,
        "/v1/embeddings" => RequestOperation.Embeddings,
        _ => RequestOperation.ChatCompletions,
    };
}
