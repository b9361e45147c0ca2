namespace FuncLimiter.Providers;

/// <summary>Where a call goes, and the headers that authenticate it.</summary>
/// <param name="Uri">The full address.</param>
/// <param name="Headers">Headers to set, over any that the caller sent.</param>
public sealed record UpstreamAddress(Uri Uri, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>
    /// The scope of the token that the request needs besides, which whoever sends it sets as <c>Authorization</c>; null where none is needed.
    /// </summary>
    public string? TokenScope { get; init; }

    /// <summary>The option that carries the scope with a request.</summary>
    public static HttpRequestOptionsKey<string> TokenScopeOption { get; } = new("FuncLimiter.TokenScope");

    /// <summary>Headers to set only where the caller sent none of that name, for example a default API version.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];
}
