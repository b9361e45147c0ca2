using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>A tool that the model may ask to have called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, or null.</param>
/// <param name="Schema">The JSON schema of its arguments; undefined where it takes none.</param>
/// <param name="Strict">Whether the arguments must keep to the schema; null where the caller left it open.</param>
/// <param name="Path">Where it stands.</param>
internal sealed record Tool(string Name, string? Description, JsonElement Schema, bool? Strict, string Path)
{
    /// <summary>Whether the tools up to here are to be cached, where the provider does so only when told.</summary>
    public bool EndsCachedPrefix { get; init; }

    /// <summary>Whether the schema says nothing.</summary>
    public bool TakesNothing => Schema.ValueKind == JsonValueKind.Undefined || !Schema.EnumerateObject().Any();
}
