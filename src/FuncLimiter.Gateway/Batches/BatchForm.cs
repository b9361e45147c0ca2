using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Batches;

/// <summary>One call in the form in which a batch service takes it, and its answer in the caller's.</summary>
public sealed class BatchForm
{
    private readonly BatchOffer _offer;
    private readonly CallEnvelope _call;
    private readonly CallTranslation? _translation;
    private readonly TranslatableRequest? _request;

    private BatchForm(BatchOffer offer, CallEnvelope call, CallTranslation? translation, TranslatableRequest? request) =>
        (_offer, _call, _translation, _request) = (offer, call, translation, request);

    /// <summary>The form of a call; null where the service can't take it, or not without loss.</summary>
    /// <param name="offer">The deployment and its batch service.</param>
    /// <param name="call">The call.</param>
    public static BatchForm? Find(BatchOffer offer, CallEnvelope call)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ArgumentNullException.ThrowIfNull(call);
        var (deployment, operation) = (offer.Deployment, call.Facts.Operation);
        if (call.Facts.Stream || call.Facts.ModelLength == 0 || CrossedHeaders.Loss(call) is not null)
        {
            return null;
        }

        if (offer.Service.Takes(operation) && deployment.Serves(operation))
        {
            return new BatchForm(offer, call, null, null);
        }

        var wire = deployment.Provider.WireOf(deployment.Target);
        if (!offer.Service.Takes(wire) || CallTranslation.For(operation, wire) is not { } translation)
        {
            return null;
        }

        var request = TranslatableRequest.Read(operation, call.Body);
        return translation.Check(request, deployment.Provider).Count == 0 ? new BatchForm(offer, call, translation, request) : null;
    }

    /// <summary>The body as the service takes it.</summary>
    public ReadOnlyMemory<byte> Write() => _translation is null
        ? RequestRewriter.WithModel(_call.Body, _call.Facts, _offer.Deployment.Target.Model)
        : _translation.Write(_request!, new RequestTerms(_offer.Deployment.Target.Model)
        {
            MaxTokensField = _offer.Deployment.Provider.MaxTokensField,
            NamesEndUser = _offer.Deployment.Provider.TakesEndUser,
        });

    /// <summary>The answer's body in the caller's API; null where it can't be put into it.</summary>
    /// <param name="answer">The service's answer.</param>
    /// <param name="now">The present.</param>
    public ReadOnlyMemory<byte>? Read(BatchAnswer answer, DateTimeOffset now) => _translation is null
        ? answer.Body
        : _translation.Answer(answer.Body, new AnswerTerms(Guid.NewGuid().ToString("N"), _offer.Deployment.Target.Model, now, false), out _) is { } body ? body : null;
}
