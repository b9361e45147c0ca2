using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>The form in which the model must answer.</summary>
/// <param name="Schema">The JSON schema that the answer keeps to; undefined where any JSON object will do.</param>
/// <param name="Name">The schema's name, or null.</param>
/// <param name="Description">What the schema is for, or null.</param>
/// <param name="Strict">Whether it is enforced; null where the caller left it open.</param>
internal sealed record OutputFormat(JsonElement Schema, string? Name = null, string? Description = null, bool? Strict = null)
{
    /// <summary>Whether there is a schema.</summary>
    public bool HasSchema => Schema.ValueKind != JsonValueKind.Undefined;
}
