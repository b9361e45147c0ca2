using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>What providers answer, byte for byte as they write it.</summary>
internal static class FieldAnswers
{
    /// <summary>The pause between two writes of a whole stream.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    /// <summary>The whole answer in the form of the path that was asked, streamed where that was asked.</summary>
    public static FieldAnswer Whole(int input = 9, int output = 3) => (request, context) => request.Streams
        ? Stream(StreamOf(request, input, output))(request, context)
        : Json(200, WholeOf(request, input, output))(request, context);

    /// <summary>The same, gzipped as one body.</summary>
    public static FieldAnswer Gzipped(int input, int output) => async (request, context) =>
    {
        var text = request.Streams
            ? string.Concat(StreamOf(request, input, output).OfType<string>())
            : WholeOf(request, input, output);
        context.Response.ContentType = request.Streams ? "text/event-stream; charset=utf-8" : "application/json";
        context.Response.Headers.ContentEncoding = "gzip";
        var bytes = Gzip(Encoding.UTF8.GetBytes(text));
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    };

    /// <summary>A body that says nothing of streams, with a status and headers.</summary>
    public static FieldAnswer Json(int status, string body, params (string Name, string Value)[] headers) => async (_, context) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
        {
            context.Response.Headers.Append(name, value);
        }

        var bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    };

    /// <summary>A refusal in OpenAI's form.</summary>
    public static FieldAnswer Refusal(int status, string text, params (string Name, string Value)[] headers) => Json(status, RefusalBody(text), headers);

    /// <summary>The body of a refusal in OpenAI's form.</summary>
    public static string RefusalBody(string text) =>
        $$$"""{"error":{"message":{{{JsonSerializer.Serialize(text, JsonSerializerOptions.Web)}}},"type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}""";

    /// <summary>The first answer once, every later time the second.</summary>
    public static FieldAnswer FirstThen(FieldAnswer first, FieldAnswer later) =>
        (request, context) => request.Index == 0 ? first(request, context) : later(request, context);

    /// <summary>A stream: texts are written one by one, time spans are pauses; then its body ends.</summary>
    public static FieldAnswer Stream(params object[] steps) => async (_, context) =>
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        foreach (var step in steps)
        {
            if (step is TimeSpan pause)
            {
                await Task.Delay(pause, context.RequestAborted);
                continue;
            }

            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes((string)step), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    };

    /// <summary>One event that has no type.</summary>
    public static string Data(string json) => $"data: {json}\n\n";

    /// <summary>One event with its type before its data.</summary>
    public static string Event(string json)
    {
        using var document = JsonDocument.Parse(json);
        return $"event: {document.RootElement.GetProperty("type").GetString()}\ndata: {json}\n\n";
    }

    /// <summary>The chunk of a chat stream that names the role alone.</summary>
    public static string RoleChunk(char letter) => Chunk(letter, """{"role":"assistant","content":""}""");

    /// <summary>A chunk of a chat stream with text.</summary>
    public static string TextChunk(char letter, string text) => Chunk(letter, $$"""{"content":"{{text}}"}""");

    /// <summary>The steps of a whole stream.</summary>
    public static object[] StreamOf(FieldRequest request, int input = 9, int output = 3)
    {
        var path = request.Target.Split('?')[0];
        var letter = request.Account.Letter;
        return path.EndsWith("/messages", StringComparison.Ordinal) ? Messages(letter, input, output)
            : path.EndsWith("/responses", StringComparison.Ordinal) ? Responses(request, input, output)
            : Chat(request, input, output);
    }

    /// <summary>The body of the whole answer.</summary>
    public static string WholeOf(FieldRequest request, int input = 9, int output = 3)
    {
        var path = request.Target.Split('?')[0];
        var letter = request.Account.Letter;
        return path.EndsWith("/chat/completions", StringComparison.Ordinal)
            ? $$$"""{"id":"cc_{{{letter}}}","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"from {{{letter}}}"},"finish_reason":"stop"}],"usage":{{{ChatUsage(input, output)}}}}"""
            : path.EndsWith("/messages", StringComparison.Ordinal)
            ? $$$"""{"id":"msg_{{{letter}}}","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"from {{{letter}}}"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":{{{input}}},"output_tokens":{{{output}}}}}"""
            : path.EndsWith("/responses", StringComparison.Ordinal)
            ? ResponseOf(request, input, output)
            : $$$"""{"id":"x_{{{letter}}}_{{{request.Index}}}","object":"thing","mark":"from {{{letter}}}","usage":{{{ChatUsage(input, output)}}}}""";
    }

    /// <summary>An HTTP date with any zone at its end.</summary>
    public static string Date(DateTimeOffset at, string zone) =>
        at.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + zone;

    /// <summary>Bytes, gzipped.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static string Chunk(char letter, string delta, string finish = "null") => Data(
        $$$"""{"id":"cc_{{{letter}}}","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{{{delta}}},"finish_reason":{{{finish}}}}]}""");

    private static object[] Chat(FieldRequest request, int input, int output)
    {
        var letter = request.Account.Letter;
        var usage = Data($$$"""{"id":"cc_{{{letter}}}","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{{{ChatUsage(input, output)}}}}""");
        return
        [
            RoleChunk(letter), Short, TextChunk(letter, $"from {letter}"), Chunk(letter, "{}", "\"stop\""),
            .. (IEnumerable<object>)(request.WantsUsage ? [usage] : []), "data: [DONE]\n\n",
        ];
    }

    private static object[] Messages(char letter, int input, int output) =>
    [
        Event($$$$"""{"type":"message_start","message":{"id":"msg_{{{{letter}}}}","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":{{{{input}}}},"output_tokens":1}}}""")
        + Event("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
        Short,
        Event($$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"from {{{letter}}}"}}"""),
        Event("""{"type":"content_block_stop","index":0}"""),
        Short,
        Event($$$"""{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":{{{output}}}}}""")
        + Event("""{"type":"message_stop"}"""),
    ];

    private static object[] Responses(FieldRequest request, int input, int output)
    {
        var letter = request.Account.Letter;
        var begun = $$$"""{"id":"resp_{{{letter}}}_{{{request.Index}}}","object":"response","created_at":1,"status":"in_progress","model":"m","error":null,"usage":null,"output":[]}""";
        return
        [
            Event($$$"""{"type":"response.created","sequence_number":0,"response":{{{begun}}}}"""), Short,
            Event($$$"""{"type":"response.output_text.delta","sequence_number":1,"item_id":"m1","output_index":0,"content_index":0,"delta":"from {{{letter}}}"}"""),
            Event($$$"""{"type":"response.completed","sequence_number":2,"response":{{{ResponseOf(request, input, output)}}}}"""),
        ];
    }

    private static string ResponseOf(FieldRequest request, int input, int output) =>
        $$$"""{"id":"resp_{{{request.Account.Letter}}}_{{{request.Index}}}","object":"response","created_at":1,"status":"completed","model":"m","error":null,"usage":{"input_tokens":{{{input}}},"output_tokens":{{{output}}},"total_tokens":{{{input + output}}}},"output":[{"type":"message","id":"m1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"from {{{request.Account.Letter}}}","annotations":[]}]}]}""";

    private static string ChatUsage(int input, int output) =>
        $$$"""{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input + output}}}}""";
}
