using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The scripted provider's WebSockets, text alone: OpenAI's Realtime ("Realtime API", server events) and Responses ("WebSocket mode").</summary>
internal static class ScriptedSockets
{
    /// <summary>What it answers to everything, in pieces.</summary>
    public static readonly IReadOnlyList<string> Said = ["Hello ", "over a ", "socket."];

    public static async Task AnswerAsync(HttpContext context)
    {
        var model = context.Request.Query["model"].ToString();
        var isRealtime = context.Request.Path.Value!.EndsWith("/realtime", StringComparison.Ordinal);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        if (isRealtime)
        {
            await SendAsync(socket, "session.created", new() { ["session"] = Session(model, null) });
        }

        for (var answers = 0; await ReadAsync(socket, context.RequestAborted) is { } asked;)
        {
            switch (asked["type"]!.GetValue<string>())
            {
                case "session.update":
                    await SendAsync(socket, "session.updated", new() { ["session"] = Session(model, asked["session"]) });
                    break;
                case "conversation.item.create":
                    var item = asked["item"]!.DeepClone();
                    item["id"] = "item_1";
                    await SendAsync(socket, "conversation.item.added", new() { ["item"] = item.DeepClone() });
                    await SendAsync(socket, "conversation.item.done", new() { ["item"] = item });
                    break;
                case "response.create":
                    await RespondAsync(socket, isRealtime, $"resp_{++answers}", asked["model"]?.GetValue<string>() ?? model);
                    break;
                case var other:
                    await SendAsync(socket, "error", new() { ["error"] = new JsonObject { ["type"] = "invalid_request_error", ["code"] = "unknown_event", ["message"] = $"No such event: {other}" } });
                    break;
            }
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    }

    private static JsonObject Session(string model, JsonNode? wished) => new()
    {
        ["type"] = "realtime",
        ["object"] = "realtime.session",
        ["id"] = "sess_1",
        ["model"] = model,
        ["output_modalities"] = new JsonArray("text"),
        ["instructions"] = wished?["instructions"]?.DeepClone() ?? "",
    };

    private static async Task RespondAsync(WebSocket socket, bool isRealtime, string id, string model)
    {
        JsonObject Item(string status, string text) => new()
        {
            ["id"] = "msg_1",
            ["type"] = "message",
            ["role"] = "assistant",
            ["status"] = status,
            ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() }),
        };
        JsonObject Response(bool isDone) => new()
        {
            ["id"] = id,
            ["object"] = isRealtime ? "realtime.response" : "response",
            ["created_at"] = 1,
            ["model"] = model,
            ["status"] = isDone ? "completed" : "in_progress",
            ["output"] = isDone ? new JsonArray(Item("completed", string.Concat(Said))) : new JsonArray(),
            ["usage"] = !isDone ? null : new JsonObject
            {
                ["input_tokens"] = ScriptedProvider.InputTokens,
                ["output_tokens"] = ScriptedProvider.OutputTokens,
                ["total_tokens"] = ScriptedProvider.InputTokens + ScriptedProvider.OutputTokens,
            },
        };
        await SendAsync(socket, "response.created", new() { ["response"] = Response(isDone: false) });
        await SendAsync(socket, "response.output_item.added", new() { ["response_id"] = id, ["output_index"] = 0, ["item"] = Item("in_progress", "") });
        foreach (var piece in Said)
        {
            await SendAsync(socket, "response.output_text.delta", new()
            {
                ["response_id"] = id,
                ["item_id"] = "msg_1",
                ["output_index"] = 0,
                ["content_index"] = 0,
                ["delta"] = piece,
            });
        }

        await SendAsync(socket, "response.output_item.done", new() { ["response_id"] = id, ["output_index"] = 0, ["item"] = Item("completed", string.Concat(Said)) });
        await SendAsync(socket, isRealtime ? "response.done" : "response.completed", new() { ["response"] = Response(isDone: true) });
    }

    private static Task SendAsync(WebSocket socket, string type, JsonObject told)
    {
        told["type"] = type;
        told["event_id"] = $"event_{Guid.NewGuid():N}";
        return socket.SendAsync(Encoding.UTF8.GetBytes(told.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    private static async Task<JsonNode?> ReadAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return JsonNode.Parse(message.ToArray());
            }
        }
    }
}
