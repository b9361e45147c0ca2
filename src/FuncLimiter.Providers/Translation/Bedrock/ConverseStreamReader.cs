using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Reading;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.Bedrock;

/// <summary>Reads the binary frames of ConverseStream (Amazon Bedrock API reference: ConverseStreamOutput).</summary>
internal sealed class ConverseStreamReader(ReplyStreamWriter writer) : FramedReplyReader(writer)
{
    private int? _call;

    /// <inheritdoc/>
    protected override void TakeEvent(string type, JsonElement data)
    {
        switch (type)
        {
            case "messageStart":
                Writer.Begin(null, null);
                break;
            case "contentBlockStart":
                if (Json.At(data, "start", "toolUse") is { ValueKind: JsonValueKind.Object } call)
                {
                    _call = Index(data);
                    Writer.BeginCall(_call.Value, ReplyJson.Required(call, "toolUseId"), ReplyJson.Required(call, "name"));
                }

                break;
            case "contentBlockDelta":
                TakeDelta(Index(data), Json.At(data, "delta"));
                break;
            case "contentBlockStop":
                if (_call is { } open && open == Index(data))
                {
                    Writer.EndCall(open);
                    _call = null;
                }

                break;
            case "messageStop":
                Writer.Stop(ConverseStop.Read(Json.Text(Json.At(data, "stopReason")) ?? "end_turn"), null);
                break;
            case "metadata":
                if (ReplyJson.Usage(Json.At(data, "usage")) is { } usage)
                {
                    Writer.Usage(usage);
                }

                break;
        }
    }

    private void TakeDelta(int index, JsonElement delta)
    {
        if (Json.Text(Json.At(delta, "text")) is { } text)
        {
            if (text.Length > 0)
            {
                Writer.Text(text);
            }
        }
        else if (Json.Text(Json.At(delta, "toolUse", "input")) is { } input)
        {
            Writer.Arguments(index, input);
        }
        else if (Json.At(delta, "reasoningContent").ValueKind == JsonValueKind.Undefined)
        {
            throw ConverseReplyReader.Unknown(delta);
        }
    }

    private static int Index(JsonElement data) => ReplyJson.Index(data, "contentBlockIndex") ?? 0;
}
