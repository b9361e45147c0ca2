using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>
/// Google's token endpoint, written from "Using OAuth 2.0 for server to server applications" (developers.google.com/identity), and Vertex AI
/// behind it, over plain HTTP.
/// </summary>
internal sealed class GoogleDouble : IDisposable
{
    public const string Account = "funclimiter@tests.iam.gserviceaccount.com";
    public const int InputTokens = 432;
    public const int OutputTokens = 21;

    private readonly RSA _key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, bool> _good = new(StringComparer.Ordinal);
    private int _given;

    /// <summary>How many tokens were given.</summary>
    public int Given => _given;

    /// <summary>Seconds for which tokens are good from now on.</summary>
    public int GoodForSeconds { get; set; } = 3600;

    /// <summary>Whether tokens are given.</summary>
    public bool GivesTokens { get; set; } = true;

    /// <summary>What was wrong with requests.</summary>
    public ConcurrentQueue<string> Refused { get; } = new();

    /// <summary>The paths that Vertex was asked, with a good token.</summary>
    public ConcurrentQueue<string> Served { get; } = new();

    /// <summary>A service account's file, as Google's console makes it.</summary>
    public string File(Uri address) => new JsonObject
    {
        ["type"] = "service_account",
        ["project_id"] = "tests",
        ["private_key_id"] = "1",
        ["private_key"] = _key.ExportPkcs8PrivateKeyPem(),
        ["client_email"] = Account,
        ["client_id"] = "1",
        ["token_uri"] = new Uri(address, "/token").AbsoluteUri,
    }.ToJsonString();

    /// <summary>Takes none of the tokens that were given so far.</summary>
    public void Revoke() => _good.Clear();

    /// <summary>Answers; false where the path is none of these.</summary>
    public async Task<bool> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path == "/token")
        {
            await GiveAsync(context);
            return true;
        }

        if (!path.StartsWith("/v1/projects/", StringComparison.Ordinal))
        {
            return false;
        }

        var bearer = context.Request.Headers.Authorization.ToString();
        if (!bearer.StartsWith("Bearer ", StringComparison.Ordinal) || !_good.ContainsKey(bearer["Bearer ".Length..]))
        {
            Refused.Enqueue(path);
            await WriteAsync(context, 401, "application/json", """{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}""");
            return true;
        }

        Served.Enqueue(path);
        using var body = new StreamReader(context.Request.Body);
        var isStream = JsonNode.Parse(await body.ReadToEndAsync())?["stream"]?.GetValue<bool>() == true;
        if (path.EndsWith(":streamGenerateContent", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/json; charset=UTF-8";
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(Items[0]));
            await context.Response.Body.FlushAsync();
            await Rest.WaitAsync(TimeSpan.FromSeconds(60));
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(Items[1]));
        }
        else if (path.EndsWith(":streamRawPredict", StringComparison.Ordinal))
        {
            await StreamAsync(context, Message);
        }
        else if (isStream)
        {
            await StreamAsync(context, Chat);
        }
        else
        {
            await WriteAsync(context, 200, "application/json", $$$$"""
                {"id":"1","object":"chat.completion","model":"google/gemini-x","choices":[{"index":0,"message":{"role":"assistant","content":"from Vertex"},"finish_reason":"stop"}],"usage":{"prompt_tokens":{{{{InputTokens}}}},"completion_tokens":{{{{OutputTokens}}}},"total_tokens":{{{{InputTokens + OutputTokens}}}}}}
                """);
        }

        return true;
    }

    /// <summary>A stream of the model's own API, as Anthropic's models have it on Vertex.</summary>
    public static string[] Message { get; } =
    [
        $$$$"""event: message_start{{{{"\n"}}}}data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":{{{{InputTokens}}}},"output_tokens":1}}}""",
        """event: content_block_start""" + "\n" + """data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """event: content_block_delta""" + "\n" + """data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"from Vertex"}}""",
        """event: content_block_stop""" + "\n" + """data: {"type":"content_block_stop","index":0}""",
        $$$$"""event: message_delta{{{{"\n"}}}}data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":{{{{OutputTokens}}}}}}""",
        """event: message_stop""" + "\n" + """data: {"type":"message_stop"}""",
    ];

    /// <summary>A stream of Google's own models, as one array.</summary>
    public static string[] Items { get; } =
    [
        """[{"candidates":[{"content":{"role":"model","parts":[{"text":"from }] \" "}]}}]}""",
        $$$$"""{{{{",\n"}}}}{"candidates":[{"content":{"role":"model","parts":[{"text":"Vertex"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":{{{{InputTokens}}}},"candidatesTokenCount":{{{{OutputTokens}}}},"totalTokenCount":{{{{InputTokens + OutputTokens}}}}}}]""",
    ];

    /// <summary>Lets the rest of such a stream go.</summary>
    public SemaphoreSlim Rest { get; } = new(0);

    public void Dispose()
    {
        _key.Dispose();
        Rest.Dispose();
    }

    private static string[] Chat { get; } =
    [
        """data: {"id":"1","object":"chat.completion.chunk","model":"google/gemini-x","choices":[{"index":0,"delta":{"role":"assistant","content":"from "},"finish_reason":null}]}""",
        """data: {"id":"1","object":"chat.completion.chunk","model":"google/gemini-x","choices":[{"index":0,"delta":{"content":"Vertex"},"finish_reason":"stop"}]}""",
        $$$$"""data: {"id":"1","object":"chat.completion.chunk","model":"google/gemini-x","choices":[],"usage":{"prompt_tokens":{{{{InputTokens}}}},"completion_tokens":{{{{OutputTokens}}}},"total_tokens":{{{{InputTokens + OutputTokens}}}}}}""",
        "data: [DONE]",
    ];

    private static async Task StreamAsync(HttpContext context, IEnumerable<string> events)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var one in events)
        {
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{one}\n\n"));
            await context.Response.Body.FlushAsync();
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
    }

    private async Task GiveAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        if (!GivesTokens || FaultOf(form) is not null)
        {
            Refused.Enqueue($"/token: {FaultOf(form)}");
            await WriteAsync(context, GivesTokens ? 400 : 503, "application/json", """{"error":"invalid_grant","error_description":"no"}""");
            return;
        }

        var token = $"ya29.of-the-tests-{Interlocked.Increment(ref _given)}";
        _good[token] = true;
        await WriteAsync(context, 200, "application/json", $$$"""{"access_token":"{{{token}}}","expires_in":{{{GoodForSeconds}}},"token_type":"Bearer"}""");
    }

    private string? FaultOf(IFormCollection form)
    {
        if (form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" || form["assertion"].ToString().Split('.') is not [var head, var claims, var signature])
        {
            return "no assertion";
        }

        var told = JsonNode.Parse(Base64Url.DecodeFromChars(claims))!;
        return !_key.VerifyData(Encoding.ASCII.GetBytes($"{head}.{claims}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) ? "the signature"
            : told["iss"]?.GetValue<string>() != Account ? "the issuer"
            : told["scope"]?.GetValue<string>() != "https://www.googleapis.com/auth/cloud-platform" ? "the scope"
            : null;
    }
}
