using System.Net;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Credentials;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Limits;

/// <summary>
/// The APIs by which providers tell limits, as their documentation has them (docs/limits.md): paths, credentials, paging, refusals. Each page
/// holds one entry, so every list of more has pages. It shares nothing with the product.
/// </summary>
internal sealed class LimitApis : IAsyncDisposable
{
    public const string AdminKey = "admin-key-of-the-tests";
    public const string MemberKey = "member-key-of-the-tests";
    public const string OpenRouterKey = "sk-provider-of-the-tests";
    public const string Resource = "/subscriptions/sub-1/resourceGroups/group-1/providers/Microsoft.CognitiveServices/accounts/contoso";

    /// <summary>A key of Bedrock's own.</summary>
    public const string BedrockKey = "bedrock-key-of-the-tests";

    private const string IdentityHeader = "identity-header-of-the-tests";
    private const string AzureToken = "token-of-the-tests";

    private readonly WebApplication _app;
    private volatile (string Model, long Requests, long Tokens)[] _limits = [];
    private volatile int _asked;

    private LimitApis(WebApplication app) => _app = app;

    /// <summary>Its base address, without a path.</summary>
    public string BaseAddress => _app.Urls.Single().TrimEnd('/');

    /// <summary>How many requests it has answered.</summary>
    public int Asked => _asked;

    /// <summary>Whether it is out of order.</summary>
    public bool IsDown { get; set; }

    /// <summary>Whether the identity that asks Azure may read.</summary>
    public bool AzureMayRead { get; set; } = true;

    /// <summary>Whether the subscription's quotas may be read, besides the resource.</summary>
    public bool AzureMayReadUsages { get; set; } = true;

    /// <summary>Bedrock itself, and the keys that AWS knows.</summary>
    public AmazonDouble Amazon { get; } = new();

    /// <summary>Whether AWS credentials may read quotas.</summary>
    public bool AwsMayRead { get; set; } = true;

    /// <summary>What OpenRouter tells of the key: dollars, null for no bound.</summary>
    public double? Credit { get; set; }

    /// <summary>What the environment must hold so that Azure's client libraries find an identity, as on App Service.</summary>
    public IEnumerable<(string Name, string Value)> Identity =>
    [
        ("IDENTITY_ENDPOINT", $"{BaseAddress}/identity"),
        ("IDENTITY_HEADER", IdentityHeader),
        ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential"),
    ];

    public static async Task<LimitApis> StartAsync(params (string Model, long Requests, long Tokens)[] limits)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var apis = new LimitApis(builder.Build()) { _limits = limits };
        apis._app.Run(apis.AnswerAsync);
        await apis._app.StartAsync();
        return apis;
    }

    /// <summary>What it tells from now on.</summary>
    public void Set(params (string Model, long Requests, long Tokens)[] limits) => _limits = limits;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (await Amazon.AnswerAsync(context))
        {
            return;
        }

        Interlocked.Increment(ref _asked);
        var (status, body) = IsDown ? (500, new JsonObject()) : context.Request.Path.Value switch
        {
            "/" => await QuotasAsync(context),
            "/foundation-models" or "/inference-profiles" => await BedrockModelsAsync(context),
            _ => Answer(context.Request),
        };
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(body);
    }

    private (int Status, JsonNode Body) Answer(HttpRequest request)
    {
        var path = request.Path.Value!;
        return path switch
        {
            "/identity" => request.Headers["X-IDENTITY-HEADER"] == IdentityHeader ? (200, Token()) : (401, new JsonObject()),
            "/v1/organization/projects/proj_1/rate_limits" => Guarded(request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal), OpenAIError, () => OpenAI(request)),
            "/v1/organizations/rate_limits" => Guarded(request.Headers["x-api-key"].ToString(), AnthropicError, () => Anthropic(request, "rate_limit", 1)),
            "/v1/organizations/workspaces/wrkspc_1/rate_limits" => Guarded(request.Headers["x-api-key"].ToString(), AnthropicError, () => Anthropic(request, "workspace_rate_limit", 2)),
            $"{Resource}/deployments" => request.Headers.Authorization != $"Bearer {AzureToken}" ? (401, AzureError("InvalidAuthenticationToken"))
                : AzureMayRead ? (200, Azure(request)) : (403, AzureError("AuthorizationFailed")),
            "/subscriptions/sub-1/providers/Microsoft.CognitiveServices/locations/eastus/usages" => request.Headers.Authorization != $"Bearer {AzureToken}" ? (401, AzureError("InvalidAuthenticationToken"))
                : AzureMayReadUsages ? (200, Usages(request)) : (403, AzureError("AuthorizationFailed")),
            "/v1/models" or "/api/v1/models" => request.Headers.Authorization == $"Bearer {OpenRouterKey}" || request.Headers["x-api-key"] == OpenRouterKey
                ? (200, Models())
                : (401, OpenAIError("Incorrect API key provided.")),
            "/api/v1/key" => request.Headers.Authorization == $"Bearer {OpenRouterKey}"
                ? (200, OpenRouter())
                : (401, JsonNode.Parse("""{"error":{"code":401,"message":"Missing Authentication header"}}""")!),
            _ => (404, JsonNode.Parse("""{"error":{"message":"Not found"}}""")!),
        };
    }

    private static (int, JsonNode) Guarded(string key, Func<string, JsonNode> error, Func<JsonNode> answer) => key switch
    {
        AdminKey => (200, answer()),
        MemberKey => (403, error("You have insufficient permissions for this operation.")),
        _ => (401, error("Incorrect API key provided.")),
    };

    private JsonNode OpenAI(HttpRequest request)
    {
        var (limit, place, hasMore) = Page(request.Query["after"].ToString().Replace("rl-", "", StringComparison.Ordinal));
        return JsonNode.Parse($$"""
            { "object": "list", "first_id": "rl-{{place}}", "last_id": "rl-{{place}}", "has_more": {{(hasMore ? "true" : "false")}},
              "data": [{ "object": "project.rate_limit", "id": "rl-{{place}}", "model": "{{limit.Model}}", "max_requests_per_1_minute": {{limit.Requests}},
                         "max_tokens_per_1_minute": {{limit.Tokens}}, "max_images_per_1_minute": 10 }] }
            """)!;
    }

    // A workspace has its own limit of tokens, half the organization's, and inherits that of requests.
    private JsonNode Anthropic(HttpRequest request, string type, int part)
    {
        var (limit, place, hasMore) = Page(request.Query["page"].ToString());
        var requests = part == 1 ? $$"""{ "type": "requests_per_minute", "value": {{limit.Requests}} },""" : "";
        return JsonNode.Parse($$"""
            { "next_page": {{(hasMore ? $"\"{place}\"" : "null")}},
              "data": [{ "type": "{{type}}", "group_type": "model_group", "models": ["{{limit.Model}}", "{{limit.Model}}-20260101"],
                         "limits": [{{requests}} { "type": "input_tokens_per_minute", "value": {{limit.Tokens / part}} },
                                    { "type": "output_tokens_per_minute", "value": {{limit.Tokens / part}} }, { "type": "images_per_minute", "value": 7 }] }] }
            """)!;
    }

    // Requests are told by ten seconds.
    private JsonNode Azure(HttpRequest request)
    {
        var (limit, place, hasMore) = Page(request.Query["$skiptoken"].ToString());
        var next = hasMore ? $"\"nextLink\": \"{BaseAddress}{Resource}/deployments?api-version=2024-10-01&$skiptoken={place}\"," : "";
        return JsonNode.Parse($$"""
            { {{next}} "value": [{ "name": "{{limit.Model}}", "type": "Microsoft.CognitiveServices/accounts/deployments", "sku": { "name": "Standard", "capacity": 10 },
                "properties": { "provisioningState": "Succeeded", "model": { "format": "OpenAI", "name": "gpt-4o", "version": "2024-08-06" }, "rateLimits": [
                  { "key": "request", "renewalPeriod": 10, "count": {{limit.Requests / 6}} }, { "key": "token", "renewalPeriod": 60, "count": {{limit.Tokens}} },
                  { "key": "image", "renewalPeriod": 60, "count": 3 }] } }] }
            """)!;
    }

    // The first page holds a quota of something else.
    private JsonNode Usages(HttpRequest request) => request.Query["$skiptoken"] == "2"
        ? JsonNode.Parse($$"""
            { "value": [{ "name": { "value": "OpenAI.Standard.gpt-4o", "localizedValue": "Tokens Per Minute (thousands) - gpt-4o" }, "unit": "Count",
                          "currentValue": 25.0, "limit": {{_limits[0].Tokens / 1000}} }] }
            """)!
        : JsonNode.Parse($$"""
            { "nextLink": "{{BaseAddress}}{{request.Path}}?api-version=2024-10-01&$skiptoken=2",
              "value": [{ "name": { "value": "AccountCount" }, "unit": "Count", "currentValue": 3, "limit": 200 }] }
            """)!;

    // ListServiceQuotas, Service Quotas API reference; common errors there.
    private async Task<(int, JsonNode)> QuotasAsync(HttpContext context)
    {
        var (fault, bytes) = await Amazon.CheckAsync(context, "servicequotas");
        if (fault is not null || !AwsMayRead)
        {
            return (400, JsonNode.Parse(fault is not null
                ? """{ "__type": "UnrecognizedClientException", "message": "The security token included in the request is invalid." }"""
                : """{ "__type": "AccessDeniedException", "Message": "User is not authorized to perform: servicequotas:ListServiceQuotas" }""")!);
        }

        var asked = JsonNode.Parse(bytes)!;
        if (context.Request.Headers["X-Amz-Target"] != "ServiceQuotasV20190624.ListServiceQuotas" || context.Request.ContentType != "application/x-amz-json-1.1" || (string?)asked["ServiceCode"] != "bedrock")
        {
            return (400, JsonNode.Parse("""{ "__type": "NoSuchResourceException", "Message": "The specified resource does not exist." }""")!);
        }

        var (limit, place, hasMore) = Page((string?)asked["NextToken"] ?? string.Empty);
        var next = hasMore ? $"\"NextToken\": \"{place}\"," : "";
        return (200, JsonNode.Parse($$"""
            { {{next}} "Quotas": [
              { "ServiceCode": "bedrock", "ServiceName": "Amazon Bedrock", "QuotaCode": "L-1", "QuotaName": "On-demand model inference requests per minute for {{limit.Model}}",
                "Value": {{limit.Requests}}.0, "Unit": "None", "Adjustable": false, "GlobalQuota": false },
              { "ServiceCode": "bedrock", "QuotaName": "On-demand InvokeModel tokens per minute for {{limit.Model}}", "Value": {{limit.Tokens}}.0, "Unit": "None" },
              { "ServiceCode": "bedrock", "QuotaName": "Cross-region model inference tokens per minute for {{limit.Model}}", "Value": 3.0, "Unit": "None" },
              { "ServiceCode": "bedrock", "QuotaName": "Records per batch inference job for {{limit.Model}}", "Value": 50000.0, "Unit": "None" }] }
            """)!);
    }

    // ListFoundationModels and ListInferenceProfiles, Amazon Bedrock API reference. The profiles come in two pages.
    private async Task<(int, JsonNode)> BedrockModelsAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization != $"Bearer {BedrockKey}" && (await Amazon.CheckAsync(context, "bedrock")).Fault is not null)
        {
            return (403, JsonNode.Parse("""{ "message": "The security token included in the request is invalid." }""")!);
        }

        return (200, JsonNode.Parse(context.Request.Path == "/foundation-models"
            ? $$"""
              { "modelSummaries": [
                { "modelId": "{{CloudSetup.Model}}", "modelArn": "arn:aws:bedrock:eu-central-1::foundation-model/{{CloudSetup.Model}}", "inputModalities": ["TEXT", "IMAGE"],
                  "outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"], "modelLifecycle": { "status": "ACTIVE" } },
                { "modelId": "anthropic.claude-y-v1:0", "inputModalities": ["TEXT"], "inferenceTypesSupported": ["INFERENCE_PROFILE"], "modelLifecycle": { "status": "ACTIVE" } },
                { "modelId": "maker.of-old", "inputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"], "modelLifecycle": { "status": "LEGACY" } },
                { "modelId": "maker.of-sound", "inputModalities": ["SPEECH"], "inferenceTypesSupported": ["ON_DEMAND"] }] }
              """
            : context.Request.Query["nextToken"] == "b+c"
                ? """
                  { "inferenceProfileSummaries": [
                    { "inferenceProfileId": "eu.anthropic.claude-y-v1:0", "status": "ACTIVE", "type": "SYSTEM_DEFINED",
                      "models": [{ "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-y-v1:0" }] }] }
                  """
                : """
                  { "nextToken": "b+c", "inferenceProfileSummaries": [
                    { "inferenceProfileId": "eu.maker.of-images", "status": "ACTIVE", "models": [{ "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/maker.of-images" }] }] }
                  """)!);
    }

    private JsonObject Models() => new()
    {
        ["object"] = "list",
        ["has_more"] = false,
        ["data"] = new JsonArray([.. _limits.Select(limit => limit.Model).Append("whisper-1").Select(model => new JsonObject { ["id"] = model, ["object"] = "model" })]),
    };

    private JsonNode OpenRouter() => JsonNode.Parse($$"""
        { "data": { "label": "sk-or-v1-au7...890", "limit": {{(Credit is { } usd ? usd.ToString(System.Globalization.CultureInfo.InvariantCulture) : "null")}},
                    "limit_remaining": 74.5, "limit_reset": "yearly", "is_free_tier": false, "usage": 25.5,
                    "rate_limit": { "requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore." } } }
        """)!;

    private ((string Model, long Requests, long Tokens) Limit, int Place, bool HasMore) Page(string after)
    {
        var limits = _limits;
        var place = after.Length == 0 ? 0 : int.Parse(after, System.Globalization.CultureInfo.InvariantCulture) + 1;
        return (limits[place], place, place < limits.Length - 1);
    }

    private static JsonNode Token() => JsonNode.Parse($$"""
        { "access_token": "{{AzureToken}}", "expires_on": "{{DateTimeOffset.UtcNow.AddHours(8).ToUnixTimeSeconds()}}", "resource": "https://management.azure.com", "token_type": "Bearer" }
        """)!;

    private static JsonNode OpenAIError(string message) => JsonNode.Parse($$"""{ "error": { "message": "{{message}}", "type": "invalid_request_error", "param": null, "code": null } }""")!;

    private static JsonNode AnthropicError(string message) => JsonNode.Parse($$"""{ "type": "error", "error": { "type": "permission_error", "message": "{{message}}" } }""")!;

    private static JsonNode AzureError(string code) => JsonNode.Parse($$"""{ "error": { "code": "{{code}}", "message": "{{code}}: the client does not have authorization." } }""")!;
}
