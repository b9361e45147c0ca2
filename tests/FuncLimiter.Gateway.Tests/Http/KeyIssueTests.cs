using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Keys that operators give out while calls go on: told once, kept as hashes.</summary>
public sealed class KeyIssueTests : IAsyncDisposable
{
    private static readonly (string, string) Admin = ("Authorization", "Bearer fl-admin-key");

    private readonly VirtualTime _time = new();
    private TestGateway? _gateway;

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    [Fact]
    public async Task Key_IsTakenAtOnce_AndToldOnce()
    {
        await StartAsync();

        var issued = await IssueAsync("""{"tenant":"acme","prefix":"fl-acme-ci","reason":"ci"}""");

        var key = issued.GetProperty("key").GetString()!;
        Assert.StartsWith("fl-acme-ci-", key, StringComparison.Ordinal);
        Assert.Equal($"sha256:{Hash(key)}", issued.GetProperty("hash").GetString());
        Assert.Equal(HttpStatusCode.OK, await CallAsync(key));
        var shown = await TextAsync("/admin/keys") + await TextAsync("/admin/audit");
        Assert.Contains("fl-acme-ci...", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(key, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(key["fl-acme-ci-".Length..], shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_WithTerms_IsTakenByThem()
    {
        await StartAsync();
        var key = (await IssueAsync("""{"tenant":"acme","expires":"2026-01-02","uses":["usage"]}""")).GetProperty("key").GetString()!;

        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(key));
        using var status = await _gateway!.GetAsync("/status", ("x-api-key", key));
        Assert.Equal(HttpStatusCode.OK, status.StatusCode);
        _time.Advance(TimeSpan.FromDays(2));
        using var expired = await _gateway.GetAsync("/status", ("x-api-key", key));
        Assert.Equal(HttpStatusCode.Unauthorized, expired.StatusCode);
    }

    [Fact]
    public async Task Rotation_LetsTheOldKeyBeTakenForItsGrace()
    {
        await StartAsync();

        var key = (await IssueAsync($$"""{"tenant":"acme","replaces":"sha256:{{Hash(Samples.AcmeKey)}}","graceSeconds":3600}""")).GetProperty("key").GetString()!;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await CallAsync(key), await CallAsync(Samples.AcmeKey)));
        _time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (await CallAsync(key), await CallAsync(Samples.AcmeKey)));
        using var keys = JsonDocument.Parse(await TextAsync("/admin/keys"));
        Assert.Equal(["revoked", "taken"], keys.RootElement.EnumerateArray().Where(known => known.GetProperty("tenant").GetString() == "acme").Select(known => known.GetProperty("state").GetString()).Order());
    }

    [Fact]
    public async Task Revocation_MayBeSetForLater()
    {
        await StartAsync();

        using var response = await _gateway!.PostAsync("/admin/revocations", $$"""{"tenant":"acme","hash":"{{Hash(Samples.AcmeKey)}}","seconds":60}""", Admin);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(Samples.AcmeKey));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(Samples.AcmeKey));
    }

    [Theory]
    [InlineData("""{"prefix":"x"}""", HttpStatusCode.BadRequest, "tenant")]
    [InlineData("""{"tenant":"acme","prefix":"much too long for a prefix"}""", HttpStatusCode.BadRequest, "prefix")]
    [InlineData("""{"tenant":"acme","expires":"tomorrow"}""", HttpStatusCode.BadRequest, "expires")]
    [InlineData("""{"tenant":"acme","expires":"2025-12-31"}""", HttpStatusCode.BadRequest, "expires")]
    [InlineData("""{"tenant":"acme","uses":["change"]}""", HttpStatusCode.BadRequest, "uses")]
    [InlineData("""{"tenant":"acme","replaces":"abc"}""", HttpStatusCode.BadRequest, "replaces")]
    [InlineData("""{"tenant":"acme","graceSeconds":5}""", HttpStatusCode.BadRequest, "graceSeconds")]
    [InlineData("""{"tenant":"nobody"}""", HttpStatusCode.NotFound, null)]
    [InlineData("""{"tenant":"acme","replaces":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", HttpStatusCode.NotFound, null)]
    public async Task Key_ThatMakesNoSense_IsNotGivenOut(string body, HttpStatusCode status, string? parameter)
    {
        await StartAsync();

        using var response = await _gateway!.PostAsync("/admin/keys", body, Admin);

        Assert.Equal(status, response.StatusCode);
        using var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(parameter, error.RootElement.GetProperty("error").GetProperty("param").GetString());
        Assert.Equal("[]", await TextAsync("/admin/audit"));
    }

    [Fact]
    public async Task Key_IsGivenOutToOperatorsOnly()
    {
        await StartAsync();

        using var asked = await _gateway!.PostAsync("/admin/keys", """{"tenant":"acme"}""", ("x-api-key", Samples.AcmeKey));
        using var looked = await _gateway.GetAsync("/admin/keys", ("x-api-key", Samples.AcmeKey));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (asked.StatusCode, looked.StatusCode));
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private async Task StartAsync()
    {
        _gateway = await TestGateway.StartAsync(
            provider => Samples.Keyed(provider) with { Admin = new() { Keys = [Hash("fl-admin-key")] } },
            time: _time,
            realLimiter: configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), _time));
        _gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
    }

    private async Task<JsonElement> IssueAsync(string body)
    {
        using var response = await _gateway!.PostAsync("/admin/keys", body, Admin);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private async Task<string> TextAsync(string path)
    {
        using var response = await _gateway!.GetAsync(path, Admin);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<HttpStatusCode> CallAsync(string key)
    {
        using var response = await _gateway!.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", key));
        return response.StatusCode;
    }
}
