using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.Gateway.Admin;

/// <summary>How changes are read and written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditEntry[]))]
[JsonSerializable(typeof(AdminAsk))]
internal sealed partial class AdminJson : JsonSerializerContext;

/// <summary>What an operator asks for, in any of the admin paths' bodies.</summary>
internal sealed record AdminAsk
{
    public string? Scope { get; init; }

    public string? Tenant { get; init; }

    public double? Seconds { get; init; }

    public string? Dimension { get; init; }

    public double? WindowSeconds { get; init; }

    public long? Amount { get; init; }

    public double? Weight { get; init; }

    public string? Hash { get; init; }

    public string? Reason { get; init; }
}
