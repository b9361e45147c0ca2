using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.Gemini;

/// <summary>Reads the events of streamGenerateContent, each an answer with a piece of the candidate; a call comes whole.</summary>
internal sealed class GenerateContentStreamReader(ReplyStreamWriter writer, AnswerTerms terms) : SseReplyReader(writer)
{
    private bool _hasBegun;
    private int _calls;

    /// <inheritdoc/>
    protected override void TakeEvent(JsonElement data)
    {
        if (StreamEvent.HasError(data))
        {
            Fail(data);
            return;
        }

        if (ReplyJson.Usage(Json.At(data, "usageMetadata")) is { } usage)
        {
            Writer.Usage(usage);
        }

        if (!_hasBegun)
        {
            _hasBegun = true;
            Writer.Begin(Json.Text(Json.At(data, "responseId")), Json.Text(Json.At(data, "modelVersion")));
        }

        var candidate = ReplyJson.Items(data, "candidates").FirstOrDefault();
        foreach (var part in GenerateContentReplyReader.Parts(candidate, terms, _calls))
        {
            Take(part);
        }

        if (Json.Text(Json.At(candidate, "finishReason")) is { Length: > 0 } reason)
        {
            Writer.Stop(GenerateContentStop.Read(reason, _calls > 0), null);
        }
        else if (Json.Text(Json.At(data, "promptFeedback", "blockReason")) is not null)
        {
            Writer.Stop(StopKind.Refusal, null);
        }
    }

    private void Take(Part part)
    {
        if (part is TextPart text)
        {
            Writer.Text(text.Text);
        }
        else if (part is ToolCallPart call)
        {
            Writer.BeginCall(_calls, call.Id, call.Name);
            Writer.Arguments(_calls, call.Arguments);
            Writer.EndCall(_calls);
            _calls++;
        }
    }
}
