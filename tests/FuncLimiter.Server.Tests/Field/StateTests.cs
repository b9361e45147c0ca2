using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>What an account keeps is asked of that account, and only by whoever made it there.</summary>
public sealed class StateTests : IAsyncLifetime, IDisposable
{
    private readonly FieldAccount _a = new("a", 'A');
    private readonly FieldAccount _b = new("b", 'B');
    private FieldProvider _provider = null!;
    private ServerFolder _folder = null!;

    public async Task InitializeAsync()
    {
        _provider = await FieldProvider.StartAsync();
        _folder = new ServerFolder("{}");
        foreach (var account in new[] { _a, _b })
        {
            _provider.Add(account);
            _folder.With(FieldCase.Variable(account), account.Key);
        }
    }

    public async Task DisposeAsync() => await _provider.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Response_IsAskedOfItsAccountAfterARestart()
    {
        Configure([_a, _b], Tenant("one"));
        string id;
        await using (var first = await _folder.StartAsync())
        {
            var made = await SendAsync(first, "one", "POST", "/v1/responses", """{"model":"m","input":"Say hi."}""");
            id = made.Json["id"]!.GetValue<string>();

            // Nothing of it was asked for yet; it is written within moments.
            await Task.Delay(500);
            await first.KillAsync();
        }

        await using var second = await _folder.StartAsync();
        var (maker, other) = id.StartsWith("resp_A", StringComparison.Ordinal) ? (_a, _b) : (_b, _a);
        var before = other.Requests.Count;
        for (var call = 0; call < 4; call++)
        {
            var found = await SendAsync(second, "one", "GET", $"/v1/responses/{id}", null);
            var next = await SendAsync(second, "one", "POST", "/v1/responses", $$"""{"model":"m","input":"More.","previous_response_id":"{{id}}"}""");

            Assert.Equal((200, 200), (found.Status, next.Status));
        }

        Assert.Equal(before, other.Requests.Count);
        Assert.Equal(4, maker.Requests.Count(request => request.Method == "GET"));
    }

    [Fact]
    public async Task StreamedResponse_IsAskedOfTheAccountThatMadeIt()
    {
        Configure([_a, _b], Tenant("one"));
        await using var server = await _folder.StartAsync();

        for (var call = 0; call < 6; call++)
        {
            var made = await SendAsync(server, "one", "POST", "/v1/responses", """{"model":"m","input":"Say hi.","stream":true}""");
            var maker = made.Text.Contains("from A", StringComparison.Ordinal) ? _a : _b;
            var id = $"resp_{maker.Letter}_{maker.Requests[^1].Index}";

            var found = await SendAsync(server, "one", "GET", $"/v1/responses/{id}", null);

            Assert.Equal(200, found.Status);
            Assert.Equal(("GET", $"/v1/responses/{id}"), (maker.Requests[^1].Method, maker.Requests[^1].Target));
        }
    }

    [Fact]
    public async Task File_OfAnotherTenant_IsNotThere()
    {
        Configure([_a], Tenant("one"), Tenant("two"));
        await using var server = await _folder.StartAsync();
        var made = await SendAsync(server, "one", "POST", "/v1/vector_stores", """{"name":"mine"}""");
        var id = made.Json["id"]!.GetValue<string>();
        var before = _a.Requests.Count;

        var found = await SendAsync(server, "two", "GET", $"/v1/files/{id}", null);
        var used = await SendAsync(server, "two", "POST", "/v1/responses", $$"""{"model":"m","input":[{"type":"input_file","file_id":"{{id}}"}]}""");
        var hidden = await SendAsync(server, "two", "POST", "/v1/responses", $$"""{"model":"m","input":[{"type":"input_file","file\u005fid":"{{id}}"}]}""");
        var listed = await SendAsync(server, "two", "GET", "/v1/files", null);

        Assert.Equal((404, 404, 404, 403), (found.Status, used.Status, hidden.Status, listed.Status));
        Assert.Equal(before, _a.Requests.Count);
        Assert.Equal(200, (await SendAsync(server, "one", "GET", $"/v1/files/{id}", null)).Status);
    }

    [Fact]
    public async Task AllowedPaths_AreAllThatIsPassedForATenant()
    {
        Configure([_a], Tenant("one", "/v1/files*"), Tenant("two"));
        await using var server = await _folder.StartAsync();

        var listed = await SendAsync(server, "one", "GET", "/v1/files", null);
        var moderated = await SendAsync(server, "one", "POST", "/v1/moderations", """{"input":"Say hi."}""");
        var chat = await SendAsync(server, "one", "POST", "/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"Say hi."}]}""");

        Assert.Equal((200, 403, 200), (listed.Status, moderated.Status, chat.Status));
    }

    [Fact]
    public async Task Request_WithoutAModel_GoesToTheAccountThatTheConfigurationNames()
    {
        Configure([_a, _b], Tenant("one"));
        await using var server = await _folder.StartAsync();

        var moderated = await SendAsync(server, "one", "POST", "/v1/moderations", """{"input":"Say hi."}""");

        Assert.Contains("from B", moderated.Text, StringComparison.Ordinal);
        Assert.Equal("b/*", moderated.Header("X-FuncLimiter-Deployment"));
    }

    [Fact]
    public async Task Completion_WhoseAccountIsOverloaded_IsMadeByAnother()
    {
        Configure([_a, _b], Tenant("one"));
        await using var server = await _folder.StartAsync();
        _a.Answer = FieldAnswers.Refusal(503, "busy");

        for (var call = 0; call < 3; call++)
        {
            var reply = await SendAsync(server, "one", "POST", "/v1/completions", """{"model":"m","prompt":"Say hi.","max_tokens":5}""");

            Assert.True(reply.Status == 200 && reply.Text.Contains("from B", StringComparison.Ordinal), reply.ToString());
        }
    }

    [Fact]
    public async Task Sound_PassesThroughAsItComes()
    {
        Configure([_a], Tenant("one"));
        await using var server = await _folder.StartAsync();
        const string asked = """{"model":"m","input":"Say hi.","voice":"alloy"}""";
        await SendAsync(server, "one", "POST", "/v1/audio/speech", asked);
        var pause = TimeSpan.FromSeconds(3);
        _a.Answer = async (_, context) =>
        {
            context.Response.ContentType = "audio/mpeg";
            await context.Response.Body.WriteAsync(new byte[] { 1, 0, 255 });
            await context.Response.Body.FlushAsync();
            await Task.Delay(pause);
            await context.Response.Body.WriteAsync(new byte[] { 2 });
        };

        var reply = await SendAsync(server, "one", "POST", "/v1/audio/speech", asked);

        Assert.Equal([1, 0, 255, 2], reply.Body);
        Assert.Equal("audio/mpeg", reply.Header("Content-Type"));
        Assert.True(reply.Arrivals[0] < pause, $"The first bytes came after {reply.Arrivals[0]}");
    }

    private static object Tenant(string id, params string[] paths) => new
    {
        id,
        keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"fl-{id}")))}" },
        allow = new { paths },
    };

    private void Configure(FieldAccount[] accounts, params object[] tenants) => _folder.Configure(new
    {
        accounts = accounts.Select(account => new
        {
            id = account.Id,
            provider = "openai",
            endpoint = _provider.BaseAddress,
            apiKey = $"${{{FieldCase.Variable(account)}}}",
            models = new[] { new { model = "m", limits = new { rpm = 5_000, tpm = 5_000_000 } } },
            paths = account == _b ? ["/v1/moderations"] : Array.Empty<string>(),
        }),
        routes = new[] { new { model = "m", targets = accounts.Select(account => $"{account.Id}/m") } },
        tenants,
    });

    private static Task<FieldReply> SendAsync(ServerProcess server, string tenant, string method, string target, string? body)
    {
        (string, string)[] headers = [("Authorization", $"Bearer fl-{tenant}"), ("Content-Type", "application/json")];
        return FieldCaller.SendAsync(server.Client.BaseAddress!, method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
    }
}
