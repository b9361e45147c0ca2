using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.OpenAI;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation;

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
