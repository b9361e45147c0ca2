using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>
/// A provider over plain HTTP that plays a short script in the APIs of Anthropic (messages), OpenAI (responses) and Gemini: whoever offers a
/// tool that it knows is asked to use it once, and then told what it answered. It shares nothing with the product.
/// </summary>
public sealed class ScriptedProvider : IAsyncDisposable
{
    /// <summary>What agents are to run.</summary>
    public const string Command = "echo six times seven is $((6*7))";

    /// <summary>What that prints.</summary>
    public const string Printed = "six times seven is 42";

    public const int InputTokens = 50;
    public const int OutputTokens = 20;

    private readonly WebApplication _app;

    private ScriptedProvider(WebApplication app) => _app = app;

    /// <summary>Its base address.</summary>
    public Uri BaseAddress => new(_app.Urls.Single());

    /// <summary>The paths that it was asked, with their queries.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static async Task<ScriptedProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var provider = new ScriptedProvider(builder.Build());
        provider._app.UseWebSockets();
        provider._app.Run(provider.AnswerAsync);
        await provider._app.StartAsync();
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static JsonNode? LastOf(JsonNode? list) => list?.AsArray().LastOrDefault();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Asked.Enqueue(path + context.Request.QueryString);
        if (context.WebSockets.IsWebSocketRequest)
        {
            await ScriptedSockets.AnswerAsync(context);
            return;
        }

        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync();
        var asked = text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
        await (path switch
        {
            "/v1/messages" => MessageAsync(context, asked),
            "/v1/messages/count_tokens" => JsonAsync(context, new JsonObject { ["input_tokens"] = InputTokens }),
            "/v1/responses" => ResponseAsync(context, asked),
            _ when path.EndsWith(":countTokens", StringComparison.Ordinal) => JsonAsync(context, new JsonObject { ["totalTokens"] = 12 }),
            _ when path.Contains(":generateContent", StringComparison.Ordinal) => JsonAsync(context, Content(asked, isWhole: true)),
            _ when path.Contains(":streamGenerateContent", StringComparison.Ordinal) => EventsAsync(context, [Content(asked, isWhole: false), Content(asked, isWhole: true)]),
            _ => NotFoundAsync(context),
        });
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return JsonAsync(context, new JsonObject { ["error"] = new JsonObject { ["message"] = "No such path." } });
    }

    private static async Task JsonAsync(HttpContext context, JsonObject answer)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer.ToJsonString()));
    }

    private static async Task EventsAsync(HttpContext context, IEnumerable<JsonObject> events)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var one in events)
        {
            var name = one["type"] is { } type ? $"event: {type}\n" : string.Empty;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{name}data: {one.ToJsonString()}\n\n"));
            await context.Response.Body.FlushAsync();
        }
    }

    // "Messages" and "Streaming Messages", docs.anthropic.com.
    private static Task MessageAsync(HttpContext context, JsonNode asked)
    {
        var result = (LastOf(asked["messages"])?["content"] as JsonArray)?.FirstOrDefault(block => block!["type"]?.GetValue<string>() == "tool_result")?["content"];
        var offers = (asked["tools"] as JsonArray)?.Any(tool => tool!["name"]?.GetValue<string>() == "Bash") == true;
        var isCall = result is null && offers;
        var block = isCall
            ? new JsonObject { ["type"] = "tool_use", ["id"] = "toolu_1", ["name"] = "Bash", ["input"] = new JsonObject() }
            : new JsonObject { ["type"] = "text", ["text"] = string.Empty };
        var input = new JsonObject { ["command"] = Command, ["description"] = "Counts" };
        var said = $"The tool said: {result?.ToJsonString() ?? "nothing"}";
        var message = new JsonObject
        {
            ["id"] = "msg_1",
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = asked["model"]?.DeepClone(),
            ["content"] = new JsonArray(),
            ["stop_reason"] = null,
            ["stop_sequence"] = null,
            ["usage"] = new JsonObject { ["input_tokens"] = InputTokens, ["output_tokens"] = 1 },
        };
        var stop = isCall ? "tool_use" : "end_turn";
        if (asked["stream"]?.GetValue<bool>() != true)
        {
            block[isCall ? "input" : "text"] = isCall ? input : said;
            message["content"] = new JsonArray(block);
            message["stop_reason"] = stop;
            message["usage"]!["output_tokens"] = OutputTokens;
            return JsonAsync(context, message);
        }

        var delta = isCall
            ? new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = input.ToJsonString() }
            : new JsonObject { ["type"] = "text_delta", ["text"] = said };
        return EventsAsync(context,
        [
            new JsonObject { ["type"] = "message_start", ["message"] = message },
            new JsonObject { ["type"] = "content_block_start", ["index"] = 0, ["content_block"] = block },
            new JsonObject { ["type"] = "content_block_delta", ["index"] = 0, ["delta"] = delta },
            new JsonObject { ["type"] = "content_block_stop", ["index"] = 0 },
            new JsonObject
            {
                ["type"] = "message_delta", ["delta"] = new JsonObject { ["stop_reason"] = stop, ["stop_sequence"] = null },
                ["usage"] = new JsonObject { ["output_tokens"] = OutputTokens },
            },
            new JsonObject { ["type"] = "message_stop" },
        ]);
    }

    // "Responses" and "Streaming events", platform.openai.com.
    private static Task ResponseAsync(HttpContext context, JsonNode asked)
    {
        var output = (asked["input"] as JsonArray)?.FirstOrDefault(item => item!["type"]?.GetValue<string>() == "function_call_output")?["output"];
        var tool = (asked["tools"] as JsonArray)?.Select(one => one!["name"]?.GetValue<string>()).FirstOrDefault(name => name is "exec_command" or "shell_command" or "shell");
        var item = output is null && tool is not null
            ? new JsonObject
            {
                ["id"] = "fc_1",
                ["type"] = "function_call",
                ["status"] = "completed",
                ["call_id"] = "call_1",
                ["name"] = tool,
                ["arguments"] = (tool switch
                {
                    "exec_command" => new JsonObject { ["cmd"] = Command },
                    "shell" => new JsonObject { ["command"] = new JsonArray("bash", "-lc", Command) },
                    _ => new JsonObject { ["command"] = Command },
                }).ToJsonString(),
            }
            : new JsonObject
            {
                ["id"] = "msg_1",
                ["type"] = "message",
                ["role"] = "assistant",
                ["status"] = "completed",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = $"The tool said: {output?.ToJsonString() ?? "nothing"}", ["annotations"] = new JsonArray() }),
            };
        JsonObject Response(bool isDone) => new()
        {
            ["id"] = "resp_1",
            ["object"] = "response",
            ["created_at"] = 1,
            ["status"] = isDone ? "completed" : "in_progress",
            ["model"] = asked["model"]?.DeepClone(),
            ["output"] = isDone ? new JsonArray(item.DeepClone()) : [],
            ["usage"] = isDone
                ? new JsonObject
                {
                    ["input_tokens"] = InputTokens,
                    ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
                    ["output_tokens"] = OutputTokens,
                    ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
                    ["total_tokens"] = InputTokens + OutputTokens,
                }
                : null,
        };
        return asked["stream"]?.GetValue<bool>() != true
            ? JsonAsync(context, Response(isDone: true))
            : EventsAsync(context,
            [
                new JsonObject { ["type"] = "response.created", ["sequence_number"] = 0, ["response"] = Response(isDone: false) },
                new JsonObject { ["type"] = "response.output_item.added", ["sequence_number"] = 1, ["output_index"] = 0, ["item"] = item.DeepClone() },
                new JsonObject { ["type"] = "response.output_item.done", ["sequence_number"] = 2, ["output_index"] = 0, ["item"] = item.DeepClone() },
                new JsonObject { ["type"] = "response.completed", ["sequence_number"] = 3, ["response"] = Response(isDone: true) },
            ]);
    }

    // "Generating content" and "Function calling", ai.google.dev.
    private static JsonObject Content(JsonNode asked, bool isWhole)
    {
        var result = (LastOf(asked["contents"])?["parts"] as JsonArray)?.FirstOrDefault()?["functionResponse"]?["response"];
        var declared = (asked["tools"] as JsonArray)?.FirstOrDefault()?["functionDeclarations"]?[0]?["name"]?.GetValue<string>();
        var part = result is null && declared is not null
            ? new JsonObject { ["functionCall"] = new JsonObject { ["name"] = declared, ["args"] = new JsonObject { ["city"] = "Paris" } } }
            : new JsonObject { ["text"] = result is not null ? $"The function said: {result.ToJsonString()}" : isWhole ? "from Gemini" : "Hello " };
        var answer = new JsonObject
        {
            ["candidates"] = new JsonArray(new JsonObject { ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray(part) }, ["index"] = 0 }),
            ["modelVersion"] = "gemini-scripted",
        };
        if (isWhole)
        {
            answer["candidates"]![0]!["finishReason"] = "STOP";
            answer["usageMetadata"] = new JsonObject { ["promptTokenCount"] = 12, ["candidatesTokenCount"] = 3, ["totalTokenCount"] = 15 };
        }

        return answer;
    }
}
