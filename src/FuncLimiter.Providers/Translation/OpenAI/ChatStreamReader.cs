using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Reads the chunks of a streamed chat completion (OpenAI API reference: streaming).</summary>
internal sealed class ChatStreamReader(ReplyStreamWriter writer) : SseReplyReader(writer)
{
    private bool _hasBegun;
    private bool _hasRefused;
    private int _slot = -1;
    private int _index;
    private string? _callId;

    /// <inheritdoc/>
    protected override void TakeEvent(JsonElement data)
    {
        if (StreamEvent.HasError(data))
        {
            Fail(data);
            return;
        }

        if (ReplyJson.Usage(Json.At(data, "usage")) is { } usage)
        {
            Writer.Usage(usage);
        }

        foreach (var choice in ReplyJson.Items(data, "choices"))
        {
            if (!_hasBegun)
            {
                _hasBegun = true;
                Writer.Begin(Json.Text(Json.At(data, "id")), Json.Text(Json.At(data, "model")));
            }

            TakeChoice(choice);
        }
    }

    private void TakeChoice(JsonElement choice)
    {
        var delta = Json.At(choice, "delta");
        if (ReplyJson.Text(delta, "content") is { Length: > 0 } text)
        {
            Writer.Text(text);
        }

        if (ReplyJson.Text(delta, "refusal") is { Length: > 0 } refusal)
        {
            _hasRefused = true;
            Writer.Text(refusal);
        }

        foreach (var call in ReplyJson.Items(delta, "tool_calls"))
        {
            TakeCall(call);
        }

        if (Json.Text(Json.At(choice, "finish_reason")) is { Length: > 0 } reason)
        {
            EndCall();
            var stop = _hasRefused ? StopKind.Refusal : ChatStop.Read(reason);

            // Some servers say "stop" where there were calls.
            Writer.Stop(stop == StopKind.End && _slot >= 0 ? StopKind.ToolCalls : stop, null);
        }
    }

    /// <summary>A call begins where a new id is named: some servers give all their calls the same index.</summary>
    private void TakeCall(JsonElement call)
    {
        var index = ReplyJson.Index(call, "index") ?? _index;
        var function = Json.At(call, "function");
        if (Json.Text(Json.At(call, "id")) is { Length: > 0 } id && id != _callId)
        {
            EndCall();
            (_slot, _index, _callId) = (_slot + 1, index, id);
            Writer.BeginCall(_slot, id, ReplyJson.Required(function, "name"));
        }
        else if (_callId is null || index != _index)
        {
            throw new TranslationException("The provider's stream mixes the pieces of several tool calls.");
        }

        var arguments = Json.At(function, "arguments");
        var fragment = arguments.ValueKind == JsonValueKind.Object ? arguments.GetRawText() : ReplyJson.Text(function, "arguments");
        if (fragment is { Length: > 0 })
        {
            Writer.Arguments(_slot, fragment);
        }
    }

    private void EndCall()
    {
        if (_callId is not null)
        {
            Writer.EndCall(_slot);
            _callId = null;
        }
    }
}
