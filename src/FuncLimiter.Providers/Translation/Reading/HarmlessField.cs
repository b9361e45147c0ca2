using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Reading;

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
