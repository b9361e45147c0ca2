using System.Text.Json;
using System.Xml.Linq;

namespace FuncLimiter.Architecture.Tests;

/// <summary>What ships is made of the packages that were looked at, each known by its hash.</summary>
public sealed class LockFileTests
{
    /// <summary>The server and all that it is made of.</summary>
    public static TheoryData<string> Shipped => [.. Directory.EnumerateDirectories(Path.Combine(ArrowTests.RepositoryRoot(), "src"))
        .Select(static folder => Path.GetFileName(folder)!).Where(static name => name is not ("FuncLimiter.Functions" or "FuncLimiter.Client" or "FuncLimiter.Aspire.Hosting"))];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void LockFile_IsThatOfItsProject(string project)
    {
        var folder = Path.Combine(ArrowTests.RepositoryRoot(), "src", project);
        var asked = XDocument.Load(Path.Combine(folder, $"{project}.csproj")).Descendants("PackageReference").Select(static reference => reference.Attribute("Include")?.Value).OfType<string>();
        var versions = XDocument.Load(Path.Combine(ArrowTests.RepositoryRoot(), "Directory.Packages.props")).Descendants().Where(static element => element.Name.LocalName is "PackageVersion" or "GlobalPackageReference")
            .Where(static package => package.Attribute("Include") is not null).ToDictionary(static package => package.Attribute("Include")!.Value, static package => package.Attribute("Version")!.Value, StringComparer.OrdinalIgnoreCase);
        var direct = Locked(folder).Where(static package => package.Value.GetProperty("type").GetString() == "Direct")
            .ToDictionary(static package => package.Name, static package => package.Value.GetProperty("requested").GetString()!, StringComparer.OrdinalIgnoreCase);

        Assert.All(asked, name => Assert.True(
            direct.TryGetValue(name, out var requested) && requested == $"[{versions[name]}, )",
            $"src/{project}/packages.lock.json has {requested ?? "nothing"} for {name} {versions[name]}: restore the project, and commit the file."));
        Assert.All(direct, package => Assert.True(versions.ContainsKey(package.Key), $"src/{project}/packages.lock.json has {package.Key}, which nothing asks for."));
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Package_IsKnownByItsHash(string project) => Assert.All(
        Locked(Path.Combine(ArrowTests.RepositoryRoot(), "src", project)).Where(static package => package.Value.GetProperty("type").GetString() != "Project"),
        static package => Assert.Equal(64, Convert.FromBase64String(package.Value.GetProperty("contentHash").GetString()!).Length));

    private static List<JsonProperty> Locked(string folder)
    {
        using var file = File.OpenRead(Path.Combine(folder, "packages.lock.json"));
        return [.. JsonDocument.Parse(file).RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(static framework => framework.Value.EnumerateObject())];
    }
}
