using System.Net;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A key is taken until its last day is over, and for what its scope says.</summary>
public sealed class KeyTermsTests
{
    private const string Key = "fl-acme-ci-0123456789";
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {Key}");

    [Fact]
    public async Task TenantKey_IsTakenOnItsLastDayAndNotAfterIt()
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync(new AccessKey(Hash(Key)) { Expires = new DateOnly(2026, 1, 1), Prefix = "fl-acme-ci" }, time);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Bearer);
        time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        using var last = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Bearer);
        time.Advance(TimeSpan.FromSeconds(1));
        using var late = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Bearer);

        var told = await late.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized), (first.StatusCode, last.StatusCode, late.StatusCode));
        Assert.Contains("key_expired", told, StringComparison.Ordinal);
        Assert.Contains("fl-acme-ci... was taken until 2026-01-01", told, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(KeyUse.Calls, "POST /v1/chat/completions")]
    [InlineData(KeyUse.Calls, "POST /v1/images/generations")]
    [InlineData(KeyUse.Reservations, "POST /reservations")]
    [InlineData(KeyUse.Reservations, "POST /reservations/none/settlement")]
    [InlineData(KeyUse.Reservations, "POST /preflight")]
    [InlineData(KeyUse.Usage, "GET /usage")]
    [InlineData(KeyUse.Usage, "GET /status")]
    [InlineData(KeyUse.Usage, "GET /metrics")]
    public async Task TenantKey_DoesWhatItsScopeNames_AndNothingElse(KeyUse use, string request)
    {
        var others = new[] { KeyUse.Calls, KeyUse.Jobs, KeyUse.Reservations, KeyUse.Usage }.Where(other => other != use).ToHashSet();

        var (allowed, refused) = (await AnswerAsync(new HashSet<KeyUse> { use }, request), await AnswerAsync(others, request));

        Assert.NotEqual(HttpStatusCode.Forbidden, allowed.Status);
        Assert.NotEqual(HttpStatusCode.Unauthorized, allowed.Status);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("key_not_for_this", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdminKey_ThatIsForLooking_SeesEverythingAndChangesNothing()
    {
        await using var gateway = await StartAsync(Hash("fl-other"), admin: new AccessKey(Hash(Key)) { Scope = new HashSet<KeyUse> { KeyUse.Look } });

        using var seen = await gateway.GetAsync("/status", Bearer);
        using var audit = await gateway.GetAsync("/admin/audit", Bearer);
        using var change = await gateway.PostAsync("/admin/weights", """{"tenant":"acme","weight":2}""", Bearer);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden), (seen.StatusCode, audit.StatusCode, change.StatusCode));
        Assert.Contains("key_not_for_this", await change.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdminKey_WhoseLastDayIsOver_IsNone()
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync(Hash("fl-other"), time, new AccessKey(Hash(Key)) { Expires = new DateOnly(2026, 1, 1) });
        using var before = await gateway.GetAsync("/admin/audit", Bearer);
        time.Advance(TimeSpan.FromDays(1));

        using var after = await gateway.GetAsync("/admin/audit", Bearer);
        using var change = await gateway.PostAsync("/admin/weights", """{"tenant":"acme","weight":2}""", Bearer);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (before.StatusCode, after.StatusCode, change.StatusCode));
    }

    [Fact]
    public async Task Audit_NamesTheAdminKeyByItsPrefix()
    {
        await using var gateway = await StartAsync(Hash("fl-other"), admin: new AccessKey(Hash(Key)) { Prefix = "fl-acme-ci" });

        using var change = await gateway.PostAsync("/admin/weights", """{"tenant":"acme","weight":2}""", Bearer);
        using var audit = await gateway.GetAsync("/admin/audit", Bearer);

        var text = await audit.Content.ReadAsStringAsync();
        Assert.Contains("key fl-acme-ci...", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> AnswerAsync(IReadOnlySet<KeyUse> scope, string request)
    {
        var parts = request.Split(' ');
        await using var gateway = await StartAsync(new AccessKey(Hash(Key)) { Scope = scope });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        using var answer = parts[0] == "GET" ? await gateway.GetAsync(parts[1], Bearer) : await gateway.PostAsync(parts[1], Samples.Chat, Bearer);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task<TestGateway> StartAsync(AccessKey tenant, TimeProvider? time = null, AccessKey? admin = null) => TestGateway.StartAsync(
        provider => Samples.Open(provider) with
        {
            Tenants = [new TenantConfiguration("acme", [tenant], 1, [], [])],
            Admin = admin is null ? new AdminConfiguration { Keys = [Hash("fl-nobody's")] } : new AdminConfiguration { Keys = [admin] },
        },
        time: time,
        realLimiter: admin is null ? null : configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System));

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
