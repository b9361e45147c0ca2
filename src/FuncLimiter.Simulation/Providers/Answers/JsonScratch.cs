using System.Buffers;
using System.Text;
using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>A buffer with a JSON writer on it, one for each thread. To be used up before the next await.</summary>
internal sealed class JsonScratch
{
    [ThreadStatic]
    private static JsonScratch? _ofThread;

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    private JsonScratch() => Json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });

    public Utf8JsonWriter Json { get; }

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>This thread's buffer, emptied.</summary>
    public static JsonScratch Take()
    {
        var scratch = _ofThread ??= new JsonScratch();
        scratch._buffer.ResetWrittenCount();
        scratch.Json.Reset(scratch._buffer);
        return scratch;
    }

    /// <summary>Begins a server-sent event whose data is the JSON that follows.</summary>
    public Utf8JsonWriter BeginEvent(string? name = null)
    {
        if (name is not null)
        {
            Raw("event: "u8);
            Encoding.UTF8.GetBytes(name, _buffer);
            Raw("\n"u8);
        }

        Raw("data: "u8);
        Json.Reset(_buffer);
        return Json;
    }

    /// <summary>Ends it.</summary>
    public void EndEvent()
    {
        Json.Flush();
        Raw("\n\n"u8);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);
}
