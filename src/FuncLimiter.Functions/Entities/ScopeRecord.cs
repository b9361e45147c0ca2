using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Functions.Entities;

/// <summary>Everything that an owner remembers.</summary>
internal sealed record ScopeRecord
{
    /// <summary>No record that this app wrote is larger.</summary>
    private const int MostBytes = 64 * 1024 * 1024;

    // What another version wrote may lack what this one can't do without, and that is not to be found out by an operation that fails.
    private static readonly JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver().WithAddedModifier(RequireReferences),
        RespectNullableAnnotations = true,
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

            var text = json.GetBuffer().AsSpan(0, (int)json.Length);
            return json.Length <= MostBytes && !HasNull(text) ? JsonSerializer.Deserialize<ScopeRecord>(text, Json) : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or InvalidDataException)
        {
            return null;
        }
    }

    // None is ever written.
    private static bool HasNull(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                return true;
            }
        }

        return false;
    }

    private static void RequireReferences(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            property.IsRequired |= property is { PropertyType.IsValueType: false, AssociatedParameter.HasDefaultValue: false, IsGetNullable: false };
        }
    }
}

/// <summary>An answer that its instance may still come to read.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="At">When it was given.</param>
/// <param name="Answer">The answer.</param>
internal sealed record KeptAnswer(string Instance, Instant At, ScopeAnswer Answer);

/// <summary>
/// A <see cref="BudgetEntity"/>'s state. Small, since the backend rewrites it whole with every operation: what the books hold is compressed
/// to about a tenth, and the rest says at a glance how the scope stands.
/// </summary>
internal sealed record OwnerState
{
    /// <summary>The form that is written now. Older ones are read; of a newer one, what was lent is waited out.</summary>
    public const int Current = 1;

    /// <summary>The form of <see cref="Packed"/>.</summary>
    public int Version { get; init; } = Current;

    /// <summary>When the last operation was carried out.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How many instances hold leases.</summary>
    public int Instances { get; init; }

    /// <summary>Limits set by an operator instead of the configuration's; null for none.</summary>
    public ScopeLimits? Limits { get; init; }

    /// <summary>What became of the last words of persons on what was learned.</summary>
    public IReadOnlyList<TeachingOutcome> Taught { get; init; } = [];

    /// <summary>A <see cref="ScopeRecord"/> as compressed JSON.</summary>
    public byte[] Packed { get; init; } = [];
}

/// <summary>What all owners and all instances of the app go by. A changed configuration is taken up while they run.</summary>
/// <param name="configuration">The configuration at the start.</param>
/// <param name="policy">How budgets are lent.</param>
internal sealed class LeaseSource(GatewayConfiguration configuration, LeasePolicy policy)
{
    private volatile Held _held = new(configuration);

    /// <summary>The configuration.</summary>
    public GatewayConfiguration Configuration => _held.Configuration;

    /// <summary>What it says of limits.</summary>
    public LimiterSpec Spec => _held.Spec;

    /// <summary>How budgets are lent.</summary>
    public LeasePolicy Policy => policy;

    /// <summary>Goes by another configuration from now on.</summary>
    public void Follow(GatewayConfiguration next) => _held = new(next);

    private sealed record Held(GatewayConfiguration Configuration)
    {
        public LimiterSpec Spec { get; } = LimiterSpecs.From(Configuration, isDurable: false);
    }
}
