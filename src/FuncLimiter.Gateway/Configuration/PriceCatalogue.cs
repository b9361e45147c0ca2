using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>Prices of current models, each with where and when it was seen. One file, which users can replace.</summary>
internal sealed partial class PriceCatalogue
{
    /// <summary>After so many days a price is said to be old.</summary>
    public const int FreshDays = 90;

    private static readonly Lazy<PriceCatalogue> Own = new(static () =>
    {
        using var stream = typeof(PriceCatalogue).Assembly.GetManifestResourceStream("prices.json")!;
        using var document = JsonDocument.Parse(stream);
        return Read(document.RootElement);
    });

    private readonly Dictionary<(string Provider, string Model), ListedPrice> _prices = [];

    private PriceCatalogue()
    {
    }

    /// <summary>The one that FuncLimiter brings.</summary>
    public static PriceCatalogue Shipped => Own.Value;

    /// <summary>All its prices.</summary>
    public IReadOnlyCollection<ListedPrice> Prices => _prices.Values;

    /// <summary>A model's price; null where it is not known. A date at the end of a model's name is passed over where the name itself is not listed.</summary>
    /// <param name="model">The model's name at the provider.</param>
    public ListedPrice? Find(string? provider, string? model) => provider is null || model is null ? null
        : _prices.TryGetValue((provider, model), out var price) || _prices.TryGetValue((provider, Dated().Replace(model, string.Empty)), out price) ? price
        : null;

    /// <summary>Reads a catalogue.</summary>
    /// <param name="json">An object with <c>models</c>.</param>
    /// <exception cref="FormatException">It is none; the message says which entry, and what is wrong with it.</exception>
    public static PriceCatalogue Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("models", out var models) || models.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("it is no object with a list of models");
        }

        var catalogue = new PriceCatalogue();
        foreach (var (entry, place) in models.EnumerateArray().Select(static (entry, place) => (entry, place)))
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"models[{place}]");
            var listed = new ListedPrice(Text(entry, "provider", path), Text(entry, "model", path), PriceOf(entry, path), Text(entry, "source", path), Day(entry, path));
            if (!catalogue._prices.TryAdd((listed.Provider, listed.Model), listed))
            {
                throw new FormatException($"{path} has {listed.Model} of {listed.Provider} for the second time");
            }
        }

        return catalogue;
    }

    /// <summary>In what two prices differ, in words; null where they are the same.</summary>
    /// <param name="written">A person's.</param>
    /// <param name="listed">The catalogue's.</param>
    public static string? Difference(PriceConfiguration written, PriceConfiguration listed)
    {
        (string Name, decimal? Written, decimal? Listed)[] parts =
        [
            ("input", written.Input, listed.Input), ("cachedInput", written.CachedInput, listed.CachedInput),
            ("cacheWrite", written.CacheWrite ?? written.Input, listed.CacheWrite ?? listed.Input), ("output", written.Output, listed.Output),
            ("batchDiscount", written.BatchDiscount, listed.BatchDiscount),
        ];
        var different = parts.Where(static part => part.Written != part.Listed)
            .Select(static part => string.Create(CultureInfo.InvariantCulture, $"{part.Name} {part.Written} written, {part.Listed} listed")).ToList();
        return different.Count == 0 ? null : string.Join(", ", different);
    }

    private static PriceConfiguration PriceOf(JsonElement entry, string path)
    {
        var input = Number(entry, "input", path) ?? throw new FormatException($"{path} has no input");
        var output = Number(entry, "output", path) ?? throw new FormatException($"{path} has no output");
        var above = entry.TryGetProperty("above", out var higher) ? higher : default;
        return new PriceConfiguration(input, Number(entry, "cachedInput", path) ?? input, output)
        {
            CacheWrite = Number(entry, "cacheWrite", path),
            BatchDiscount = Number(entry, "batchDiscount", path) is { } share
                ? share <= 1 ? share : throw new FormatException($"{path}.batchDiscount is above 1")
                : PriceConfiguration.UsualBatchDiscount,
            LongFrom = above.ValueKind == JsonValueKind.Object ? (long?)Number(above, "tokens", path) ?? throw new FormatException($"{path}.above has no tokens") : null,
            LongPrompt = above.ValueKind == JsonValueKind.Object ? PriceOf(above, $"{path}.above") : null,
        };
    }

    private static string Text(JsonElement entry, string name, string path) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException($"{path} has no {name}");

    private static decimal? Number(JsonElement entry, string name, string path) =>
        !entry.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number is >= 0 and <= 1_000_000 ? number
        : throw new FormatException($"{path}.{name} is no price");

    private static DateOnly Day(JsonElement entry, string path) =>
        DateOnly.TryParseExact(Text(entry, "seen", path), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw new FormatException($"{path}.seen is no day as 2026-11-29");

    [GeneratedRegex(@"-(\d{8}|\d{4}-\d{2}-\d{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Dated();
}

/// <summary>One price of a catalogue.</summary>
/// <param name="Provider">The provider's id.</param>
/// <param name="Model">The model's name at the provider.</param>
/// <param name="Price">The price.</param>
/// <param name="Source">The address at which it was seen.</param>
/// <param name="Seen">The day on which it was.</param>
internal sealed record ListedPrice(string Provider, string Model, PriceConfiguration Price, string Source, DateOnly Seen)
{
    /// <summary>Whether it was seen too long ago.</summary>
    public bool IsOld(DateOnly today) => today.DayNumber - Seen.DayNumber > PriceCatalogue.FreshDays;
}
