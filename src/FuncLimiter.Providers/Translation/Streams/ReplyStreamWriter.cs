using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Streams;

/// <summary>Writes a streamed answer in the caller's API, one whole event after the other.</summary>
/// <param name="dialect">The caller's dialect.</param>
/// <param name="terms">What the answer names where the provider did not.</param>
internal abstract class ReplyStreamWriter(Dialect dialect, AnswerTerms terms) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _nowhere = new(1);
    private Utf8JsonWriter? _json;

    /// <summary>Where events go; set before each use.</summary>
    public IBufferWriter<byte>? Output { get; set; }

    /// <summary>True once the stream has its last event; nothing is written after it.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether the model has said why it stopped.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>The usage told so far.</summary>
    protected TokenUsage? Used { get; private set; }

    /// <summary>What the answer names where the provider did not.</summary>
    protected AnswerTerms Terms => terms;

    /// <summary>The answer begins.</summary>
    public abstract void Begin(string? id, string? model);

    /// <summary>A piece of text.</summary>
    public abstract void Text(string text);

    /// <summary>A tool call begins.</summary>
    /// <param name="slot">A number that no other call of the answer has.</param>
    /// <param name="name">The tool.</param>
    public abstract void BeginCall(int slot, string id, string name);

    /// <summary>A piece of the JSON text of a call's arguments.</summary>
    public abstract void Arguments(int slot, string fragment);

    /// <summary>A call is complete.</summary>
    public abstract void EndCall(int slot);

    /// <summary>The tokens used until now.</summary>
    public void Usage(TokenUsage used) => Used = used;

    /// <summary>The model stopped.</summary>
    public void Stop(StopKind stop, string? stopText)
    {
        if (!HasStopped)
        {
            HasStopped = true;
            OnStop(stop, stopText);
        }
    }

    /// <summary>All was told.</summary>
    public void End()
    {
        if (!IsEnded)
        {
            OnEnd();
            IsEnded = true;
        }
    }

    /// <summary>Something went wrong: told as the last event.</summary>
    public void Fail(int status, string message)
    {
        if (!IsEnded)
        {
            Output!.Write(DialectError.Event(dialect, status == 503 ? DialectError.OverloadStatus(dialect) : status, message));
            IsEnded = true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _json?.Dispose();

    /// <summary>The last event was written.</summary>
    protected void Close() => IsEnded = true;

    /// <summary>The model stopped.</summary>
    protected abstract void OnStop(StopKind stop, string? stopText);

    /// <summary>Writes the last events.</summary>
    protected abstract void OnEnd();

    /// <summary>Begins an event; its JSON is to be written, then <see cref="EndEvent"/> called.</summary>
    /// <param name="name">The event's name; null for none.</param>
    protected Utf8JsonWriter BeginEvent(string? name)
    {
        if (name is not null)
        {
            Raw($"event: {name}\n");
        }

        Raw("data: ");
        _json ??= new Utf8JsonWriter(_nowhere, Options);
        _json.Reset(Output!);
        _json.WriteStartObject();
        return _json;
    }

    /// <summary>The JSON of the event under way.</summary>
    protected Utf8JsonWriter Current => _json!;

    /// <summary>Ends the event.</summary>
    protected void EndEvent()
    {
        Current.WriteEndObject();
        Current.Flush();
        Raw("\n\n");
    }

    /// <summary>Writes text as it is.</summary>
    protected void Raw(string text) => Encoding.UTF8.GetBytes(text.AsSpan(), Output!);
}
