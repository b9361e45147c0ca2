using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Gemini;

/// <summary>Reads what generateContent answers (Gemini API: GenerateContentResponse).</summary>
internal static class GenerateContentReplyReader
{
    /// <summary>Reads an answer with one candidate; a prompt that was blocked has none.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="terms">From its id, calls that Gemini left without one get theirs.</param>
    public static Reply Read(JsonElement body, AnswerTerms terms)
    {
        var candidate = ReplyJson.Items(body, "candidates").FirstOrDefault();
        if (candidate.ValueKind != JsonValueKind.Object && Json.Text(Json.At(body, "promptFeedback", "blockReason")) is null)
        {
            throw new TranslationException("The provider's answer has no candidate.");
        }

        var parts = Parts(candidate, terms, 0).ToList();
        var stop = candidate.ValueKind == JsonValueKind.Object
            ? GenerateContentStop.Read(Json.Text(Json.At(candidate, "finishReason")) ?? "STOP", parts.OfType<ToolCallPart>().Any())
            : StopKind.Refusal;
        return new Reply(
            Json.Text(Json.At(body, "responseId")),
            Json.Text(Json.At(body, "modelVersion")),
            parts,
            stop,
            null,
            ReplyJson.Usage(Json.At(body, "usageMetadata")));
    }

    /// <summary>The parts of a candidate, or of a piece of one.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="terms">For the ids of calls.</param>
    /// <param name="calls">How many calls came before.</param>
    internal static IEnumerable<Part> Parts(JsonElement candidate, AnswerTerms terms, int calls)
    {
        foreach (var part in ReplyJson.Items(Json.At(candidate, "content"), "parts"))
        {
            if (Json.At(part, "thought").ValueKind == JsonValueKind.True)
            {
                continue;
            }

            if (Json.Text(Json.At(part, "text")) is { } text)
            {
                if (text.Length > 0)
                {
                    yield return new TextPart(text, "");
                }
            }
            else if (Json.At(part, "functionCall") is { ValueKind: JsonValueKind.Object } call)
            {
                var args = Json.At(call, "args");
                yield return new ToolCallPart(
                    Json.Text(Json.At(call, "id")) is { Length: > 0 } id ? id : $"call_{terms.Id}_{calls}",
                    ReplyJson.Required(call, "name"),
                    args.ValueKind == JsonValueKind.Object ? args.GetRawText() : "{}",
                    "");
                calls++;
            }
            else if (part.EnumerateObject().Any(property => property.Name != "thoughtSignature"))
            {
                throw new TranslationException(
                    $"The provider's answer holds '{part.EnumerateObject().First().Name}', which can't be put into your API.");
            }
        }
    }
}

/// <summary>Gemini's finish reasons.</summary>
internal static class GenerateContentStop
{
    /// <summary>The reason behind a word.</summary>
    /// <param name="word">For example <c>MAX_TOKENS</c>.</param>
    /// <param name="hasCalls">Whether there were tool calls, which Gemini does not count as a reason.</param>
    public static StopKind Read(string word, bool hasCalls) => word switch
    {
        "STOP" => hasCalls ? StopKind.ToolCalls : StopKind.End,
        "MAX_TOKENS" => StopKind.Length,
        "SAFETY" or "RECITATION" or "LANGUAGE" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "IMAGE_SAFETY" => StopKind.Refusal,
        _ => throw new TranslationException($"The provider stopped its answer because of {word}."),
    };
}
