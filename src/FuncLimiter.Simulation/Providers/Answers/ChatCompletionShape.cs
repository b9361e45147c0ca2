using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Chat completions of OpenAI and of Azure, whose streams begin with a chunk of filter results and no choice.</summary>
internal sealed class ChatCompletionShape(AnswerPlan plan, bool azure) : AnswerShape(plan)
{
    private string FinishReason => Plan.Tool is not null ? "tool_calls" : Plan.CutOff ? "length" : "stop";

    public override void Whole(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json, "chat.completion");
        json.WriteStartArray("choices"u8);
        for (var i = 0; i < Plan.Choices; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, i);
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            if (Plan.Tool is null)
            {
                WriteText(json, "content"u8, i, 0, Plan.OutputTokens);
            }
            else
            {
                json.WriteNull("content"u8);
                WriteToolCall(json, i, AnswerPlan.ToolArguments, inStream: false);
            }

            json.WriteNull("refusal"u8);
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, FinishReason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteUsage(json);
        json.WriteString("service_tier"u8, "default"u8);
        json.WriteString("system_fingerprint"u8, "fp_double"u8);
        json.WriteEndObject();
    }

    public override void Begin(JsonScratch stream)
    {
        if (azure)
        {
            stream.Raw("data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\","u8);
            stream.Raw("\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}\n\n"u8);
        }

        for (var i = 0; i < Plan.Choices; i++)
        {
            var json = BeginChunk(stream, i);
            json.WriteString("role"u8, "assistant"u8);
            if (Plan.Tool is null)
            {
                json.WriteString("content"u8, ""u8);
            }
            else
            {
                json.WriteNull("content"u8);
                WriteToolCall(json, i, "", inStream: true);
            }

            json.WriteNull("refusal"u8);
            EndChunk(stream, null);
        }
    }

    public override void Tokens(JsonScratch stream, int from, int count)
    {
        for (var i = 0; i < Plan.Choices; i++)
        {
            if (Plan.Tool is null)
            {
                WriteText(BeginChunk(stream, i), "content"u8, i, from, count);
                EndChunk(stream, null);
            }
            else if (from == 0)
            {
                WriteArguments(stream, i);
            }
        }
    }

    public override void End(JsonScratch stream)
    {
        for (var i = 0; i < Plan.Choices; i++)
        {
            BeginChunk(stream, i);
            EndChunk(stream, FinishReason);
        }

        if (Plan.Request.IncludeUsage)
        {
            var json = stream.BeginEvent();
            json.WriteStartObject();
            WriteHead(json, "chat.completion.chunk");
            json.WriteStartArray("choices"u8);
            json.WriteEndArray();
            WriteUsage(json);
            json.WriteEndObject();
            stream.EndEvent();
        }

        stream.Raw("data: [DONE]\n\n"u8);
    }

    private void WriteHead(Utf8JsonWriter json, string kind)
    {
        json.WriteString("id"u8, "chatcmpl-" + Plan.Id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, Plan.CreatedSeconds);
        json.WriteString("model"u8, Plan.Model);
    }

    private Utf8JsonWriter BeginChunk(JsonScratch stream, int choice)
    {
        var json = stream.BeginEvent();
        json.WriteStartObject();
        WriteHead(json, "chat.completion.chunk");
        json.WriteString("system_fingerprint"u8, "fp_double"u8);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
        return json;
    }

    private void EndChunk(JsonScratch stream, string? finishReason)
    {
        var json = stream.Json;
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (Plan.Request.IncludeUsage)
        {
            json.WriteNull("usage"u8);
        }

        json.WriteEndObject();
        stream.EndEvent();
    }

    private void WriteToolCall(Utf8JsonWriter json, int choice, string arguments, bool inStream)
    {
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        if (inStream)
        {
            json.WriteNumber("index"u8, 0);
        }

        json.WriteString("id"u8, $"call_{Plan.Id}{choice}");
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, Plan.Tool);
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void WriteArguments(JsonScratch stream, int choice)
    {
        var half = AnswerPlan.ToolArguments.Length / 2;
        foreach (var part in (string[])[AnswerPlan.ToolArguments[..half], AnswerPlan.ToolArguments[half..]])
        {
            var json = BeginChunk(stream, choice);
            json.WriteStartArray("tool_calls"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            json.WriteStartObject("function"u8);
            json.WriteString("arguments"u8, part);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            EndChunk(stream, null);
        }
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, Plan.PromptTokens);
        json.WriteNumber("completion_tokens"u8, Plan.AllOutputTokens);
        json.WriteNumber("total_tokens"u8, Plan.PromptTokens + Plan.AllOutputTokens);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, Plan.CacheRead);
        json.WriteNumber("audio_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, 0);
        json.WriteNumber("audio_tokens"u8, 0);
        json.WriteNumber("accepted_prediction_tokens"u8, 0);
        json.WriteNumber("rejected_prediction_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
