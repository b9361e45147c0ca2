using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Providers.Translation.Bedrock;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Fitting;
using FuncLimiter.Providers.Translation.Gemini;
using FuncLimiter.Providers.Translation.OpenAI;
using FuncLimiter.Providers.Translation.Reading;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation;

/// <summary>
/// How calls of one API are made in another: the request there, its answer back. Whether nothing is lost is told by the request alone, before
/// the call is made.
/// </summary>
public sealed class CallTranslation
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = RequestReader.MaxDepth };

    private readonly Operation _from;
    private readonly Wire _to;

    private CallTranslation(Operation from, Wire to)
    {
        _from = from;
        _to = to;
    }

    /// <summary>The API in which the call is made.</summary>
    public Wire Target => _to;

    /// <summary>The way from what is asked to another API; null where there is none, or the API is the caller's own.</summary>
    /// <param name="from">What is asked.</param>
    /// <param name="to">The API in which it would be.</param>
    public static CallTranslation? For(Operation from, Wire to) => (from, to) switch
    {
        (Operation.ChatCompletions, not (Wire.ChatCompletions or Wire.HostedMessages)) => new CallTranslation(from, to),
        (Operation.Messages, not Wire.Messages) => new CallTranslation(from, to),
        _ => null,
    };

    /// <summary>What would be lost on this way; empty where nothing would.</summary>
    /// <param name="provider">Who would be asked: some have rules beyond their API's.</param>
    public IReadOnlyList<Loss> Check(TranslatableRequest request, Provider provider)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(provider);
        if (_to == Wire.HostedMessages && request.Body is not null)
        {
            return [];
        }

        if (request.Losses.Count > 0)
        {
            return request.Losses;
        }

        var losses = new LossList();
        var abilities = KnownAbilities.Of(_to);
        try
        {
            Fit.Check(request.Conversation, provider.CallIds is { } ids ? abilities with { Api = provider.Id, CallIds = ids } : abilities, losses);
        }
        catch (InvalidOperationException)
        {
            losses.Add("", "a string holds escapes that are no Unicode text");
        }

        return losses.All;
    }

    /// <summary>The request's body in the other API.</summary>
    /// <param name="request">One of which <see cref="Check"/> found no loss.</param>
    /// <param name="terms">What it names that is not the caller's to say.</param>
    public byte[] Write(TranslatableRequest request, RequestTerms terms)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(terms);
        return _to == Wire.HostedMessages
            ? Write(json => terms.Host!.Write(json, request.Body!.Value, terms.Betas))
            : Write(json => WriteRequest(json, _to, request.Conversation, terms));
    }

    /// <summary>Writes a conversation as a request of an API.</summary>
    internal static void WriteRequest(Utf8JsonWriter json, Wire to, Conversation conversation, RequestTerms terms)
    {
        switch (to)
        {
            case Wire.Messages:
                MessagesRequestWriter.Write(json, conversation, terms);
                break;
            case Wire.GenerateContent:
                GenerateContentWriter.Write(json, conversation, terms);
                break;
            case Wire.Converse:
                ConverseWriter.Write(json, conversation, terms);
                break;
            default:
                ChatRequestWriter.Write(json, conversation, terms);
                break;
        }
    }

    /// <summary>A whole answer's body in the caller's API; null where it can't be put into it.</summary>
    /// <param name="body">The body of a success.</param>
    /// <param name="terms">What the answer names where the provider did not.</param>
    /// <param name="problem">Why it can't.</param>
    public byte[]? Answer(ReadOnlyMemory<byte> body, AnswerTerms terms, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(terms);
        try
        {
            using var document = JsonDocument.Parse(body, ReaderOptions);
            if (_to == Wire.HostedMessages)
            {
                problem = null;
                return body.ToArray();
            }

            var reply = Read(document.RootElement, terms);
            problem = null;
            return Write(json => WriteReply(json, reply, terms));
        }
        catch (TranslationException lost)
        {
            problem = lost.Message;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            problem = "The provider's answer is not valid JSON.";
        }

        return null;
    }

    /// <summary>A translator for one streamed answer; null where its bytes are passed on as they come.</summary>
    /// <param name="host">The cloud that hosts Anthropic's Messages; null where they are not asked of one.</param>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="terms">What the answer names where the provider did not.</param>
    public StreamTranslator? Stream(Dialect dialect, AnswerTerms terms, HostedMessages? host = null)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (_to == Wire.HostedMessages)
        {
            var passed = new MessagesStreamWriter(terms);
            return host is { StreamsEvents: true } ? null : new StreamTranslator(new InvokedStreamReader(passed), passed);
        }

        ReplyStreamWriter writer = _from == Operation.Messages ? new MessagesStreamWriter(terms) : new ChatStreamWriter(dialect, terms);
        ReplyStreamReader reader = _to switch
        {
            Wire.Messages => new MessagesStreamReader(writer),
            Wire.GenerateContent => new GenerateContentStreamReader(writer, terms),
            Wire.Converse => new ConverseStreamReader(writer),
            _ => new ChatStreamReader(writer),
        };
        return new StreamTranslator(reader, writer);
    }

    private Reply Read(JsonElement body, AnswerTerms terms) => _to switch
    {
        Wire.Messages => MessagesReplyReader.Read(body),
        Wire.GenerateContent => GenerateContentReplyReader.Read(body, terms),
        Wire.Converse => ConverseReplyReader.Read(body),
        _ => ChatReplyReader.Read(body),
    };

    private void WriteReply(Utf8JsonWriter json, Reply reply, AnswerTerms terms)
    {
        if (_from == Operation.Messages)
        {
            MessagesReplyWriter.Write(json, reply, terms);
        }
        else
        {
            ChatReplyWriter.Write(json, reply, terms);
        }
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, WriterOptions);
        write(json);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
