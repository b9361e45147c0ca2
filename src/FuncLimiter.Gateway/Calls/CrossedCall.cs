using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One call on its way through another API than its caller's.</summary>
/// <param name="translation">The way.</param>
/// <param name="request">The request, of which nothing is lost on it.</param>
internal sealed class CrossedCall(CallTranslation translation, TranslatableRequest request)
{
    /// <summary>The body as a deployment takes it.</summary>
    public byte[] Write(Deployment deployment) => translation.Write(request, new RequestTerms(deployment.Target.Model)
    {
        MaxTokensField = deployment.Provider.MaxTokensField,
        NamesEndUser = deployment.Provider.TakesEndUser,
        AsksForStreamUsage = deployment.Provider.TellsStreamUsageOnRequest(Operation.ChatCompletions, string.Empty),
    });

    /// <summary>A translator for the answer of an attempt.</summary>
    public StreamTranslator Stream(Attempt attempt, DateTimeOffset now) => translation.Stream(attempt.Call.Dialect, Terms(attempt, now));

    /// <summary>
    /// Gives the caller a whole answer in its own API. One that can't be put into it was paid for, and would be again: it ends the call.
    /// </summary>
    public async ValueTask AnswerAsync(
        Attempt attempt, HttpResponseMessage response, WholeBody body, CallAnswer answer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var dialect = attempt.Call.Dialect;
        var problem = "It is larger than can be read.";
        var translated = body.Rest is null ? translation.Answer(body.Bytes, Terms(attempt, now), out problem) : null;
        if (translated is null)
        {
            var error = new GatewayError(502, "untranslatable_answer", $"The answer of {attempt.Deployment.Name} can't be put into your API. {problem}");
            await ErrorAnswer.WriteAsync(answer, dialect, error, cancellationToken);
            return;
        }

        CrossedHeaders.Copy(response, answer, dialect, "application/json");
        answer.Start((int)response.StatusCode, translated.Length);
        await answer.WriteAsync(translated, cancellationToken);
    }

    private AnswerTerms Terms(Attempt attempt, DateTimeOffset now) =>
        new(Guid.NewGuid().ToString("N"), attempt.Deployment.Target.Model, now, request.WantsStreamUsage);
}

/// <summary>The headers and the query of calls that are made in another API than their caller's.</summary>
internal static class CrossedHeaders
{
    private static readonly string[] Prefixes = ["anthropic-", "openai-", "x-stainless-"];

    private static readonly string[] RequestIds = ["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"];

    /// <summary>What a caller says in its headers or its query that no other API is told: features that are switched on there.</summary>
    public static Loss? Loss(CallEnvelope call)
    {
        foreach (var (name, value) in call.Headers)
        {
            if (value.Length > 0 && (name.Equals("anthropic-beta", StringComparison.OrdinalIgnoreCase)
                || name.Equals("openai-beta", StringComparison.OrdinalIgnoreCase)))
            {
                return new Loss(name, "is a header that switches on what another API does not have");
            }
        }

        var query = call.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);
        return query.FirstOrDefault(part => !part.StartsWith("api-version=", StringComparison.OrdinalIgnoreCase)) is { } other
            ? new Loss(other.Split('=')[0], "is a query parameter that another API does not have")
            : null;
    }

    /// <summary>Whether a caller's header speaks of its own API, or of the form of its answer.</summary>
    public static bool IsOfItsApi(string name) =>
        name.Equals("Accept", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Passes an answer's headers on, but for those of its body, and names the request as the caller's client looks for it.</summary>
    public static void Copy(HttpResponseMessage response, CallAnswer answer, Dialect dialect, string contentType)
    {
        ResponseHeaders.CopyWithoutBody(response, answer);
        var name = dialect == Dialect.Anthropic ? "request-id" : "x-request-id";
        if (RequestIds.Select(id => ResponseHeaders.Find(response, id)).FirstOrDefault(id => id is not null) is { } id)
        {
            answer.SetHeader(name, id);
        }

        answer.SetHeader("Content-Type", contentType);
    }
}
