using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.OpenAI;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation;

/// <summary>What a request names that is not the caller's to say.</summary>
/// <param name="Model">The model at the provider.</param>
public sealed record RequestTerms(string Model)
{
    /// <summary>The name under which the provider's chat completions take the bound on output tokens.</summary>
    public string MaxTokensField { get; init; } = "max_tokens";

    /// <summary>Whether the provider's chat completions take the caller's name for its own user; one that does not refuses it.</summary>
    public bool NamesEndUser { get; init; } = true;

    /// <summary>The cloud that hosts Anthropic's Messages; null where they are not asked of one.</summary>
    public HostedMessages? Host { get; init; }

    /// <summary>The betas of Anthropic's that the call asks for, as the cloud calls them.</summary>
    public IReadOnlyList<string> Betas { get; init; } = [];

    /// <summary>Whether the provider tells a stream's usage only where it is asked to.</summary>
    public bool AsksForStreamUsage { get; init; }
}

/// <summary>What an answer names where the provider did not.</summary>
/// <param name="Id">A name for the answer that no other has: letters, digits, <c>-</c> and <c>_</c>.</param>
/// <param name="Model">The model that was asked.</param>
/// <param name="Created">The time of the answer.</param>
/// <param name="StreamUsage">Whether the caller of a stream wants to be told the usage.</param>
public sealed record AnswerTerms(string Id, string Model, DateTimeOffset Created, bool StreamUsage);

/// <summary>Something that a caller asked for and that can't be carried over to another API as it was meant.</summary>
/// <param name="Path">Where it stands in the caller's body, for example <c>messages[2].content[0].image_url</c>; empty for the whole.</param>
/// <param name="Why">Why not, for people; it follows the path and a colon.</param>
public sealed record Loss(string Path, string Why)
{
    /// <summary>The place and the reason.</summary>
    public override string ToString() => Path.Length == 0 ? Why : $"{Path}: {Why}";
}

/// <summary>The API in which a deployment is asked where it does not have the caller's own.</summary>
public enum Wire
{
    /// <summary>OpenAI's chat completions, and those of all who offer the same.</summary>
    ChatCompletions,

    /// <summary>Anthropic's Messages.</summary>
    Messages,

    /// <summary>Gemini's <c>generateContent</c> and <c>streamGenerateContent</c>.</summary>
    GenerateContent,

    /// <summary>Bedrock's <c>Converse</c> and <c>ConverseStream</c>.</summary>
    Converse,

    /// <summary>Anthropic's Messages as Bedrock's <c>InvokeModel</c> and Vertex AI's <c>rawPredict</c> take them for Claude models.</summary>
    HostedMessages,
}

/// <summary>A caller's request, read once for all the APIs into which it may have to be translated. It does not change.</summary>
public sealed class TranslatableRequest
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestReader.MaxDepth, AllowDuplicateProperties = false };

    private TranslatableRequest(Operation operation, JsonElement? body, Conversation conversation, IReadOnlyList<Loss> losses)
    {
        Operation = operation;
        Body = body;
        Conversation = conversation;
        Losses = losses;
    }

    /// <summary>What is asked.</summary>
    public Operation Operation { get; }

    /// <summary>Whether the caller of a stream wants to be told its usage.</summary>
    public bool WantsStreamUsage => Conversation.StreamUsage;

    /// <summary>What no other API can be asked, at most a few.</summary>
    public IReadOnlyList<Loss> Losses { get; }

    /// <summary>The whole body; null where no other API can be given it as it is.</summary>
    internal JsonElement? Body { get; }

    internal Conversation Conversation { get; }

    /// <summary>Reads a body that <see cref="RequestReader"/> has read without a problem.</summary>
    /// <param name="operation">What is asked; only <see cref="Operation.ChatCompletions"/> and <see cref="Operation.Messages"/> can be translated.</param>
    /// <param name="body">The body, which must stay as it is while this is in use.</param>
    public static TranslatableRequest Read(Operation operation, ReadOnlyMemory<byte> body)
    {
        var losses = new LossList();
        var conversation = new Conversation();
        JsonElement? whole = null;
        try
        {
            JsonText.RequireNames(body.Span.StartsWith("\uFEFF"u8) ? body.Span[3..] : body.Span, Options.MaxDepth);
            var document = JsonDocument.Parse(body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body, Options);
            conversation = operation switch
            {
                Operation.ChatCompletions => ChatRequestReader.Read(document.RootElement, losses),
                Operation.Messages => MessagesRequestReader.Read(document.RootElement, losses),
                _ => throw new NotSupportedException($"{operation} can't be translated."),
            };
            whole = document.RootElement;
        }
        catch (JsonException)
        {
            losses.Add("", "the body names a property of some object twice");
        }
        catch (InvalidOperationException)
        {
            losses.Add("", "a string holds escapes that are no Unicode text");
        }

        return new TranslatableRequest(operation, whole, conversation, losses.All);
    }
}

/// <summary>An answer holds what can't be put into the caller's API.</summary>
internal sealed class TranslationException(string message) : Exception(message);
