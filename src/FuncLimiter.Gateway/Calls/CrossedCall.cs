using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One call on its way through another API than its caller's.</summary>
/// <param name="request">The request, of which nothing is lost on it.</param>
/// <param name="betas">The betas of Anthropic's that it asks for.</param>
internal sealed class CrossedCall(CallTranslation translation, TranslatableRequest request, AnthropicBetas betas)
{
    /// <summary>The body as a deployment takes it.</summary>
    public byte[] Write(Deployment deployment) => translation.Write(request, new RequestTerms(deployment.Target.Model)
    {
        MaxTokensField = deployment.Provider.MaxTokensField,
        NamesEndUser = deployment.Provider.TakesEndUser,
        Host = Host(deployment),
        Betas = Host(deployment) is { } host ? betas.At(host) : [],
        AsksForStreamUsage = deployment.Provider.TellsStreamUsageOnRequest(Operation.ChatCompletions, string.Empty),
    });

    /// <summary>The header that names the betas to a deployment; null where it takes none, or none is asked for.</summary>
    public string? BetaHeader(Deployment deployment) =>
        Host(deployment) is { TakesBetaHeader: true } host && betas.At(host) is { Count: > 0 } there ? string.Join(',', there) : null;

    /// <summary>A translator for the answer of an attempt; null where its bytes are passed on as they come.</summary>
    public StreamTranslator? Stream(Attempt attempt, DateTimeOffset now) =>
        translation.Stream(attempt.Call.Dialect, Terms(attempt, now), Host(attempt.Deployment));

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

    private HostedMessages? Host(Deployment deployment) => translation.Target == Wire.HostedMessages ? deployment.Provider.Messages : null;

    private AnswerTerms Terms(Attempt attempt, DateTimeOffset now) =>
        new(Guid.NewGuid().ToString("N"), attempt.Deployment.Target.Model, now, request.WantsStreamUsage);
}

/// <summary>The headers and the query of calls that are made in another API than their caller's.</summary>
internal static class CrossedHeaders
{
    private static readonly string[] Prefixes = ["anthropic-", "openai-", "x-stainless-"];

    private static readonly string[] RequestIds = ["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"];

    /// <summary>What a caller says in its headers or its query that another API is not told: features that are switched on there.</summary>
    /// <param name="host">The cloud that is asked in Anthropic's own API; null where another API is asked.</param>
    public static Loss? Loss(CallEnvelope call, HostedMessages? host = null)
    {
        foreach (var (name, value) in call.Headers)
        {
            if (value.Length > 0 && name.Equals("openai-beta", StringComparison.OrdinalIgnoreCase))
            {
                return new Loss(name, "is a header that switches on what another API does not have");
            }
        }

        if (AnthropicBetas.Of(call).Loss(host) is { } beta)
        {
            return beta;
        }

        var query = call.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);
        return query.FirstOrDefault(part => !IsHarmless(part, call.Facts.Operation)) is { } other
            ? new Loss(other.Split('=')[0], "is a query parameter that another API does not have")
            : null;
    }

    /// <summary><c>beta=true</c> says that a client used the part of its SDK that takes betas: the header names them.</summary>
    private static bool IsHarmless(string parameter, Operation operation) =>
        parameter.StartsWith("api-version=", StringComparison.OrdinalIgnoreCase)
        || (operation == Operation.Messages && parameter.Equals("beta=true", StringComparison.OrdinalIgnoreCase));

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

/// <summary>The betas that a call names in <c>anthropic-beta</c>.</summary>
internal sealed class AnthropicBetas
{
    /// <summary>The header's name.</summary>
    public const string Header = "anthropic-beta";

    private readonly IReadOnlyList<string> _names;

    private AnthropicBetas(IReadOnlyList<string> names) => _names = names;

    /// <summary>Those of a call.</summary>
    public static AnthropicBetas Of(CallEnvelope call) => new([.. call.Headers
        .Where(header => header.Key.Equals(Header, StringComparison.OrdinalIgnoreCase))
        .SelectMany(header => header.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Distinct(StringComparer.Ordinal)]);

    /// <summary>The first that can't cross.</summary>
    /// <param name="host">The cloud that is asked in Anthropic's own API; null where another API is asked.</param>
    public Loss? Loss(HostedMessages? host) =>
        _names.FirstOrDefault(name => host?.Find(name) is null && !HostedMessages.IsHarmless(name)) is not { } lost ? null
        : new Loss(Header, host is null ? $"\"{lost}\" is a beta of Anthropic's that another API does not have" : $"\"{lost}\" is a beta that {host.Cloud} does not take");

    /// <summary>What they are called at a cloud.</summary>
    public IReadOnlyList<string> At(HostedMessages host) =>
        [.. _names.Select(host.Find).OfType<string>().Distinct(StringComparer.Ordinal)];
}
