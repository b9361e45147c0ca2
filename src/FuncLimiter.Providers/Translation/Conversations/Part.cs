namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>A piece of a message.</summary>
/// <param name="Path">Where it stands.</param>
internal abstract record Part(string Path)
{
    /// <summary>Whether the prompt up to here is to be cached, where the provider does so only when told.</summary>
    public bool EndsCachedPrefix { get; init; }
}

/// <summary>Text.</summary>
internal sealed record TextPart(string Text, string Path) : Part(Path);

/// <summary>An image, either in the request itself or at an address.</summary>
/// <param name="MediaType">For example <c>image/png</c>; null where only an address is known.</param>
/// <param name="Data">The bytes in base64; null where it has an address.</param>
/// <param name="Url">The address; null where the bytes are here.</param>
/// <param name="Detail">How closely the model is to look, where the caller said: <c>low</c>, <c>high</c>, ...</param>
internal sealed record ImagePart(string? MediaType, string? Data, string? Url, string? Detail, string Path) : Part(Path);

/// <summary>The model's wish to have a tool called.</summary>
/// <param name="Id">The name by which its result refers to it.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object, as it was written.</param>
internal sealed record ToolCallPart(string Id, string Name, string Arguments, string Path) : Part(Path);

/// <summary>What a tool gave back.</summary>
/// <param name="CallId">The call that it answers.</param>
/// <param name="Content">Text and images.</param>
/// <param name="IsError">Whether the tool failed.</param>
internal sealed record ToolResultPart(string CallId, IReadOnlyList<Part> Content, bool IsError, string Path) : Part(Path);
