using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>Writes an agent's calls in the fleet's dialect.</summary>
internal sealed class AgentRequest(FleetOptions options, FleetTenant tenant, AgentGroup group, string agent)
{
    private const string Filler = "Please look at the figures of the last week and say what has changed and why it may matter to us. ";
    private const string SharedBeginning = "What all of us keep to: ";
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Uri _address = new(
        options.BaseAddress, options.Dialect == ProviderDialect.Anthropic ? "/v1/messages" : "/v1/chat/completions");

    private readonly string _key = options.KeyForAll ?? tenant.ApiKey;
    private readonly string _priority = group.Priority switch
    {
        FleetPriority.Interactive => "interactive",
        FleetPriority.Standard => "standard",
        _ => "background",
    };

    /// <summary>The body of a call: a prompt of so many characters that begins like no other.</summary>
    public ReadOnlyMemory<byte> Body(long number, int characters, int maxTokens)
    {
        var buffer = new ArrayBufferWriter<byte>(characters + 256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("model"u8, group.Model);
        json.WriteNumber("max_tokens"u8, maxTokens);
        if (group.Stream)
        {
            json.WriteBoolean("stream"u8, true);
        }

        if (group.Stream && options.Dialect != ProviderDialect.Anthropic)
        {
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }

        if (group.SharedCharacters > 0 && options.Dialect == ProviderDialect.Anthropic)
        {
            WriteCachedSystem(json);
        }

        json.WriteStartArray("messages"u8);
        if (group.SharedCharacters > 0 && options.Dialect != ProviderDialect.Anthropic)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "system"u8);
            json.WriteString("content"u8, Prompt(SharedBeginning, group.SharedCharacters));
            json.WriteEndObject();
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        json.WriteString("content"u8, Prompt($"{agent} call {number}: ", characters));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>One try of it.</summary>
    public HttpRequestMessage Message(ReadOnlyMemory<byte> body, long number, int retry)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(body) };
        message.Content.Headers.ContentType = Json;
        var headers = message.Headers;
        if (options.Dialect == ProviderDialect.Anthropic)
        {
            headers.Add("x-api-key", _key);
            headers.Add("anthropic-version", "2023-06-01");
        }
        else
        {
            headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        }

        headers.Add("X-Priority", _priority);
        headers.Add("X-User", agent);
        headers.Add("X-Workflow", group.Workflow);
        headers.Add("X-Step", $"step-{number % group.StepsPerRun}");
        headers.Add("X-Run", $"{agent}-{number / group.StepsPerRun}");
        if (retry > 0)
        {
            headers.Add("X-Stainless-Retry-Count", retry.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return message;
    }

    private void WriteCachedSystem(Utf8JsonWriter json)
    {
        json.WriteStartArray("system"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, Prompt(SharedBeginning, group.SharedCharacters));
        json.WriteStartObject("cache_control"u8);
        json.WriteString("type"u8, "ephemeral"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static string Prompt(string beginning, int characters)
    {
        var text = new StringBuilder(beginning, Math.Max(16, characters + Filler.Length));
        while (text.Length < characters)
        {
            text.Append(Filler);
        }

        text.Length = Math.Max(1, characters);
        return text.ToString();
    }
}
