using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Reading;

/// <summary>
/// One object of a request, of which every property is either read or told as a loss. A property that is null is as if it were not there.
/// </summary>
internal sealed class ObjectFields
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private ObjectFields(JsonElement element, string path, LossList losses)
    {
        _object = element;
        _path = path;
        Losses = losses;
    }

    /// <summary>Where losses go.</summary>
    public LossList Losses { get; }

    /// <summary>Opens an object; null, and a loss, where it is none.</summary>
    public static ObjectFields? Open(JsonElement element, string path, LossList losses)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new ObjectFields(element, path, losses);
        }

        losses.Add(path, "is no object");
        return null;
    }

    /// <summary>The place of a property.</summary>
    public string At(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>A property of any kind; null where it is not there.</summary>
    public JsonElement? Take(string name)
    {
        _read.Add(name);
        return _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A string; null where it is not there, with a loss where it is something else.</summary>
    public string? Text(string name) =>
        Take(name) is not { } value ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : Wrong<string>(name, "no text");

    /// <summary>A string that must be there.</summary>
    public string Required(string name)
    {
        var text = Text(name);
        if (text is null && Take(name) is null)
        {
            Losses.Add(At(name), "is missing");
        }

        return text ?? "";
    }

    /// <summary>A string with its place.</summary>
    public Given<string>? GivenText(string name) => Text(name) is { } text ? new Given<string>(text, At(name)) : null;

    /// <summary>A number.</summary>
    public Given<double>? Number(string name) =>
        Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? new Given<double>(number, At(name))
        : Wrong<Given<double>?>(name, "no number");

    /// <summary>A whole number.</summary>
    public Given<long>? Count(string name) =>
        Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && WholeNumber.TryRead(value, out var number) ? new Given<long>(number, At(name))
        : Wrong<Given<long>?>(name, "no whole number");

    /// <summary>True or false.</summary>
    public Given<bool>? Flag(string name) =>
        Take(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? new Given<bool>(value.GetBoolean(), At(name))
        : Wrong<Given<bool>?>(name, "neither true nor false");

    /// <summary>The items of an array, each with its place; none where it is not there.</summary>
    public IEnumerable<(JsonElement Item, string Path)> Items(string name)
    {
        if (Take(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Losses.Add(At(name), "is no array");
            return [];
        }

        return value.EnumerateArray().Select((item, index) => (item, $"{At(name)}[{index}]"));
    }

    /// <summary>An object below.</summary>
    public ObjectFields? Inside(string name) => Take(name) is { } value ? Open(value, At(name), Losses) : null;

    /// <summary>Ends the reading: whatever is still unread must be harmless, else it is a loss.</summary>
    public void End(params ReadOnlySpan<HarmlessField> harmless)
    {
        foreach (var property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null || _read.Contains(property.Name))
            {
                continue;
            }

            var known = Find(harmless, property.Name);
            if (known is null)
            {
                Losses.Add(At(property.Name), "can't be carried over to another API");
            }
            else if (!known.IsHarmless(property.Value))
            {
                Losses.Add(At(property.Name), $"can be left out only where it is {known.When}");
            }
        }
    }

    private static HarmlessField? Find(ReadOnlySpan<HarmlessField> harmless, string name)
    {
        foreach (var field in harmless)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    private T? Wrong<T>(string name, string what)
    {
        Losses.Add(At(name), $"is {what}");
        return default;
    }
}

/// <summary>A field that may be left out: either always, or with the values that say no more than its absence.</summary>
/// <param name="Name">The property.</param>
/// <param name="When">The values, in words; null where any will do.</param>
/// <param name="Why">Why nothing is lost.</param>
internal sealed record HarmlessField(string Name, string? When, string Why)
{
    private readonly Func<JsonElement, bool>? _test;

    private HarmlessField(string name, string when, string why, Func<JsonElement, bool> test)
        : this(name, when, why) => _test = test;

    /// <summary>Harmless with any value.</summary>
    public static HarmlessField Always(string name, string why) => new(name, null, why);

    /// <summary>Harmless where it is false.</summary>
    public static HarmlessField WhenFalse(string name) => new(name, "false", AsAbsent, value => value.ValueKind == JsonValueKind.False);

    /// <summary>Harmless where it is a certain number.</summary>
    public static HarmlessField WhenNumber(string name, int number) =>
        new(name, $"{number}", AsAbsent, value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && given == number);

    /// <summary>Harmless where it is one of some words.</summary>
    public static HarmlessField WhenWord(string name, params string[] words) => new(
        name,
        string.Join(" or ", words.Select(word => $"\"{word}\"")),
        AsAbsent,
        value => value.ValueKind == JsonValueKind.String && words.Contains(value.GetString()));

    /// <summary>Harmless where it is an array or an object with nothing in it.</summary>
    public static HarmlessField WhenEmpty(string name) => new(
        name,
        "empty",
        AsAbsent,
        value => value.ValueKind switch
        {
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.EnumerateObject().Any(),
            _ => false,
        });

    /// <summary>Harmless where it is an object whose type is a certain word.</summary>
    public static HarmlessField WhenType(string name, string type) => new(
        name,
        $"of type \"{type}\"",
        AsAbsent,
        value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var given) && given.ValueKind == JsonValueKind.String
            && given.ValueEquals(type));

    /// <summary>Harmless where it is an array with a certain word alone.</summary>
    public static HarmlessField WhenOnly(string name, string word) => new(
        name,
        $"[\"{word}\"]",
        AsAbsent,
        value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1
            && value[0].ValueKind == JsonValueKind.String && value[0].ValueEquals(word));

    /// <summary>Whether this value may be left out.</summary>
    public bool IsHarmless(JsonElement value) => _test?.Invoke(value) ?? true;

    private const string AsAbsent = "says what its absence says";
}

/// <summary>Collects losses; one is enough to close a way, the first few are shown.</summary>
internal sealed class LossList
{
    private const int MostKept = 8;

    private readonly List<Loss> _losses = [];

    /// <summary>The losses, in the order found.</summary>
    public IReadOnlyList<Loss> All => _losses;

    /// <summary>Notes one; what comes after the first few is as the first few.</summary>
    public void Add(string path, string why)
    {
        if (_losses.Count < MostKept)
        {
            _losses.Add(new Loss(path, why));
        }
    }
}
