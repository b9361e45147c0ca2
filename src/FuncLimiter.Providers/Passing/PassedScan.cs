using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Passing;

/// <summary>One pass over the top-level properties of any API's JSON; what has another form than expected is the provider's to judge.</summary>
internal ref struct PassedScan
{
    private const long MostOutputTokens = 10_000_000;

    private readonly ReadOnlySpan<byte> _body;
    private Utf8JsonReader _reader;
    private bool _hasStream;

    public PassedScan(ReadOnlySpan<byte> body)
    {
        _body = body;
        _reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
    }

    public string? Model { get; private set; }

    public int ModelOffset { get; private set; }

    public int ModelLength { get; private set; }

    public bool Stream { get; private set; }

    public long? MaxOutputTokens { get; private set; }

    public long Choices { get; private set; } = 1;

    public PromptCount Prompt;

    /// <summary>Reads to the end; the first mistake ends it.</summary>
    public RequestProblem? Run()
    {
        _reader.Read();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = _reader.GetString()!;
            _reader.Read();
            switch (name)
            {
                case "model" when _reader.TokenType == JsonTokenType.String:
                    if (Model is not null)
                    {
                        return RequestProblem.Twice("model");
                    }

                    Model = _reader.GetString();
                    ModelOffset = (int)_reader.TokenStartIndex;
                    ModelLength = (int)(_reader.BytesConsumed - _reader.TokenStartIndex);
                    break;
                case "stream":
                    if (_hasStream)
                    {
                        return RequestProblem.Twice("stream");
                    }

                    _hasStream = true;
                    Stream = _reader.TokenType == JsonTokenType.True;
                    _reader.Skip();
                    break;
                case "max_tokens" or "max_completion_tokens" or "max_output_tokens":
                    Note();
                    break;
                case "n" or "best_of" when _reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out var choices):
                    Choices = Math.Max(Choices, choices);
                    break;
                case "generationConfig" or "generation_config" or "inferenceConfig" when _reader.TokenType == JsonTokenType.StartObject:
                    ReadBounds();
                    break;
                case "prompt" or "input" or "contents" or "messages" or "system" or "systemInstruction" or "system_instruction" or "instructions"
                    or "documents" or "query" or "suffix" or "texts":
                    Prompt.AddPrompt(ref _reader);
                    break;
                case "tools" or "toolConfig":
                    Prompt.AddSchema(ref _reader, _body);
                    break;
                default:
                    _reader.Skip();
                    break;
            }
        }

        // Anything after the object is an error of its own.
        _reader.Read();
        return null;
    }

    private void ReadBounds()
    {
        var depth = _reader.CurrentDepth;
        while (_reader.Read() && _reader.CurrentDepth > depth)
        {
            var isBound = _reader.ValueTextEquals("maxOutputTokens"u8) || _reader.ValueTextEquals("max_output_tokens"u8) || _reader.ValueTextEquals("maxTokens"u8);
            _reader.Read();
            if (isBound)
            {
                Note();
            }
            else
            {
                _reader.Skip();
            }
        }
    }

    private void Note()
    {
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out var most) && most is > 0 and <= MostOutputTokens)
        {
            MaxOutputTokens = Math.Max(MaxOutputTokens ?? 0, most);
        }

        _reader.Skip();
    }
}
