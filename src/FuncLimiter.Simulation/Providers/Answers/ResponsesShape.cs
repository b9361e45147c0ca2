using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>OpenAI's responses. Every event of a stream carries a sequence number.</summary>
internal sealed class ResponsesShape(AnswerPlan plan) : AnswerShape(plan)
{
    private int _sequence;

    private string ItemId => (Plan.Tool is null ? "msg_" : "fc_") + Plan.Id;

    public override void Whole(Utf8JsonWriter json) => WriteResponse(json, Plan.CutOff ? "incomplete" : "completed");

    public override void Begin(JsonScratch stream)
    {
        foreach (var type in (string[])["response.created", "response.in_progress"])
        {
            var json = BeginEvent(stream, type);
            json.WritePropertyName("response"u8);
            WriteResponse(json, "in_progress");
            EndEvent(stream);
        }

        var added = BeginEvent(stream, "response.output_item.added");
        added.WriteNumber("output_index"u8, 0);
        added.WritePropertyName("item"u8);
        WriteItem(added, "in_progress");
        EndEvent(stream);
        if (Plan.Tool is null)
        {
            var part = BeginItemEvent(stream, "response.content_part.added");
            part.WriteNumber("content_index"u8, 0);
            part.WritePropertyName("part"u8);
            WritePart(part, 0);
            EndEvent(stream);
        }
    }

    public override void Tokens(JsonScratch stream, int from, int count)
    {
        if (Plan.Tool is null)
        {
            var json = BeginItemEvent(stream, "response.output_text.delta");
            json.WriteNumber("content_index"u8, 0);
            WriteText(json, "delta"u8, 0, from, count);
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
            EndEvent(stream);
        }
        else if (from == 0)
        {
            var json = BeginItemEvent(stream, "response.function_call_arguments.delta");
            json.WriteString("delta"u8, AnswerPlan.ToolArguments);
            EndEvent(stream);
        }
    }

    public override void End(JsonScratch stream)
    {
        EndContent(stream);
        var done = BeginEvent(stream, "response.output_item.done");
        done.WriteNumber("output_index"u8, 0);
        done.WritePropertyName("item"u8);
        WriteItem(done, "completed");
        EndEvent(stream);

        var state = Plan.CutOff ? "incomplete" : "completed";
        var json = BeginEvent(stream, "response." + state);
        json.WritePropertyName("response"u8);
        WriteResponse(json, state);
        EndEvent(stream);
    }

    private static void EndEvent(JsonScratch stream)
    {
        stream.Json.WriteEndObject();
        stream.EndEvent();
    }

    private void EndContent(JsonScratch stream)
    {
        if (Plan.Tool is not null)
        {
            var arguments = BeginItemEvent(stream, "response.function_call_arguments.done");
            arguments.WriteString("name"u8, Plan.Tool);
            arguments.WriteString("arguments"u8, AnswerPlan.ToolArguments);
            EndEvent(stream);
            return;
        }

        var text = BeginItemEvent(stream, "response.output_text.done");
        text.WriteNumber("content_index"u8, 0);
        WriteText(text, "text"u8, 0, 0, Plan.OutputTokens);
        text.WriteStartArray("logprobs"u8);
        text.WriteEndArray();
        EndEvent(stream);
        var part = BeginItemEvent(stream, "response.content_part.done");
        part.WriteNumber("content_index"u8, 0);
        part.WritePropertyName("part"u8);
        WritePart(part, Plan.OutputTokens);
        EndEvent(stream);
    }

    private Utf8JsonWriter BeginEvent(JsonScratch stream, string type)
    {
        var json = stream.BeginEvent(type);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteNumber("sequence_number"u8, _sequence++);
        return json;
    }

    private Utf8JsonWriter BeginItemEvent(JsonScratch stream, string type)
    {
        var json = BeginEvent(stream, type);
        json.WriteString("item_id"u8, ItemId);
        json.WriteNumber("output_index"u8, 0);
        return json;
    }

    private void WriteResponse(Utf8JsonWriter json, string state)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, "resp_" + Plan.Id);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, Plan.CreatedSeconds);
        json.WriteString("status"u8, state);
        json.WriteNull("error"u8);
        json.WritePropertyName("incomplete_details"u8);
        json.WriteRawValue(state == "incomplete" ? """{"reason":"max_output_tokens"}""" : "null");
        json.WriteNull("instructions"u8);
        json.WriteString("model"u8, Plan.Model);
        json.WriteStartArray("output"u8);
        if (state != "in_progress")
        {
            WriteItem(json, state);
        }

        json.WriteEndArray();
        json.WriteBoolean("parallel_tool_calls"u8, true);
        json.WriteNull("previous_response_id"u8);
        json.WriteBoolean("store"u8, false);
        json.WriteNumber("temperature"u8, 1);
        json.WriteString("tool_choice"u8, "auto"u8);
        json.WriteStartArray("tools"u8);
        json.WriteEndArray();
        json.WriteNumber("top_p"u8, 1);
        WriteUsage(json, state != "in_progress");
        json.WriteStartObject("metadata"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteItem(Utf8JsonWriter json, string state)
    {
        var whole = state != "in_progress";
        json.WriteStartObject();
        json.WriteString("id"u8, ItemId);
        json.WriteString("type"u8, Plan.Tool is null ? "message"u8 : "function_call"u8);
        json.WriteString("status"u8, state);
        if (Plan.Tool is not null)
        {
            json.WriteString("call_id"u8, "call_" + Plan.Id);
            json.WriteString("name"u8, Plan.Tool);
            json.WriteString("arguments"u8, whole ? AnswerPlan.ToolArguments : "");
            json.WriteEndObject();
            return;
        }

        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        if (whole)
        {
            WritePart(json, Plan.OutputTokens);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WritePart(Utf8JsonWriter json, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "output_text"u8);
        WriteText(json, "text"u8, 0, 0, tokens);
        json.WriteStartArray("annotations"u8);
        json.WriteEndArray();
        json.WriteStartArray("logprobs"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteUsage(Utf8JsonWriter json, bool known)
    {
        if (!known)
        {
            json.WriteNull("usage"u8);
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, Plan.PromptTokens);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, Plan.CacheRead);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, Plan.AllOutputTokens);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, Plan.PromptTokens + Plan.AllOutputTokens);
        json.WriteEndObject();
    }
}
