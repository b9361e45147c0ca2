namespace FuncLimiter.Providers.Translation;

/// <summary>Something that a caller asked for and that can't be carried over to another API as it was meant.</summary>
/// <param name="Path">Where it stands in the caller's body, for example <c>messages[2].content[0].image_url</c>; empty for the whole.</param>
/// <param name="Why">Why not, for people; it follows the path and a colon.</param>
public sealed record Loss(string Path, string Why)
{
    /// <summary>The place and the reason.</summary>
    public override string ToString() => Path.Length == 0 ? Why : $"{Path}: {Why}";
}
