using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>Tells in which dialect a request wants its answer, where its operation doesn't say.</summary>
internal static class RequestDialect
{
    /// <summary>The dialect, by the path and by the header that every Anthropic client sends.</summary>
    public static Dialect Of(HttpRequest request)
    {
        if (request.Path.StartsWithSegments("/openai"))
        {
            return Dialect.Azure;
        }

        if (PassedPaths.DialectOf(request.Path.Value ?? string.Empty) is { } own)
        {
            return own;
        }

        return request.Headers.ContainsKey("anthropic-version") || request.Path.StartsWithSegments("/v1/messages")
            ? Dialect.Anthropic
            : Dialect.OpenAI;
    }

    /// <summary>The dialect of an operation.</summary>
    /// <param name="isAzurePath">Whether it is asked under an Azure deployment's path.</param>
    public static Dialect Of(Operation operation, bool isAzurePath) =>
        isAzurePath ? Dialect.Azure
        : operation is Operation.Messages or Operation.CountTokens ? Dialect.Anthropic
        : Dialect.OpenAI;
}
