using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Anthropic's messages.</summary>
internal sealed class MessagesShape(AnswerPlan plan) : AnswerShape(plan)
{
    private string StopReason => Plan.Tool is not null ? "tool_use" : Plan.CutOff ? "max_tokens" : "end_turn";

    public override void Whole(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json);
        json.WriteStartArray("content"u8);
        json.WriteStartObject();
        if (Plan.Tool is null)
        {
            json.WriteString("type"u8, "text"u8);
            WriteText(json, "text"u8, 0, 0, Plan.OutputTokens);
        }
        else
        {
            WriteToolUse(json);
            json.WritePropertyName("input"u8);
            json.WriteRawValue(AnswerPlan.ToolArguments);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("stop_reason"u8, StopReason);
        json.WriteNull("stop_sequence"u8);
        WriteUsage(json, Plan.OutputTokens);
        json.WriteEndObject();
    }

    public override void Begin(JsonScratch stream)
    {
        var json = BeginEvent(stream, "message_start");
        json.WriteStartObject("message"u8);
        WriteHead(json);
        json.WriteStartArray("content"u8);
        json.WriteEndArray();
        json.WriteNull("stop_reason"u8);
        json.WriteNull("stop_sequence"u8);
        WriteUsage(json, 1);
        json.WriteEndObject();
        EndEvent(stream);

        BeginEvent(stream, "content_block_start");
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("content_block"u8);
        if (Plan.Tool is null)
        {
            json.WriteString("type"u8, "text"u8);
            json.WriteString("text"u8, ""u8);
        }
        else
        {
            WriteToolUse(json);
            json.WriteStartObject("input"u8);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        EndEvent(stream);
        BeginEvent(stream, "ping");
        EndEvent(stream);
    }

    public override void Tokens(JsonScratch stream, int from, int count)
    {
        if (Plan.Tool is null)
        {
            var json = BeginDelta(stream, "text_delta");
            WriteText(json, "text"u8, 0, from, count);
            json.WriteEndObject();
            EndEvent(stream);
        }
        else if (from == 0)
        {
            var half = AnswerPlan.ToolArguments.Length / 2;
            foreach (var part in (string[])["", AnswerPlan.ToolArguments[..half], AnswerPlan.ToolArguments[half..]])
            {
                var json = BeginDelta(stream, "input_json_delta");
                json.WriteString("partial_json"u8, part);
                json.WriteEndObject();
                EndEvent(stream);
            }
        }
    }

    public override void End(JsonScratch stream)
    {
        var json = BeginEvent(stream, "content_block_stop");
        json.WriteNumber("index"u8, 0);
        EndEvent(stream);

        BeginEvent(stream, "message_delta");
        json.WriteStartObject("delta"u8);
        json.WriteString("stop_reason"u8, StopReason);
        json.WriteNull("stop_sequence"u8);
        json.WriteEndObject();
        json.WriteStartObject("usage"u8);
        WriteInput(json);
        json.WriteNumber("output_tokens"u8, Plan.OutputTokens);
        json.WriteEndObject();
        EndEvent(stream);

        BeginEvent(stream, "message_stop");
        EndEvent(stream);
    }

    private static Utf8JsonWriter BeginEvent(JsonScratch stream, string type)
    {
        var json = stream.BeginEvent(type);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        return json;
    }

    private static Utf8JsonWriter BeginDelta(JsonScratch stream, string type)
    {
        var json = BeginEvent(stream, "content_block_delta");
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("delta"u8);
        json.WriteString("type"u8, type);
        return json;
    }

    private static void EndEvent(JsonScratch stream)
    {
        stream.Json.WriteEndObject();
        stream.EndEvent();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, "msg_" + Plan.Id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, Plan.Model);
    }

    private void WriteToolUse(Utf8JsonWriter json)
    {
        json.WriteString("type"u8, "tool_use"u8);
        json.WriteString("id"u8, "toolu_" + Plan.Id);
        json.WriteString("name"u8, Plan.Tool);
    }

    private void WriteUsage(Utf8JsonWriter json, long outputTokens)
    {
        json.WriteStartObject("usage"u8);
        WriteInput(json);
        json.WriteStartObject("cache_creation"u8);
        json.WriteNumber("ephemeral_5m_input_tokens"u8, Plan.CacheWritten);
        json.WriteNumber("ephemeral_1h_input_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, outputTokens);
        json.WriteString("service_tier"u8, "standard"u8);
        json.WriteEndObject();
    }

    private void WriteInput(Utf8JsonWriter json)
    {
        json.WriteNumber("input_tokens"u8, Plan.PlainInput);
        json.WriteNumber("cache_creation_input_tokens"u8, Plan.CacheWritten);
        json.WriteNumber("cache_read_input_tokens"u8, Plan.CacheRead);
    }
}
