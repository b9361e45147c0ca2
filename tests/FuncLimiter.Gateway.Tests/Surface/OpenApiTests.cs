using System.Text.Json;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Surface;

/// <summary>The OpenAPI document names what is mapped, and hangs together. What it says of bodies is tried on the built server (Server.Tests).</summary>
public class OpenApiTests
{
    [Fact]
    public async Task Document_HasEveryPathThatIsMapped_AndNoOther()
    {
        await using var gateway = await TestGateway.StartAsync();
        var document = await ReadAsync(gateway);

        var mapped = gateway.Routes.Where(route => route.Method != "HEAD" && !route.Path.StartsWith("/dashboard", StringComparison.Ordinal))
            .Select(route => $"{route.Method} {route.Path.Replace("{**", "{", StringComparison.Ordinal)}")
            .Concat([$"POST {JobPaths.Jobs}", $"GET {JobPaths.Job}", $"DELETE {JobPaths.Job}"]);
        var named = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));

        Assert.Equal(mapped.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_RefersToNothingThatIsNotThere()
    {
        await using var gateway = await TestGateway.StartAsync();
        var document = await ReadAsync(gateway);

        var references = References(document).Distinct().ToList();

        Assert.InRange(references.Count, 20, int.MaxValue);
        Assert.All(references, reference => Assert.Equal(
            JsonValueKind.Object, reference.Split('/')[1..].Aggregate(document, (part, name) => part.GetProperty(name)).ValueKind));
    }

    [Fact]
    public async Task Document_IsNamedAtTheRoot()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var answer = await gateway.GetAsync("/");

        Assert.Contains("\"openapi\":\"/openapi/v1.json\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ReadAsync(TestGateway gateway)
    {
        using var answer = await gateway.GetAsync("/openapi/v1.json");
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("3.1.0", document.RootElement.GetProperty("openapi").GetString());
        return document.RootElement.Clone();
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
