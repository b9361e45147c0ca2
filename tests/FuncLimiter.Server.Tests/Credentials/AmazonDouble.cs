using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Providers.Tests.Fixtures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>
/// Bedrock, STS and a container's endpoint for credentials over plain HTTP. Bedrock answers what is signed with a key that it knows, and
/// nothing else; it shares no code with what signs.
/// </summary>
internal sealed class AmazonDouble
{
    public const string Region = "eu-central-1";
    public const int InputTokens = 1234;
    public const int OutputTokens = 56;

    private readonly ConcurrentDictionary<string, (string Secret, string? Session)> _keys = new(StringComparer.Ordinal);
    private int _made;

    /// <summary>Every request of Bedrock's that was signed as it must be.</summary>
    public ConcurrentQueue<SignedRequest> Served { get; } = new();

    /// <summary>What was wrong with the others.</summary>
    public ConcurrentQueue<string> Refused { get; } = new();

    /// <summary>The forms that STS was sent.</summary>
    public ConcurrentQueue<IReadOnlyDictionary<string, string>> Assumed { get; } = new();

    /// <summary>How often the container's credentials were asked for.</summary>
    public int ContainerAsked { get; private set; }

    /// <summary>Whether STS and the container's endpoint answer at all.</summary>
    public bool GivesCredentials { get; set; } = true;

    /// <summary>The text of every answer.</summary>
    public static string Text => "signed, sealed, delivered";

    /// <summary>Knows a key from now on.</summary>
    public (string AccessKey, string Secret, string? Session) Make(bool isSession = false)
    {
        var number = Interlocked.Increment(ref _made);
        var (key, secret, session) = ($"AKIATEST{number:0000}", $"secret-of-the-tests-{number}/+", isSession ? $"session-of-the-tests-{number}" : null);
        _keys[key] = (secret, session);
        return (key, secret, session);
    }

    /// <summary>Knows a key no more.</summary>
    public void Revoke(string accessKey) => Assert.True(_keys.TryRemove(accessKey, out _));

    /// <summary>Knows none of the keys of sessions any more.</summary>
    public void RevokeSessions()
    {
        foreach (var (key, (_, session)) in _keys)
        {
            if (session is not null)
            {
                _keys.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Answers; false where the path is none of these.</summary>
    public async Task<bool> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path == "/container")
        {
            ContainerAsked++;
            await GiveAsync(context, () =>
            {
                var (key, secret, session) = Make(isSession: true);
                return ("application/json", new JsonObject
                {
                    ["AccessKeyId"] = key,
                    ["SecretAccessKey"] = secret,
                    ["Token"] = session,
                    ["Expiration"] = DateTime.UtcNow.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                }.ToJsonString());
            });
            return true;
        }

        if (path == "/sts/" || path == "/sts")
        {
            await AssumeAsync(context);
            return true;
        }

        if (!path.StartsWith("/model/", StringComparison.Ordinal))
        {
            return false;
        }

        var request = await ReadAsync(context);
        if (FaultOf(request, "bedrock") is { } fault)
        {
            Refused.Enqueue(fault);
            context.Response.Headers["x-amzn-errortype"] = "UnrecognizedClientException";
            await WriteAsync(context, 403, "application/json", """{"message":"The security token included in the request is invalid."}""");
            return true;
        }

        Served.Enqueue(request);
        await ConverseAsync(context, request);
        return true;
    }

    /// <summary>What is wrong with the signature of a request to another service; null for nothing. And its body.</summary>
    public async Task<(string? Fault, byte[] Body)> CheckAsync(HttpContext context, string service)
    {
        var request = await ReadAsync(context);
        return (FaultOf(request, service), request.Body);
    }

    private static async Task<SignedRequest> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return new SignedRequest(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal),
            body.ToArray());
    }

    private static async Task WriteAsync(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
    }

    private static async Task ConverseAsync(HttpContext context, SignedRequest request)
    {
        var usage = new JsonObject { ["inputTokens"] = InputTokens, ["outputTokens"] = OutputTokens, ["totalTokens"] = InputTokens + OutputTokens };
        if (!request.Target.Contains("/converse-stream", StringComparison.Ordinal))
        {
            await WriteAsync(context, 200, "application/json", new JsonObject
            {
                ["output"] = new JsonObject { ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["text"] = Text }) } },
                ["stopReason"] = "end_turn",
                ["usage"] = usage,
                ["metrics"] = new JsonObject { ["latencyMs"] = 7 },
            }.ToJsonString());
            return;
        }

        context.Response.ContentType = "application/vnd.amazon.eventstream";
        var frames = Frames(usage);
        for (var at = 0; at < frames.Length; at += 100)
        {
            // Frames come in pieces that are not theirs.
            await context.Response.Body.WriteAsync(frames.AsMemory(at, Math.Min(100, frames.Length - at)));
            await context.Response.Body.FlushAsync();
        }
    }

    /// <summary>A whole stream ("ConverseStream", docs.aws.amazon.com/bedrock).</summary>
    public static byte[] Frames(JsonObject usage)
    {
        static JsonObject Delta(string text) =>
            new() { ["contentBlockDelta"] = new JsonObject { ["contentBlockIndex"] = 0, ["delta"] = new JsonObject { ["text"] = text } } };
        JsonArray events =
        [
            new JsonObject { ["messageStart"] = new JsonObject { ["role"] = "assistant" } },
            Delta(Text[..8]),
            Delta(Text[8..]),
            new JsonObject { ["contentBlockStop"] = new JsonObject { ["contentBlockIndex"] = 0 } },
            new JsonObject { ["messageStop"] = new JsonObject { ["stopReason"] = "end_turn" } },
            new JsonObject { ["metadata"] = new JsonObject { ["usage"] = usage.DeepClone(), ["metrics"] = new JsonObject { ["latencyMs"] = 7 } } },
        ];
        using var json = JsonDocument.Parse(events.ToJsonString());
        return AwsEventEncoder.Encode(json.RootElement);
    }

    private string? FaultOf(SignedRequest request, string service) =>
        request.AccessKey is not { } key || !_keys.TryGetValue(key, out var known) ? $"an unknown key: {request.AccessKey}"
        : known.Session != request.Headers.GetValueOrDefault("x-amz-security-token") ? "the session's token"
        : request.Fault(known.Secret, Region, service);

    private async Task GiveAsync(HttpContext context, Func<(string Type, string Text)> answer)
    {
        if (GivesCredentials)
        {
            var (type, text) = answer();
            await WriteAsync(context, 200, type, text);
        }
        else
        {
            await WriteAsync(context, 500, "text/plain", "not now");
        }
    }

    // "AssumeRole", docs.aws.amazon.com/STS.
    private async Task AssumeAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        if (FaultOf(request, "sts") is { } fault)
        {
            Refused.Enqueue($"STS: {fault}");
            await WriteAsync(context, 403, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>no</Message></Error></ErrorResponse>");
            return;
        }

        var form = Encoding.UTF8.GetString(request.Body).Split('&').Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        Assumed.Enqueue(form);
        await GiveAsync(context, () =>
        {
            var (key, secret, session) = Make(isSession: true);
            return ("text/xml", $"""
                <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
                <AssumedRoleUser><AssumedRoleId>A:B</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/funclimiter/x</Arn></AssumedRoleUser>
                <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{session}</SessionToken>
                <Expiration>{DateTime.UtcNow.AddHours(1):yyyy-MM-dd'T'HH:mm:ss'Z'}</Expiration></Credentials>
                </AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>
                """);
        });
    }
}
