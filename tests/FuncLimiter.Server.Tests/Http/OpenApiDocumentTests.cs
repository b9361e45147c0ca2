using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Tests.Configuration;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>What the OpenAPI document says is what the built server takes and answers: every operation is called, every member of a body tried.</summary>
public sealed partial class OpenApiDocumentTests(OpenApiDocumentTests.Server server) : IClassFixture<OpenApiDocumentTests.Server>
{
    private const string AdminKey = "fl-admin-key";
    private const string Chat = """{"model":"gpt-x","messages":[{"role":"user","content":"Say hello."}],"max_tokens":5}""";
    private const string Message = """{"model":"claude-x","messages":[{"role":"user","content":"Say hello."}],"max_tokens":5}""";
    private const string Responses = """{"model":"gpt-x","input":"Say hello.","max_output_tokens":16}""";
    private const string Embeddings = """{"model":"gpt-x","input":"hello"}""";
    private const string Job = $$"""{"path":"/v1/chat/completions","body":{{Chat}},"priority":"background","user":"ann","workflow":"nightly","step":"sum","run":"42","tier":"any","deadlineSeconds":3600}""";
    private const string Reservation = """{"model":"gpt-x","operation":"chat/completions","inputTokens":10,"cachedInputTokens":1,"outputTokens":5,"priority":"standard","user":"ann","maxWaitSeconds":1,"ttlSeconds":60}""";
    private const string Preflight = """{"steps":[{"model":"gpt-x","step":"draft","calls":20,"atOnce":4,"operation":"chat/completions","inputTokens":10,"cachedInputTokens":1,"outputTokens":5,"maxOutputTokens":10},{"model":"gpt-x","request":{"messages":[{"role":"user","content":"Hi"}]}}],"priority":"standard","user":"ann","deadlineSeconds":60,"hold":false}""";
    private const string Settlement = """{"status":200,"usage":{"inputTokens":10,"outputTokens":5,"cacheReadTokens":1,"cacheWriteTokens":0,"reasoningTokens":0},"headers":{"x-request-id":"1"}}""";

    // By operation: the path as it is called, and the body.
    private static readonly Dictionary<string, (string Path, string? Body)> Calls = new(StringComparer.Ordinal)
    {
        ["GET /"] = ("/", null),
        ["POST /v1/chat/completions"] = ("/v1/chat/completions", Chat),
        ["POST /v1/responses"] = ("/v1/responses", Responses),
        ["POST /v1/embeddings"] = ("/v1/embeddings", Embeddings),
        ["POST /v1/messages"] = ("/v1/messages", Message),
        ["POST /v1/messages/count_tokens"] = ("/v1/messages/count_tokens", Message),
        ["POST /openai/deployments/{deployment}/chat/completions"] = ("/openai/deployments/gpt-z/chat/completions?api-version=2024-10-21", Chat),
        ["POST /openai/deployments/{deployment}/embeddings"] = ("/openai/deployments/gpt-z/embeddings?api-version=2024-10-21", Embeddings),
        ["POST /openai/v1/chat/completions"] = ("/openai/v1/chat/completions", Chat),
        ["POST /openai/v1/responses"] = ("/openai/v1/responses", Responses),
        ["POST /openai/v1/embeddings"] = ("/openai/v1/embeddings", Embeddings),
        ["POST /openai/responses"] = ("/openai/responses?api-version=2025-04-01-preview", Responses),
        ["POST /v1beta/openai/chat/completions"] = ("/v1beta/openai/chat/completions", Chat),
        ["POST /v1beta/openai/embeddings"] = ("/v1beta/openai/embeddings", Embeddings),
        ["GET /v1/models"] = ("/v1/models", null),
        ["GET /openai/v1/models"] = ("/openai/v1/models", null),
        ["GET /v1/models/{model}"] = ("/v1/models/gpt-x", null),
        ["POST /jobs"] = ("/jobs", Job),
        ["GET /jobs/{id}"] = ("/jobs/{job}", null),
        ["DELETE /jobs/{id}"] = ("/jobs/{job}", null),
        ["POST /preflight"] = ("/preflight", Preflight),
        ["POST /reservations"] = ("/reservations", Reservation),
        ["POST /reservations/{id}/settlement"] = ("/reservations/{reservation}/settlement", Settlement),
        ["GET /status"] = ("/status", null),
        ["GET /metrics"] = ("/metrics", null),
        ["GET /usage"] = ("/usage?by=tenant,workflow,model&interval=hour&limit=10", null),
        ["GET /health/live"] = ("/health/live", null),
        ["GET /health/ready"] = ("/health/ready", null),
        ["GET /openapi/v1.json"] = ("/openapi/v1.json", null),
        ["POST /admin/pauses"] = ("/admin/pauses", """{"scope":"account:azure-1","seconds":0,"reason":"tried"}"""),
        ["POST /admin/limits"] = ("/admin/limits", """{"scope":"deployment:openai-1/gpt-x","dimension":"tokens","windowSeconds":60,"amount":10000000,"reason":"tried"}"""),
        ["POST /admin/weights"] = ("/admin/weights", """{"tenant":"globex","weight":2,"reason":"tried"}"""),
        ["POST /admin/revocations"] = ("/admin/revocations", """{"tenant":"globex","hash":"{globex}","reason":"tried"}"""),
        ["POST /admin/learned"] = ("/admin/learned", """{"scope":"deployment:openai-1/gpt-x","reason":"tried"}"""),
        ["GET /admin/budgets"] = ("/admin/budgets", null),
        ["POST /admin/budgets"] = ("/admin/budgets", """{"budget":"day:tenant:acme","usd":0.5,"tokens":0,"calls":1,"reason":"tried"}"""),
        ["GET /admin/keys"] = ("/admin/keys", null),
        ["POST /admin/keys"] = ("/admin/keys", """{"tenant":"globex","prefix":"fl-tried","expires":"2099-06-30","uses":["calls"],"reason":"tried"}"""),
        ["POST /admin/reload"] = ("/admin/reload", null),
        ["GET /admin/record"] = ("/admin/record", null),
        ["GET /admin/audit"] = ("/admin/audit", null),
    };

    // Members that must also name what there is, or go with another: a value of the right kind may be refused.
    private static readonly string[] Names = ["model", "scope", "tenant", "hash", "webhook", "dimension", "windowSeconds", "budget", "path", "body", "operation", "inputTokens", "cachedInputTokens", "hold"];

    private static readonly string[] Odd =
        ["null", "true", "0", "1", "0.5", "-1", "101", "700", "999999999999", "\"\"", "\"x\"", $"\"{new string('x', 300)}\"", "[]", "{}", "[1]"];

    [Fact]
    public async Task EveryOperation_AnswersAsTheDocumentSays()
    {
        var document = await server.DocumentAsync();
        var evaluator = new SchemaEvaluator(document);
        var operations = Operations(document).ToList();
        Assert.Equal(Calls.Keys.Order(StringComparer.Ordinal), operations.Select(operation => operation.Name).Order(StringComparer.Ordinal));

        foreach (var (name, operation) in operations.OrderBy(operation => operation.Name.StartsWith("POST /admin/rev", StringComparison.Ordinal)))
        {
            var (path, body) = Calls[name];
            var reply = await server.SendAsync(name.Split(' ')[0], await server.FillAsync(path), body);
            Assert.True(operation.GetProperty("responses").TryGetProperty($"{reply.Status}", out var response) && reply.Status < 300, $"{name}: {reply.Status} {reply.Text}");
            if (response.GetProperty("content").TryGetProperty("application/json", out var content))
            {
                using var answer = JsonDocument.Parse(reply.Text);
                Assert.True(evaluator.Accepts(content.GetProperty("schema"), answer.RootElement), $"{name}: the document has another answer than {reply.Text}");
            }

            foreach (var header in operation.GetProperty("responses").GetProperty($"{reply.Status}").TryGetProperty("headers", out var headers) ? headers.EnumerateObject().Select(each => each.Name) : [])
            {
                Assert.True(reply.Headers.ContainsKey(header), $"{name}: no {header}");
            }
        }
    }

    [Theory]
    [InlineData("POST /jobs")]
    [InlineData("POST /preflight")]
    [InlineData("POST /reservations")]
    [InlineData("POST /reservations/{id}/settlement")]
    [InlineData("POST /admin/pauses")]
    [InlineData("POST /admin/limits")]
    [InlineData("POST /admin/weights")]
    [InlineData("POST /admin/revocations")]
    [InlineData("POST /admin/learned")]
    [InlineData("POST /admin/budgets")]
    [InlineData("POST /admin/keys")]
    public async Task Body_IsTakenExactlyWhereTheDocumentAcceptsIt(string name)
    {
        var document = await server.DocumentAsync();
        var evaluator = new SchemaEvaluator(document);
        var schema = Operations(document).Single(operation => operation.Name == name).Operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        var (path, sample) = Calls[name];
        var (tried, refused) = (0, 0);
        foreach (var (member, body) in Variants(sample!.Replace("{globex}", new string('a', 64), StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(body);
            var isAccepted = evaluator.Accepts(schema, json.RootElement);
            var reply = await server.SendAsync("POST", await server.FillAsync(path), body);

            Assert.True(reply.Status is < 500 or 503, $"{body}: {reply.Status} {reply.Text}");
            if (!isAccepted)
            {
                Assert.True(reply.Status is >= 400 and < 500, $"{name} takes {body}, and the document doesn't.");
                refused++;
            }
            else if (!Names.Contains(member))
            {
                Assert.True(reply.Status < 300 || reply.Text.Contains("nothing_to_change", StringComparison.Ordinal), $"{name} refuses {body}, and the document doesn't: {reply.Text}");
            }

            tried++;
        }

        Assert.InRange(tried, 30, int.MaxValue);
        Assert.InRange(refused, 15, int.MaxValue);
    }

    [Fact]
    public async Task Page_ShowsTheDocument_AndBringsItsScript()
    {
        var page = await server.SendAsync("GET", "/docs", null);
        if (page.Status is 301 or 302 or 307 or 308)
        {
            page = await server.SendAsync("GET", page.Headers["Location"], null);
        }

        Assert.Equal(200, page.Status);
        Assert.Contains("openapi/v1.json", page.Text, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        var scripts = Script().Matches(page.Text).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(scripts);
        foreach (var script in scripts)
        {
            Assert.DoesNotContain("//", script, StringComparison.Ordinal);
            Assert.Equal(200, (await server.SendAsync("GET", script.StartsWith('/') ? script : $"/docs/{script}", null)).Status);
        }
    }

    private static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonElement document) => document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(method => ($"{method.Name.ToUpperInvariant()} {path.Name}", method.Value)));

    // The sample with one member left out, put in anew, or of another value.
    private static IEnumerable<(string Member, string Body)> Variants(string sample)
    {
        var members = ((JsonObject)JsonNode.Parse(sample)!).Select(member => member.Key).ToList();
        foreach (var member in members)
        {
            var less = (JsonObject)JsonNode.Parse(sample)!;
            less.Remove(member);
            yield return (member, less.ToJsonString());
            foreach (var odd in Odd)
            {
                var other = (JsonObject)JsonNode.Parse(sample)!;
                other[member] = JsonNode.Parse(odd);
                yield return (member, other.ToJsonString());
            }
        }

        foreach (var whole in new[] { "[]", "1", "\"x\"", "true" })
        {
            yield return ("", whole);
        }
    }

    [GeneratedRegex("(?:src=|from )[\"']([^\"']+\\.js[^\"']*)[\"']")]
    private static partial Regex Script();

    /// <summary>A server with tenants and operators, in front of the double.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private readonly Setup _setup = new();
        private ProviderDouble? _provider;
        private ServerFolder? _folder;
        private ServerProcess? _server;

        public async Task InitializeAsync()
        {
            _provider = await _setup.StartDoubleAsync();
            var configuration = (JsonObject)JsonSerializer.SerializeToNode(_setup.Configuration(_provider.BaseAddress), JsonSerializerOptions.Web)!;
            configuration["admin"] = new JsonObject { ["keys"] = new JsonArray($"sha256:{Hash(AdminKey)}") };
            configuration["budgets"] = JsonNode.Parse("""[{ "for": "tenant", "name": "acme", "per": "day", "usd": 1000, "calls": 100000 }]""");
            configuration["record"] = JsonNode.Parse("""{ "file": "record.jsonl", "key": "${RECORD_KEY}" }""");
            _folder = new ServerFolder(configuration.ToJsonString())
                .With("PROVIDER_KEY", Setup.ProviderKey).With("ACME_WEBHOOK_SECRET", Setup.WebhookSecret).With("RECORD_KEY", "a-fake-key-of-the-tests");
            _server = await _folder.StartAsync();
        }

        public async Task DisposeAsync()
        {
            await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
            _folder?.Dispose();
            await (_provider?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        internal async Task<JsonElement> DocumentAsync()
        {
            using var document = JsonDocument.Parse((await _server!.Client.FetchAsync("/openapi/v1.json")).Text);
            return document.RootElement.Clone();
        }

        internal Task<Reply> SendAsync(string method, string path, string? body) => _server!.Client.SendAsync(
            new HttpMethod(method), path, body?.Replace("{globex}", Hash(Setup.GlobexKey), StringComparison.Ordinal),
            ("Authorization", $"Bearer {(path.StartsWith("/admin", StringComparison.Ordinal) ? AdminKey : Setup.AcmeKey)}"));

        /// <summary>A path with a job or a reservation that there is.</summary>
        internal async Task<string> FillAsync(string path) => path
            .Replace("{job}", path.Contains("{job}", StringComparison.Ordinal) ? await NewAsync("/jobs", Job) : "", StringComparison.Ordinal)
            .Replace("{reservation}", path.Contains("{reservation}", StringComparison.Ordinal) ? await NewAsync("/reservations", Reservation) : "", StringComparison.Ordinal);

        private async Task<string> NewAsync(string path, string body) => (await SendAsync("POST", path, body)).Json["id"]!.GetValue<string>();

        private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }
}
