using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class AdminTests
{
    private const string AdminKey = "fl-admin-key";
    private static readonly (string Name, string Value) Authorized = ("Authorization", $"Bearer {AdminKey}");

    [Fact]
    public async Task Pause_HoldsCallsUntilItIsLifted_AndLeavesAnAuditLine()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var paused = await gateway.PostAsync("/admin/pauses", """{"scope":"tenant:acme","seconds":15,"reason":"deploying"}""", Authorized);
        var call = gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", Samples.AcmeKey));
        await Task.Delay(300);
        var waited = !call.IsCompleted;
        using var resumed = await gateway.PostAsync("/admin/pauses", """{"scope":"tenant:acme","seconds":0}""", Authorized);
        using var answered = await call;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (paused.StatusCode, resumed.StatusCode, answered.StatusCode));
        Assert.True(waited);
        using var audit = JsonDocument.Parse(await (await gateway.GetAsync("/admin/audit", Authorized)).Content.ReadAsStringAsync());
        var first = audit.RootElement[1];
        Assert.Equal("deploying", first.GetProperty("reason").GetString());
        Assert.Equal("pause", first.GetProperty("change").GetProperty("action").GetString());
        Assert.Equal($"key {Hash(AdminKey)[..8]}", first.GetProperty("actor").GetString());
        Assert.DoesNotContain(AdminKey, audit.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("account:openai-1")]
    [InlineData("deployment:openai-1/gpt-x")]
    [InlineData("tenant:acme")]
    public async Task Pause_OfNoSeconds_OpensTheScopeForTheNextCaller_WhoeverWasTurnedAwayBefore(string scope)
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var paused = await gateway.PostAsync("/admin/pauses", $$"""{"scope":"{{scope}}","seconds":3600}""", Authorized);
        for (var user = 0; user < 10; user++)
        {
            using var refused = await gateway.PostAsync(
                "/v1/chat/completions", Samples.Chat, ("x-api-key", Samples.AcmeKey), ("X-User", $"u{user}"), ("Prefer", "wait=0"));
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3000, 3600);
        }

        using var opened = await gateway.PostAsync("/admin/pauses", $$"""{"scope":"{{scope}}","seconds":0}""", Authorized);
        using var next = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", Samples.AcmeKey), ("X-User", "next"), ("Prefer", "wait=0"));
        using var back = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", Samples.AcmeKey), ("X-User", "u1"), ("Prefer", "wait=0"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (next.StatusCode, back.StatusCode));
    }

    /// <summary>Whoever sent it meant something by it, and would believe it done.</summary>
    [Theory]
    [InlineData("pauses", """{"scope":"tenant:acme","seconds":1,"until":"tomorrow"}""", "until")]
    [InlineData("pauses", """{"scope":"tenant:acme","seconds":1,"tenant":"acme"}""", "tenant")]
    [InlineData("limits", """{"scope":"deployment:openai-1/gpt-x","dimension":"tokens","windowSeconds":60,"amount":999,"tokens":5}""", "tokens")]
    [InlineData("weights", """{"tenant":"acme","weight":2,"seconds":60}""", "seconds")]
    [InlineData("revocations", """{"tenant":"acme","hash":"HASH","graceSeconds":60}""", "graceSeconds")]
    [InlineData("learned", """{"scope":"deployment:openai-1/gpt-x","amount":5}""", "amount")]
    [InlineData("learned", """{"scope":"deployment:openai-1/gpt-x","dimension":"tokens"}""", "dimension")]
    [InlineData("budgets", """{"budget":"day:tenant:acme","usd":1,"weight":2}""", "weight")]
    [InlineData("keys", """{"tenant":"acme","seconds":60}""", "seconds")]
    public async Task MemberThatIsOfNoUseHere_IsRefusedByName_AndNothingIsChanged(string path, string body, string member)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync($"/admin/{path}", body.Replace("HASH", new string('a', 64), StringComparison.Ordinal), Authorized);

        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, text);
        Assert.EndsWith(member, JsonDocument.Parse(text).RootElement.GetProperty("error").GetProperty("param").GetString()!, StringComparison.Ordinal);
        Assert.Equal("[]", await (await gateway.GetAsync("/admin/audit", Authorized)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Limit_IsAnotherFromThenOn()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync(
            "/admin/limits", """{"scope":"deployment:openai-1/gpt-x","dimension":"tokens","windowSeconds":60,"amount":999}""", Authorized);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var status = JsonDocument.Parse(await (await gateway.GetAsync("/status", Authorized)).Content.ReadAsStringAsync());
        Assert.Equal(999, status.RootElement.GetProperty("budgets")[0].GetProperty("meters")[0].GetProperty("configured").GetInt64());
    }

    [Fact]
    public async Task Revocation_TakesAKeyAtOnce()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var revoked = await gateway.PostAsync("/admin/revocations", $$"""{"tenant":"acme","hash":"sha256:{{Hash(Samples.AcmeKey)}}"}""", Authorized);
        using var refused = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", Samples.AcmeKey));
        using var other = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", "fl-globex-key"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (revoked.StatusCode, refused.StatusCode, other.StatusCode));
    }

    [Theory]
    [InlineData("/admin/pauses", """{"seconds":5}""", "scope")]
    [InlineData("/admin/pauses", """{"scope":"tenant:acme","seconds":-1}""", "seconds")]
    [InlineData("/admin/limits", """{"scope":"tenant:acme","dimension":"rpm","windowSeconds":60,"amount":5}""", "dimension")]
    [InlineData("/admin/limits", """{"scope":"tenant:acme","dimension":"tokens","windowSeconds":60,"amount":0}""", "amount")]
    [InlineData("/admin/limits", """{"scope":"tenant:acme","dimension":"tokens","windowSeconds":60,"amount":9223372036854775807}""", "amount")]
    [InlineData("/admin/limits", """{"scope":"tenant:acme","dimension":"tokens","windowSeconds":1e15,"amount":5}""", "windowSeconds")]
    [InlineData("/admin/limits", """{"scope":"tenant:acme","dimension":"tokens","windowSeconds":1e999,"amount":5}""", "windowSeconds")]
    [InlineData("/admin/pauses", """{"scope":"tenant:acme","seconds":1e999}""", "seconds")]
    [InlineData("/admin/pauses", """{"scope":"tenant:acme","seconds":5,"reason":"done\nwarn: Audit: root made everything"}""", "reason")]
    [InlineData("/admin/pauses", """{"scope":"tenant:acme","seconds":5,"reason":"\u001b[2J"}""", "reason")]
    [InlineData("/admin/pauses", """{"scope":"tenant:acme","seconds":5,"reason":"two\u2028lines"}""", "reason")]
    [InlineData("/admin/weights", """{"tenant":"acme","weight":1e-320}""", "weight")]
    [InlineData("/admin/weights", """{"tenant":"acme","weight":1e999}""", "weight")]
    [InlineData("/admin/weights", """{"tenant":"acme","weight":0}""", "weight")]
    [InlineData("/admin/revocations", """{"tenant":"acme","hash":"abc"}""", "hash")]
    [InlineData("/admin/keys", """{"tenant":"acme","expiresAt":"2099-06-30"}""", "$.expiresAt")]
    public async Task Change_ThatMakesNoSense_IsRefusedWithWhatToWrite(string path, string body, string parameter)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync(path, body, Authorized);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(parameter, error.RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Change_OfWhatIsNotThere_IsNotFound_AndNotAudited()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/admin/weights", """{"tenant":"nobody","weight":2}""", Authorized);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("[]", await (await gateway.GetAsync("/admin/audit", Authorized)).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("Authorization", "Bearer wrong", HttpStatusCode.Unauthorized)]
    [InlineData("x-api-key", Samples.AcmeKey, HttpStatusCode.Unauthorized)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    public async Task Change_WithoutAnAdminKey_IsRefused_AlsoOnThisMachine(string header, string value, HttpStatusCode expected)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/admin/weights", """{"tenant":"acme","weight":2}""", (header, value));

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("rebound.example.com", HttpStatusCode.Forbidden)]
    public async Task Change_WhereNothingIsConfigured_IsTakenFromThisMachineByItsOwnName(string host, HttpStatusCode expected)
    {
        await using var gateway = await TestGateway.StartAsync(Limited, realLimiter: Real);

        using var response = await gateway.PostAsync("/admin/pauses", """{"scope":"deployment:openai-1/gpt-x","seconds":1}""", ("Host", host));

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/metrics")]
    [InlineData("/usage")]
    [InlineData("/admin/audit")]
    [InlineData("/dashboard/events")]
    [InlineData("/dashboard/trends")]
    public async Task Look_WhereAdminKeysAreConfigured_TakesOne_AlsoOnThisMachine(string path)
    {
        await using var gateway = await StartAsync();

        using var without = await gateway.GetAsync(path);
        using var with = await gateway.GetAsync(path, Authorized);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
    }

    [Theory]
    [InlineData("Host", "rebound.example.com")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("X-Real-IP", "203.0.113.7")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Forwarded-Server", "proxy")]
    [InlineData("CF-Connecting-IP", "203.0.113.7")]
    [InlineData("X-Azure-ClientIP", "203.0.113.7")]
    [InlineData("X-Cluster-Client-IP", "203.0.113.7")]
    [InlineData("X-Envoy-External-Address", "203.0.113.7")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "file://")]
    public async Task Look_ThatAnothersPageOrAProxySends_IsNoOperators(string header, string value)
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed, realLimiter: Real);

        using var atHand = await gateway.GetAsync("/status");
        using var passedOn = await gateway.GetAsync("/status", (header, value));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (atHand.StatusCode, passedOn.StatusCode));
    }

    [Theory]
    [InlineData("Host", "rebound.example.com", "unknown_host")]
    [InlineData("Host", "localhost.example.com", "unknown_host")]
    [InlineData("Sec-Fetch-Site", "cross-site", "cross_site")]
    [InlineData("Sec-Fetch-Site", "same-site", "cross_site")]
    [InlineData("Origin", "https://example.com", "cross_site")]
    [InlineData("Origin", "null", "cross_site")]
    [InlineData("Origin", "file://", "cross_site")]
    public async Task Request_ThatAnothersPageSends_ReachesNoProviderAndNoOperatorsPath_WhereNobodyNeedsAKey(string header, string value, string word)
    {
        await using var gateway = await TestGateway.StartAsync(Limited, realLimiter: Real);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        foreach (var (path, body) in new[]
        {
            ("/v1/chat/completions", Samples.Chat), ("/v1/messages", Samples.Message), ("/reservations", """{"model":"gpt-x","inputTokens":1}"""),
            ("/preflight", """{"steps":[{"model":"gpt-x","inputTokens":1}]}"""),
            ("/admin/pauses", """{"scope":"deployment:openai-1/gpt-x","seconds":60}"""),
        })
        {
            using var response = await gateway.PostAsync(path, body, (header, value));
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        foreach (var path in new[] { "/status", "/metrics", "/usage", "/v1/models" })
        {
            using var response = await gateway.GetAsync(path, (header, value));
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.Contains(word, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("Host", "LOCALHOST:8080")]
    [InlineData("Host", "agents.localhost")]
    [InlineData("Host", "[::1]:8080")]
    [InlineData("Host", "127.1.2.3")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task Request_OfThisMachinesOwnPagesAndPrograms_IsTaken(string header, string value)
    {
        await using var gateway = await TestGateway.StartAsync(Limited, realLimiter: Real);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var call = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, (header, value));
        using var change = await gateway.PostAsync("/admin/pauses", """{"scope":"deployment:openai-1/gpt-x","seconds":0}""", (header, value));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (call.StatusCode, change.StatusCode));
    }

    [Fact]
    public async Task Change_WhereTenantsButNoAdminKeysAreConfigured_IsRefused()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed, realLimiter: Real);

        using var response = await gateway.PostAsync("/admin/weights", """{"tenant":"acme","weight":2}""");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task AuditFile_KeepsEntriesAcrossProcesses_AlsoAfterALineWasCutShort()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("funclimiter-audit").FullName, "audit.jsonl");
        var entry = new AuditEntry(DateTimeOffset.UnixEpoch, "local", new WeightChange("acme", 2), null);
        using (var first = new AuditFile(path))
        {
            await first.AppendAsync(entry, CancellationToken.None);
        }

        await File.AppendAllTextAsync(path, "{\"at\":\"19");
        using var second = new AuditFile(path);
        await second.AppendAsync(entry with { Reason = "again" }, CancellationToken.None);

        Assert.Equal([entry, entry with { Reason = "again" }], await second.ReadAsync(CancellationToken.None));
    }

    private static Task<TestGateway> StartAsync() => TestGateway.StartAsync(
        provider => Limited(provider) with { Tenants = Samples.Keyed(provider).Tenants, Admin = new AdminConfiguration { Keys = [Hash(AdminKey)] } },
        realLimiter: Real);

    private static GatewayConfiguration Limited(Uri provider)
    {
        var open = Samples.Open(provider);
        var limit = new Limit(Dimension.Tokens, 100_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);
        return open with { Accounts = [open.Accounts[0] with { Models = [open.Accounts[0].Models[0] with { Limits = [limit] }] }, .. open.Accounts.Skip(1)] };
    }

    private static EmbeddedLimiter Real(GatewayConfiguration configuration) => new(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System);

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
