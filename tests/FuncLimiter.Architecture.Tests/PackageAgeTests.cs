using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Architecture.Tests;

/// <summary>What ships is named by version in shipped-packages.json, is no older than a year, and has no weakness that is known there.</summary>
public sealed class PackageAgeTests
{
    private static readonly string[] Programs = ["FuncLimiter.Server.deps.json", "FuncLimiter.Functions.deps.json"];

    private static readonly string[] Optional =
        ["Microsoft.Azure.Functions.Worker.Extensions.ServiceBus", "Microsoft.Azure.Functions.Worker.Extensions.DurableTask.AzureManaged"];

    private static readonly ShippedPackages Known = JsonSerializer.Deserialize<ShippedPackages>(
        File.ReadAllBytes(Path.Combine(ArrowTests.RepositoryRoot(), "tests", "FuncLimiter.Architecture.Tests", "shipped-packages.json")), JsonSerializerOptions.Web)!;

    /// <summary>Whoever maintains this looks at today's age; whoever tries a release of long ago looks at its age then.</summary>
    private static DateOnly AsOf => Environment.GetEnvironmentVariable("CI") == "true" ? DateOnly.FromDateTime(DateTime.UtcNow) : Known.Reviewed;

    [Fact]
    public void ShippedPackages_AreThoseThatTheTableNames()
    {
        var named = Known.Packages.Select(row => (row.Package, row.Version)).ToHashSet();
        var optional = Programs.SelectMany(file => BroughtByOptional(Path.Combine(AppContext.BaseDirectory, file))).ToHashSet();
        var missing = Shipped().Where(part => !named.Contains(part) && !optional.Contains(part.Package)).Select(RowOf).ToList();

        Assert.True(missing.Count == 0, $"These ship and are not in shipped-packages.json, whose first lines say how to update it:\n{string.Join(",\n", missing)}");
    }

    [Fact]
    public void Table_NamesNoVersionThatNoLongerShips()
    {
        var shipped = Shipped().ToLookup(part => part.Package, part => part.Version);

        Assert.All(Known.Packages, row => Assert.True(!shipped.Contains(row.Package) || shipped[row.Package].Contains(row.Version),
            $"{row.Package} {row.Version} ships no more ({string.Join(", ", shipped[row.Package])} does): take its row out of shipped-packages.json."));
    }

    [Fact]
    public void Table_TellsTheDayOnWhichEachVersionWasPacked()
    {
        var seen = 0;
        foreach (var row in Known.Packages)
        {
            if (PackedOn(row.Package, row.Version) is { } packed)
            {
                seen++;
                Assert.True(Math.Abs(packed.DayNumber - row.Released.DayNumber) <= 1, $"{row.Package} {row.Version} was packed on {packed:O}, and shipped-packages.json says {row.Released:O}.");
            }
        }

        Assert.True(seen > Known.Packages.Count / 2, $"Only {seen} of {Known.Packages.Count} restored packages were found.");
    }

    [Fact]
    public void ShippedPackages_AreNoOlderThanAYear()
    {
        var old = Known.Packages.Where(row => row.Kept is null && row.Released.AddYears(1) < AsOf).Select(row => $"{row.Package} {row.Version} of {row.Released:O}").ToList();

        Assert.True(old.Count == 0, $"Older than a year on {AsOf:O}; take newer ones in Directory.Packages.props, or say under 'kept' why there are none: {string.Join("; ", old)}");
        Assert.All(Known.Packages, row => Assert.False(row.Kept is not null && row.Released.AddYears(1) >= Known.Reviewed, $"{row.Package} is not old: its 'kept' says nothing."));
    }

    [Fact]
    public void ShippedPackages_HaveNoWeaknessThatTheTableKnows()
    {
        // What Azure's host loads beside the app is chosen by the extensions' packages, in versions that are theirs; known weaknesses are refused there as well.
        var all = Shipped().Concat(PackagesOf(HostExtensions())).Append((Package: "SQLite", Version: SqliteVersion()));
        var weak = from part in all
                   from row in Known.Vulnerable
                   where part.Package.Equals(row.Package, StringComparison.OrdinalIgnoreCase) && Number(part.Version) < Number(row.Below)
                   select $"{part.Package} {part.Version}: {row.Advisory}, mended in {row.Below}";

        Assert.Empty(weak);
    }

    [Fact]
    public void Sqlite_IsTheVersionThatItsPackageNames() =>
        Assert.Equal(Assert.Single(Known.Packages, row => row.Package == "SQLite").Version, SqliteVersion());

    [Theory]
    [InlineData("10.0.9", "10.0.10", true)]
    [InlineData("3.50.2", "3.50.2", false)]
    [InlineData("4.0.0-beta.1", "3.9", false)]
    public void Versions_CompareByTheirNumbers(string version, string below, bool isBelow) => Assert.Equal(isBelow, Number(version) < Number(below));

    private static IEnumerable<(string Package, string Version)> Shipped() =>
        Programs.SelectMany(file => PackagesOf(Path.Combine(AppContext.BaseDirectory, file))).Distinct();

    private static List<(string Package, string Version)> PackagesOf(string dependencies)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(dependencies));
        var packages = document.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/'))
            .Select(parts => (parts[0], parts[1]))
            .ToList();
        Assert.NotEmpty(packages);
        return packages;
    }

    /// <summary>What is there because of a part that not every feed has.</summary>
    private static HashSet<string> BroughtByOptional(string dependencies)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(dependencies));
        var target = document.RootElement.GetProperty("targets").EnumerateObject().First().Value;
        var needs = target.EnumerateObject().ToDictionary(
            library => library.Name.Split('/')[0],
            library => library.Value.TryGetProperty("dependencies", out var all) ? all.EnumerateObject().Select(one => one.Name).ToArray() : []);
        var found = new HashSet<string>(Optional.Where(name => document.RootElement.GetProperty("libraries").EnumerateObject()
            .Any(library => library.Name.StartsWith($"{name}/", StringComparison.Ordinal) && library.Value.GetProperty("type").GetString() == "package")));
        var open = new Queue<string>(found);
        while (open.TryDequeue(out var name))
        {
            foreach (var need in needs.GetValueOrDefault(name) ?? [])
            {
                if (found.Add(need))
                {
                    open.Enqueue(need);
                }
            }
        }

        return found;
    }

    private static string HostExtensions()
    {
        var built = AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)[^2..];
        return Path.Combine([ArrowTests.RepositoryRoot(), "src", "FuncLimiter.Functions", "bin", .. built, ".azurefunctions", "function.deps.json"]);
    }

    private static string SqliteVersion()
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select sqlite_version()";
        return (string)command.ExecuteScalar()!;
    }

    private static Version Number(string version)
    {
        var numbers = Version.Parse(version.Split('-', '+')[0]);
        return new Version(numbers.Major, numbers.Minor, Math.Max(numbers.Build, 0), Math.Max(numbers.Revision, 0));
    }

    private static string RowOf((string Package, string Version) part) =>
        $$"""{ "package": "{{part.Package}}", "version": "{{part.Version}}", "released": "{{PackedOn(part.Package, part.Version)?.ToString("O", CultureInfo.InvariantCulture) ?? "YYYY-MM-DD"}}" }""";

    private static DateOnly? PackedOn(string package, string version)
    {
        var folder = Path.Combine(
            Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
            package.ToLowerInvariant(), version.ToLowerInvariant());
        var manifest = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.nuspec").FirstOrDefault() : null;
        return manifest is null ? null : DateOnly.FromDateTime(File.GetLastWriteTimeUtc(manifest));
    }

    private sealed record ShippedPackages(DateOnly Reviewed, IReadOnlyList<ShippedPackage> Packages, IReadOnlyList<KnownWeakness> Vulnerable);

    private sealed record ShippedPackage(string Package, string Version, DateOnly Released, string? Kept);

    private sealed record KnownWeakness(string Package, string Below, string Advisory);
}
