using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>OpenAI's chat completions over plain HTTP for whoever has the key of the moment.</summary>
internal sealed class OpenAIDouble
{
    private int _made;

    /// <summary>The key that is taken.</summary>
    public string Key { get; private set; } = string.Empty;

    /// <summary>Another one that is taken; null for none.</summary>
    public string? AlsoTakes { get; set; }

    /// <summary>The keys of the calls that were answered.</summary>
    public ConcurrentQueue<string> Served { get; } = new();

    /// <summary>The keys of those that were not.</summary>
    public ConcurrentQueue<string> Refused { get; } = new();

    /// <summary>Takes another key from now on, and the last one no more.</summary>
    public string Replace() => Key = $"sk-of-the-tests-{Interlocked.Increment(ref _made)}";

    /// <summary>Answers; false where the path is another.</summary>
    public async Task<bool> AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/v1/chat/completions")
        {
            return false;
        }

        var key = context.Request.Headers.Authorization.ToString()["Bearer ".Length..];
        var isGood = key == Key || key == AlsoTakes;
        (isGood ? Served : Refused).Enqueue(key);
        context.Response.StatusCode = isGood ? 200 : 401;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(isGood
            ? """{"id":"1","object":"chat.completion","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"Good."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"""
            : """{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"""));
        return true;
    }
}
