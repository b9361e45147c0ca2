using System.Text;
using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>One pass over a request's top-level properties.</summary>
internal ref struct RequestScan
{
    /// <summary>No model writes as much; a larger bound is a mistake.</summary>
    private const long MostOutputTokens = 10_000_000;

    private const int MostChoices = 1024;

    private readonly Operation _operation;
    private readonly ReadOnlySpan<byte> _body;
    private Utf8JsonReader _reader;
    private RequestFields _seen;

    public RequestScan(ReadOnlySpan<byte> body, Operation operation)
    {
        _operation = operation;
        _body = body;
        _reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
    }

    public string? Model { get; private set; }

    public int ModelOffset { get; private set; }

    public int ModelLength { get; private set; }

    public bool Stream { get; private set; }

    public long? MaxOutputTokens { get; private set; }

    /// <summary>The bound that the caller sets to -1; null where it sets none so.</summary>
    public string? Unbounded { get; private set; }

    public int Choices { get; private set; } = 1;

    public bool HasMessages { get; private set; }

    public bool HasInput { get; private set; }

    /// <summary>A stored prompt or an earlier response stands in for input.</summary>
    public bool HasContext { get; private set; }

    /// <summary>Whether the body has the word by which Anthropic's API is asked to keep a prompt in its cache.</summary>
    public readonly bool AsksForCache => _body.IndexOf("cache_control"u8) >= 0;

    public PromptCount Prompt;

    /// <summary>Reads to the end; the first mistake ends it.</summary>
    public RequestProblem? Run()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            return RequestProblem.NotJson("expected an object.");
        }

        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = RequestField.Of(ref _reader);
            _reader.Read();
            if (field is { } known)
            {
                // Which of two a parser takes differs; the limiter and the provider must see the same request.
                if ((_seen & known) != 0)
                {
                    return RequestProblem.Twice(RequestField.NameOf(known));
                }

                _seen |= known;
                if (Take(known) is { } problem)
                {
                    return problem;
                }
            }
            else
            {
                _reader.Skip();
            }
        }

        // Anything after the object is an error of its own.
        _reader.Read();
        return null;
    }

    private RequestProblem? Take(RequestFields field)
    {
        switch (field)
        {
            case RequestFields.Model:
                return TakeModel();
            case RequestFields.Stream:
                return TakeStream();
            case RequestFields.MaxTokens or RequestFields.MaxCompletionTokens or RequestFields.MaxOutputTokens:
                return TakeBound(RequestField.NameOf(field));
            case RequestFields.N or RequestFields.BestOf:
                var problem = TakeNumber(RequestField.NameOf(field), 1, MostChoices, out var choices);
                Choices = Math.Max(Choices, (int)(choices ?? 1));
                return problem;
            case RequestFields.Messages:
                return TakeMessages();
            case RequestFields.Input:
                HasInput = _reader.TokenType is JsonTokenType.String or JsonTokenType.StartArray or JsonTokenType.StartObject;
                Prompt.AddPrompt(ref _reader);
                return null;
            case RequestFields.System or RequestFields.Instructions:
                Prompt.AddPrompt(ref _reader);
                return null;
            case RequestFields.Tools or RequestFields.Functions or RequestFields.ResponseFormat or RequestFields.Text:
                Prompt.AddSchema(ref _reader, _body);
                return null;
            case RequestFields.Prompt or RequestFields.PreviousResponse or RequestFields.Conversation:
                HasContext |= _reader.TokenType != JsonTokenType.Null;
                break;
        }

        _reader.Skip();
        return null;
    }

    private RequestProblem? TakeModel()
    {
        if (_reader.TokenType != JsonTokenType.String)
        {
            return RequestProblem.WrongType("model", "a string");
        }

        Model = _reader.GetString();
        ModelOffset = (int)_reader.TokenStartIndex;
        ModelLength = (int)(_reader.BytesConsumed - _reader.TokenStartIndex);
        return null;
    }

    private RequestProblem? TakeStream()
    {
        if (_reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
        {
            return RequestProblem.WrongType("stream", "true or false");
        }

        Stream = _reader.TokenType == JsonTokenType.True && _operation != Operation.Embeddings;
        return null;
    }

    private RequestProblem? TakeMessages()
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            return RequestProblem.WrongType("messages", "an array of messages");
        }

        Prompt.AddPrompt(ref _reader);
        HasMessages = Prompt.LastHadItems;
        return HasMessages
            ? null
            : new RequestProblem("Invalid value for 'messages': expected at least one message.", "messages", "empty_array");
    }

    private RequestProblem? TakeBound(string name)
    {
        // Servers that follow OpenAI's API read it as no bound (llama.cpp: README of its server); who else is asked is not known yet.
        if (_operation == Operation.ChatCompletions && _reader.TokenType == JsonTokenType.Number && _reader.ValueSpan.SequenceEqual("-1"u8))
        {
            Unbounded = name;
            return null;
        }

        // A message of no tokens warms the prompt cache (platform.claude.com: prompt caching).
        var problem = TakeNumber(name, _operation == Operation.Messages ? 0 : 1, MostOutputTokens, out var most);
        MaxOutputTokens = most is null ? MaxOutputTokens : Math.Max(MaxOutputTokens ?? 0, most.Value);
        return problem;
    }

    private RequestProblem? TakeNumber(string name, long least, long most, out long? value)
    {
        value = null;
        if (_reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (_reader.TokenType != JsonTokenType.Number)
        {
            return RequestProblem.WrongType(name, "a whole number");
        }

        var given = Encoding.ASCII.GetString(_reader.ValueSpan[..Math.Min(_reader.ValueSpan.Length, 24)]);
        if (WholeNumber.TryRead(_reader, out var number))
        {
            value = number;
            return number < least ? RequestProblem.Below(name, least, given) : number > most ? RequestProblem.Above(name, most, given) : null;
        }

        if (given.AsSpan().ContainsAny(".eE"))
        {
            return RequestProblem.WrongType(name, "a whole number");
        }

        return given[0] == '-' ? RequestProblem.Below(name, least, given) : RequestProblem.Above(name, most, given);
    }
}

/// <summary>Which property a name stands for.</summary>
internal static class RequestField
{
    private static readonly (RequestFields Field, string Name, byte[] Bytes)[] Names =
    [
        Named(RequestFields.Model, "model"),
        Named(RequestFields.Stream, "stream"),
        Named(RequestFields.StreamOptions, "stream_options"),
        Named(RequestFields.MaxTokens, "max_tokens"),
        Named(RequestFields.MaxCompletionTokens, "max_completion_tokens"),
        Named(RequestFields.MaxOutputTokens, "max_output_tokens"),
        Named(RequestFields.N, "n"),
        Named(RequestFields.BestOf, "best_of"),
        Named(RequestFields.Messages, "messages"),
        Named(RequestFields.Input, "input"),
        Named(RequestFields.System, "system"),
        Named(RequestFields.Instructions, "instructions"),
        Named(RequestFields.Tools, "tools"),
        Named(RequestFields.Functions, "functions"),
        Named(RequestFields.ResponseFormat, "response_format"),
        Named(RequestFields.Text, "text"),
        Named(RequestFields.Prompt, "prompt"),
        Named(RequestFields.PreviousResponse, "previous_response_id"),
        Named(RequestFields.Conversation, "conversation"),
    ];

    /// <summary>The property that the reader stands at; null where nobody asks for it. Escapes in the name are seen through.</summary>
    public static RequestFields? Of(ref Utf8JsonReader reader)
    {
        foreach (var (field, _, bytes) in Names)
        {
            if (reader.ValueTextEquals(bytes))
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>The name of a property.</summary>
    public static string NameOf(RequestFields field) => Array.Find(Names, entry => entry.Field == field).Name;

    private static (RequestFields Field, string Name, byte[] Bytes) Named(RequestFields field, string name) =>
        (field, name, Encoding.ASCII.GetBytes(name));
}
