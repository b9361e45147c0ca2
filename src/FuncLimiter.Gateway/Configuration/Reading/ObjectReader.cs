using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the members of one object; what is wrong goes to the list of mistakes and reads as absent.</summary>
internal sealed class ObjectReader
{
    private readonly Dictionary<string, JsonElement> _members = [];
    private readonly Shape _shape;
    private readonly MistakeList _mistakes;

    private ObjectReader(JsonElement element, string path, Shape shape, MistakeList mistakes)
    {
        Path = path;
        _shape = shape;
        _mistakes = mistakes;
        foreach (var member in element.EnumerateObject())
        {
            Take(member);
        }
    }

    public string Path { get; }

    /// <summary>Opens an object; null, with a mistake, where it is something else.</summary>
    public static ObjectReader? Open(JsonElement element, string path, Shape shape, MistakeList mistakes)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new ObjectReader(element, path, shape, mistakes);
        }

        mistakes.Add(path, MistakeList.Show(element), $"write {shape.Name} as an object: {{ ... }}");
        return null;
    }

    public bool Has(string name) => _members.ContainsKey(_shape[name].Name);

    /// <summary>Whether a member is that very text.</summary>
    public bool Says(string name, string text) =>
        _members.TryGetValue(_shape[name].Name, out var element) && element.ValueKind == JsonValueKind.String && element.GetString() == text;

    public string At(string name) => JsonPath.Member(Path, name);

    /// <summary>A text that is not blank; null where it is absent or wrong.</summary>
    public string? Text(string name, bool required = false)
    {
        if (Find(name, required) is not { } element)
        {
            return null;
        }

        if (element.ValueKind == JsonValueKind.String && element.GetString() is { } text && !string.IsNullOrWhiteSpace(text))
        {
            return text;
        }

        Wrong(name, element);
        return null;
    }

    /// <summary>A whole number within bounds; null where it is absent or wrong.</summary>
    public long? Whole(string name, long least, long most)
    {
        var number = Number(name, least, most);
        if (number is { } value && value != decimal.Truncate(value))
        {
            Wrong(name, _members[name]);
            return null;
        }

        return (long?)number;
    }

    /// <summary>A number within bounds; null where it is absent or wrong.</summary>
    public decimal? Number(string name, decimal least, decimal most, bool required = false, bool aboveLeast = false)
    {
        if (Find(name, required) is not { } element)
        {
            return null;
        }

        if (element.ValueKind != JsonValueKind.Number)
        {
            Wrong(name, element);
            return null;
        }

        // What no decimal can hold is above any bound here, or below the smallest fraction that means anything.
        if (!element.TryGetDecimal(out var number) || number > most)
        {
            _mistakes.Add(At(name), MistakeList.Show(element), $"write {_shape[name].Wanted}; the most is {most}");
            return null;
        }

        if (number < least || (aboveLeast && number == least))
        {
            Wrong(name, element);
            return null;
        }

        return number;
    }

    public bool? Truth(string name)
    {
        if (Find(name, false) is not { } element)
        {
            return null;
        }

        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return element.GetBoolean();
        }

        Wrong(name, element);
        return null;
    }

    /// <summary>The items of a list with their paths; empty where it is absent or wrong.</summary>
    public IReadOnlyList<(string Path, JsonElement Element)> List(string name, bool required = false)
    {
        if (Find(name, required) is not { } element)
        {
            return [];
        }

        if (element.ValueKind != JsonValueKind.Array || (required && element.GetArrayLength() == 0))
        {
            _mistakes.Add(At(name), element.ValueKind == JsonValueKind.Array ? "an empty list" : Shown(name, element), $"write {_shape[name].Wanted}");
            return [];
        }

        return [.. element.EnumerateArray().Select((item, index) => (JsonPath.Item(At(name), index), item))];
    }

    /// <summary>An object inside this one; null where it is absent or wrong.</summary>
    public ObjectReader? Inner(string name, Shape inner, bool required = false) =>
        Find(name, required) is { } element ? Open(element, At(name), inner, _mistakes) : null;

    private void Take(JsonProperty member)
    {
        var path = JsonPath.Member(Path, member.Name);
        if (_shape.Members.All(known => known.Name != member.Name))
        {
            var names = _shape.Members.Select(known => known.Name);
            var nearest = NearestName.Of(member.Name, names);
            _mistakes.Add(path, $"the unknown member {MistakeList.Quote(member.Name)}", nearest is null
                ? $"leave it out; {_shape.Name} may have {string.Join(", ", names.Where(name => name != "$schema"))}"
                : $"write \"{nearest}\"");
        }
        else if (!_members.TryAdd(member.Name, member.Value))
        {
            _mistakes.Add(path, $"{MistakeList.Quote(member.Name)} for the second time", "write it once");
        }
    }

    private JsonElement? Find(string name, bool required)
    {
        var member = _shape[name];
        if (_members.TryGetValue(name, out var element))
        {
            return element;
        }

        if (required)
        {
            _mistakes.Add(At(name), MistakeList.Nothing, $"write {member.Wanted}");
        }

        return null;
    }

    private void Wrong(string name, JsonElement element) =>
        _mistakes.Add(At(name), Shown(name, element), $"write {_shape[name].Wanted}");

    private string Shown(string name, JsonElement element) => !_shape[name].Secret
        ? MistakeList.Show(element)
        : element.ValueKind == JsonValueKind.String ? MistakeList.Mask(element.GetString()!) : "something other than a text";
}

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
