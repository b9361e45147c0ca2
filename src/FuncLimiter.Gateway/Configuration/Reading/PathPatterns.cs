using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads patterns of paths.</summary>
internal static class PathPatterns
{
    public static IReadOnlyList<string> Read(ObjectReader reader, Shape shape, MistakeList mistakes)
    {
        var patterns = new List<string>();
        foreach (var (path, element) in reader.List("paths"))
        {
            if (element.ValueKind == JsonValueKind.String && element.GetString() is ['/', ..] pattern
                && pattern.IndexOf('*', StringComparison.Ordinal) is var star && (star < 0 || star == pattern.Length - 1))
            {
                patterns.Add(pattern);
            }
            else
            {
                mistakes.Add(path, MistakeList.Show(element), $"write {shape["paths"].Wanted}");
            }
        }

        return patterns;
    }
}
