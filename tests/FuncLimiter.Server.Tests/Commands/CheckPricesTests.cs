using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>What <c>check</c> says of prices: those that are not the catalogue's, and those that were seen long ago.</summary>
public sealed class CheckPricesTests
{
    private const string Model = """{ "model": "claude-opus-5", "price": { "input": 5, "cachedInput": 0.5, "cacheWrite": 6.25, "output": 26 } }, { "model": "claude-x" }""";

    [Fact]
    public async Task Price_ThatIsNotTheCatalogues_IsToldWithBothValues()
    {
        using var folder = Folder($$"""{ "accounts": [{ "id": "a", "provider": "anthropic", "apiKey": "${KEY}", "models": [{{Model}}] }] }""");

        var check = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        Assert.Equal(0, check.ExitCode);
        Assert.Contains("The price of a/claude-opus-5 is not the catalogue's, which was seen on 2026-10-24: output 26 written, 25 listed.", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("claude-x", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Price_ThatWasSeenLongAgo_IsToldWithItsDayAndSource()
    {
        using var folder = Folder("""{ "prices": "prices.json", "accounts": [{ "id": "a", "provider": "anthropic", "apiKey": "${KEY}", "models": [{ "model": "claude-x" }] }] }""");
        await File.WriteAllTextAsync(
            Path.Combine(folder.Root, "prices.json"),
            """{ "models": [{ "provider": "anthropic", "model": "claude-x", "input": 5, "output": 26, "source": "https://example.com/contract", "seen": "2025-01-02" }] }""");

        var check = await folder.RunAsync("check", "--config", folder.ConfigurationFile, "--json");

        Assert.Equal(0, check.ExitCode);
        Assert.Contains("The price of a/claude-x was seen on 2025-01-02, more than 90 days ago (https://example.com/contract).", check.Output, StringComparison.Ordinal);
    }

    private static ServerFolder Folder(string configuration) => new ServerFolder(configuration).With("KEY", "any");
}
