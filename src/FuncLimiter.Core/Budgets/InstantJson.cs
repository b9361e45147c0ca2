using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.Core.Budgets;

/// <summary>Writes an instant as its ticks.</summary>
public sealed class InstantJson : JsonConverter<Instant>
{
    /// <inheritdoc/>
    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Ticks);
}
