using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Functions.Entities;

/// <summary>Everything that an owner remembers.</summary>
internal sealed record ScopeRecord
{
    /// <summary>Larger ones are none of ours.</summary>
    private const int MostBytes = 64 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new()
    {
        IgnoreReadOnlyProperties = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The books.</summary>
    public LeaseOwnerState Owner { get; init; } = new();

    /// <summary>The answers that instances may still come to read.</summary>
    public IReadOnlyList<KeptAnswer> Answers { get; init; } = [];

    /// <summary>Packs it.</summary>
    public byte[] Pack()
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            JsonSerializer.Serialize(brotli, this, Json);
        }

        return packed.ToArray();
    }

    /// <summary>Unpacks one; null where the bytes are none, as those of another version may be.</summary>
    public static ScopeRecord? Unpack(byte[] packed)
    {
        try
        {
            using var brotli = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
            using var json = new MemoryStream();
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = brotli.Read(buffer)) > 0 && json.Length <= MostBytes)
            {
                json.Write(buffer, 0, read);
            }

            return json.Length <= MostBytes
                ? JsonSerializer.Deserialize<ScopeRecord>(json.GetBuffer().AsSpan(0, (int)json.Length), Json)
                : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or InvalidDataException)
        {
            return null;
        }
    }
}

/// <summary>An answer that its instance may still come to read.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="At">When it was given.</param>
/// <param name="Answer">The answer.</param>
internal sealed record KeptAnswer(string Instance, Instant At, ScopeAnswer Answer);
