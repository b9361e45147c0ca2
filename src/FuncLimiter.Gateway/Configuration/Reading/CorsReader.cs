using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads which pages may call from a browser.</summary>
internal static class CorsReader
{
    private const string Any = "*";

    public static IReadOnlyList<string> Read(ObjectReader root, MistakeList mistakes)
    {
        var origins = new List<string>();
        if (root.Inner("cors", Shapes.Cors) is not { } reader)
        {
            return origins;
        }

        foreach (var (path, element) in reader.List("origins", required: true))
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { } text || Origin(text) is not { } origin)
            {
                mistakes.Add(path, MistakeList.Show(element), "write a scheme and a host, for example \"https://app.example\", without a path, or \"*\"");
            }
            else
            {
                origins.Add(origin);
            }
        }

        return origins;
    }

    /// <summary>The origin as browsers write it; null where the text is none.</summary>
    private static string? Origin(string text) =>
        text == Any ? Any
        : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && address is { PathAndQuery: "/", Fragment: "", UserInfo: "" } && !text.EndsWith('/')
            ? address.GetLeftPart(UriPartial.Authority)
            : null;
}
