using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Reading;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>Reads the events of a streamed message (Anthropic: streaming messages).</summary>
internal sealed class MessagesStreamReader(ReplyStreamWriter writer) : SseReplyReader(writer)
{
    private UsageFields _usage;
    private int? _call;

    /// <inheritdoc/>
    protected override void TakeEvent(JsonElement data)
    {
        switch (Json.Text(Json.At(data, "type")))
        {
            case "message_start":
                var message = Json.At(data, "message");
                TakeUsage(Json.At(message, "usage"));
                Writer.Begin(Json.Text(Json.At(message, "id")), Json.Text(Json.At(message, "model")));
                break;
            case "content_block_start":
                BeginBlock(ReplyJson.Index(data, "index") ?? 0, Json.At(data, "content_block"));
                break;
            case "content_block_delta":
                TakeDelta(ReplyJson.Index(data, "index") ?? 0, Json.At(data, "delta"));
                break;
            case "content_block_stop":
                if (_call is { } call && call == ReplyJson.Index(data, "index"))
                {
                    Writer.EndCall(call);
                    _call = null;
                }

                break;
            case "message_delta":
                TakeUsage(Json.At(data, "usage"));
                if (Json.Text(Json.At(data, "delta", "stop_reason")) is { } reason)
                {
                    Writer.Stop(MessagesStop.Read(reason), Json.Text(Json.At(data, "delta", "stop_sequence")));
                }

                break;
            case "message_stop":
                Complete();
                break;
            case "error":
                Fail(data);
                break;
        }
    }

    private void BeginBlock(int index, JsonElement block)
    {
        switch (Json.Text(Json.At(block, "type")))
        {
            case "text":
                if (Json.Text(Json.At(block, "text")) is { Length: > 0 } text)
                {
                    Writer.Text(text);
                }

                break;
            case "tool_use":
                _call = index;
                Writer.BeginCall(index, ReplyJson.Required(block, "id"), ReplyJson.Required(block, "name"));
                break;
            case var type when !MessagesReplyReader.IsThought(type):
                throw MessagesReplyReader.Unknown(type);
        }
    }

    private void TakeDelta(int index, JsonElement delta)
    {
        switch (Json.Text(Json.At(delta, "type")))
        {
            case "text_delta":
                Writer.Text(ReplyJson.Required(delta, "text"));
                break;
            case "input_json_delta":
                Writer.Arguments(index, ReplyJson.Required(delta, "partial_json"));
                break;
            case "thinking_delta" or "signature_delta":
                break;
            case var type:
                throw MessagesReplyReader.Unknown(type);
        }
    }

    private void TakeUsage(JsonElement usage)
    {
        _usage = _usage.Then(UsageFields.Read(usage));
        if (_usage.ToUsage() is { } used)
        {
            Writer.Usage(used);
        }
    }
}
