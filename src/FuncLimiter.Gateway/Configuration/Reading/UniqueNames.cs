namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Finds names that stand twice.</summary>
/// <param name="mistakes">Where those are told.</param>
/// <param name="other">What has the name already, for example <c>another account</c>.</param>
internal sealed class UniqueNames(MistakeList mistakes, string other)
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    /// <summary>Takes a name; one that could not be read is passed over.</summary>
    /// <param name="name">The name.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="shown">What to show in its place, where it must not be shown.</param>
    public void Add(string? name, string path, string? shown = null)
    {
        if (name is not null && !_paths.TryAdd(name, path))
        {
            mistakes.Add(path, $"{shown ?? MistakeList.Quote(name)}, which is {other} at {_paths[name]}", "write another one, or leave one of them out");
        }
    }
}
