using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Routes;
using FuncLimiter.Gateway.Upstream;
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
