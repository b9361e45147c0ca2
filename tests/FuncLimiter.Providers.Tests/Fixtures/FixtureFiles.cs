using System.Text.Json;

namespace FuncLimiter.Providers.Tests.Fixtures;

/// <summary>Recorded and documented responses, with what must be read from them.</summary>
public static class FixtureFiles
{
    /// <summary>Every case as file and place in it: the project's own, and those in the folder that FUNCLIMITER_FIXTURES names.</summary>
    public static TheoryData<string, int, string> All()
    {
        var cases = new TheoryData<string, int, string>();
        foreach (var file in Files())
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var place = 0;
            foreach (var fixture in document.RootElement.EnumerateArray())
            {
                cases.Add(file, place++, $"{fixture.GetProperty("provider").GetString()} {fixture.GetProperty("name").GetString()}");
            }
        }

        return cases;
    }

    public static JsonElement Load(string file, int place)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement[place].Clone();
    }

    private static IEnumerable<string> Files()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "Fixtures");
        var added = Environment.GetEnvironmentVariable("FUNCLIMITER_FIXTURES");
        return new[] { own, added }
            .Where(folder => !string.IsNullOrWhiteSpace(folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder!, "*.json").Order(StringComparer.Ordinal));
    }
}
