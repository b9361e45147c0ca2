using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads of parsed JSON that pass over what is absent or of another type.</summary>
internal static class Json
{
    /// <summary>The value at a path of property names; undefined where a step is missing.</summary>
    public static JsonElement At(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !TryGet(element, name, out element))
            {
                return default;
            }
        }

        return element;
    }

    /// <summary>A property of an object; false where it has none of that name, or a name beside it that stands for no text.</summary>
    public static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        try
        {
            return element.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException) when (element.ValueKind == JsonValueKind.Object)
        {
            value = default;
            return false;
        }
    }

    /// <summary>A property's name; null where it stands for no text.</summary>
    public static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A string; null for anything else, and for one that is no valid Unicode.</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A property that is a string, or a number as it is written.</summary>
    public static string? Word(JsonElement element, string name)
    {
        var value = At(element, name);
        return value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(value);
    }

    /// <summary>A count of at least 0, written as a number or as digits; null for anything else.</summary>
    public static long? Count(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var number))
        {
            return number is >= 0 and <= 1e15 ? (long)number : null;
        }

        return Text(element) is { } text && Durations.TryNumber(text, out number) && number <= 1e15 ? (long)number : null;
    }

    /// <summary>A count at a path.</summary>
    public static long? CountAt(JsonElement element, params ReadOnlySpan<string> path) => Count(At(element, path));

    /// <summary>A number at a path, of any sign; null for anything else.</summary>
    public static double? NumberAt(JsonElement element, params ReadOnlySpan<string> path)
    {
        var value = At(element, path);
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;
    }
}
