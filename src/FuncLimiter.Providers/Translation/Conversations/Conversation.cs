using System.Text.Json;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>A request as every API understands it; what some of them lack is found by comparing it with their abilities.</summary>
internal sealed record Conversation
{
    /// <summary>The messages, instructions among them, in the caller's order.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>The tools.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>Whether tools are to be called; null leaves it to the model.</summary>
    public Given<ToolChoice>? Choice { get; init; }

    /// <summary>False where the model may call one tool at a time only.</summary>
    public Given<bool>? ParallelCalls { get; init; }

    /// <summary>The form of the answer; null for text.</summary>
    public Given<OutputFormat>? Format { get; init; }

    /// <summary>Texts at which the answer ends.</summary>
    public Given<IReadOnlyList<string>>? Stop { get; init; }

    /// <summary>The bound on output tokens.</summary>
    public Given<long>? MaxTokens { get; init; }

    /// <summary>Randomness, from 0.</summary>
    public Given<double>? Temperature { get; init; }

    /// <summary>The probability mass drawn from, up to 1.</summary>
    public Given<double>? TopP { get; init; }

    /// <summary>
    /// Temperature and top_p for APIs that take one of them at a time: where both are set, one of 1, which says nothing, is left out.
    /// </summary>
    public (double? Temperature, double? TopP) OneOfBoth => (Temperature?.Value, TopP?.Value) switch
    {
        ({ } temperature, 1) => (temperature, null),
        (1, { } topP) => (null, topP),
        var both => both,
    };

    /// <summary>How many candidates are drawn from.</summary>
    public Given<long>? TopK { get; init; }

    /// <summary>How much words already used often are avoided.</summary>
    public Given<double>? FrequencyPenalty { get; init; }

    /// <summary>How much words already used are avoided.</summary>
    public Given<double>? PresencePenalty { get; init; }

    /// <summary>What randomness starts from.</summary>
    public Given<long>? Seed { get; init; }

    /// <summary>The caller's name for its own user, for the provider's abuse detection.</summary>
    public Given<string>? EndUser { get; init; }

    /// <summary>Whether the answer is streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a streamed answer is to tell its usage.</summary>
    public bool StreamUsage { get; init; }
}

/// <summary>A value together with the place where the caller wrote it, so that a loss can name it.</summary>
internal readonly record struct Given<T>(T Value, string Path);

/// <summary>
/// What one side says before the other does, for APIs in which the two sides take turns: neighbouring messages of one side are one turn, and
/// tools' results are the user's.
/// </summary>
/// <param name="IsAssistant">Whether it is the model's.</param>
/// <param name="Parts">What it holds, in order.</param>
internal sealed record Turn(bool IsAssistant, IReadOnlyList<Part> Parts)
{
    /// <summary>The turns of a conversation, its instructions left out.</summary>
    public static IReadOnlyList<Turn> Of(Conversation conversation)
    {
        var turns = new List<Turn>();
        foreach (var message in conversation.Messages.Where(message => !message.IsInstruction))
        {
            var isAssistant = message.Role == Role.Assistant;
            if (turns is [.., var last] && last.IsAssistant == isAssistant)
            {
                turns[^1] = new Turn(isAssistant, [.. last.Parts, .. message.Parts]);
            }
            else
            {
                turns.Add(new Turn(isAssistant, message.Parts));
            }
        }

        return turns;
    }
}

/// <summary>Whose message it is.</summary>
internal enum Role
{
    System,
    Developer,
    User,
    Assistant,

    /// <summary>A tool's results, which some APIs put into the user's message.</summary>
    Tool,
}

/// <summary>One message as the caller wrote it.</summary>
/// <param name="Role">Whose.</param>
/// <param name="Parts">What it holds, in order.</param>
/// <param name="Path">Where it stands.</param>
internal sealed record Message(Role Role, IReadOnlyList<Part> Parts, string Path)
{
    /// <summary>Whether it instructs the model rather than taking part in the conversation.</summary>
    public bool IsInstruction => Role is Role.System or Role.Developer;
}

/// <summary>A piece of a message.</summary>
/// <param name="Path">Where it stands.</param>
internal abstract record Part(string Path)
{
    /// <summary>Whether the prompt up to here is to be cached, where the provider does so only when told.</summary>
    public bool EndsCachedPrefix { get; init; }
}

/// <summary>Text.</summary>
internal sealed record TextPart(string Text, string Path) : Part(Path);

/// <summary>An image, either in the request itself or at an address.</summary>
/// <param name="MediaType">For example <c>image/png</c>; null where only an address is known.</param>
/// <param name="Data">The bytes in base64; null where it has an address.</param>
/// <param name="Url">The address; null where the bytes are here.</param>
/// <param name="Detail">How closely the model is to look, where the caller said: <c>low</c>, <c>high</c>, ...</param>
internal sealed record ImagePart(string? MediaType, string? Data, string? Url, string? Detail, string Path) : Part(Path);

/// <summary>The model's wish to have a tool called.</summary>
/// <param name="Id">The name by which its result refers to it.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object, as it was written.</param>
internal sealed record ToolCallPart(string Id, string Name, string Arguments, string Path) : Part(Path);

/// <summary>What a tool gave back.</summary>
/// <param name="CallId">The call that it answers.</param>
/// <param name="Content">Text and images.</param>
/// <param name="IsError">Whether the tool failed.</param>
internal sealed record ToolResultPart(string CallId, IReadOnlyList<Part> Content, bool IsError, string Path) : Part(Path);

/// <summary>A tool that the model may ask to have called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, or null.</param>
/// <param name="Schema">The JSON schema of its arguments; undefined where it takes none.</param>
/// <param name="Strict">Whether the arguments must keep to the schema; null where the caller left it open.</param>
/// <param name="Path">Where it stands.</param>
internal sealed record Tool(string Name, string? Description, JsonElement Schema, bool? Strict, string Path)
{
    /// <summary>Whether the tools up to here are to be cached, where the provider does so only when told.</summary>
    public bool EndsCachedPrefix { get; init; }

    /// <summary>Whether the schema says nothing.</summary>
    public bool TakesNothing => Schema.ValueKind == JsonValueKind.Undefined || !Schema.EnumerateObject().Any();
}

/// <summary>Whether tools are to be called.</summary>
internal enum ToolMode
{
    Auto,
    None,

    /// <summary>At least one, whichever.</summary>
    Any,

    /// <summary>The one that is named.</summary>
    Named,
}

/// <summary>Whether tools are to be called, and which.</summary>
internal sealed record ToolChoice(ToolMode Mode, string? Name = null);

/// <summary>The form in which the model must answer.</summary>
/// <param name="Schema">The JSON schema that the answer keeps to; undefined where any JSON object will do.</param>
/// <param name="Name">The schema's name, or null.</param>
/// <param name="Description">What the schema is for, or null.</param>
/// <param name="Strict">Whether it is enforced; null where the caller left it open.</param>
internal sealed record OutputFormat(JsonElement Schema, string? Name = null, string? Description = null, bool? Strict = null)
{
    /// <summary>Whether there is a schema.</summary>
    public bool HasSchema => Schema.ValueKind != JsonValueKind.Undefined;
}

/// <summary>Writes JSON schemas.</summary>
internal static class SchemaText
{
    /// <summary>A schema as the caller wrote it.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement schema) => json.WriteRawValue(schema.GetRawText(), skipInputValidation: true);

    /// <summary>The schema of a tool's arguments, or that of an empty object.</summary>
    public static void Write(Utf8JsonWriter json, Tool tool)
    {
        if (!tool.TakesNothing)
        {
            Write(json, tool.Schema);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        json.WriteEndObject();
        json.WriteEndObject();
    }
}

/// <summary>Writes what a caller gave, and nothing for what it left out.</summary>
internal static class GivenJson
{
    public static void WriteGiven(this Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    public static void WriteGiven(this Utf8JsonWriter json, string name, bool? flag)
    {
        if (flag is { } given)
        {
            json.WriteBoolean(name, given);
        }
    }

    public static void WriteGiven(this Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } given)
        {
            json.WriteNumber(name, given);
        }
    }

    public static void WriteGiven(this Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } given)
        {
            json.WriteNumber(name, given);
        }
    }

    public static void WriteGiven(this Utf8JsonWriter json, string name, IReadOnlyList<string>? texts)
    {
        if (texts is null)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}

/// <summary>Why a model stopped.</summary>
internal enum StopKind
{
    /// <summary>It was done.</summary>
    End,

    /// <summary>It came to one of the caller's stop texts.</summary>
    StopText,

    /// <summary>It came to the bound on output.</summary>
    Length,

    /// <summary>It wants tools called.</summary>
    ToolCalls,

    /// <summary>It, or a filter, declined.</summary>
    Refusal,
}

/// <summary>A model's whole answer.</summary>
/// <param name="Id">The provider's name for it; null where it gave none.</param>
/// <param name="Model">The model that says it answered; null where it did not say.</param>
/// <param name="Parts">Text and tool calls, in order.</param>
/// <param name="Stop">Why it ended.</param>
/// <param name="StopText">The stop text it came to, where the provider tells which.</param>
/// <param name="Usage">The tokens used; null where it did not say.</param>
internal sealed record Reply(string? Id, string? Model, IReadOnlyList<Part> Parts, StopKind Stop, string? StopText, TokenUsage? Usage)
{
    /// <summary>All text, one piece after the other; null where there is none.</summary>
    public string? Text
    {
        get
        {
            var texts = Parts.OfType<TextPart>().Select(part => part.Text).ToArray();
            return texts.Length == 0 ? null : string.Concat(texts);
        }
    }

    /// <summary>The tool calls.</summary>
    public IEnumerable<ToolCallPart> Calls => Parts.OfType<ToolCallPart>();
}
