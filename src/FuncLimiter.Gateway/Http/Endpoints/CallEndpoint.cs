using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>The drop-in paths: takes a call as the provider would, and answers as the provider did.</summary>
internal sealed class CallEndpoint(
    Authenticator authenticator, CallServices services, CallPipeline pipeline, LiveCalls calls, Stopping stopping, IDeferredCalls? deferred = null,
    IdempotentCalls? idempotent = null)
{
    /// <summary>Answers a request.</summary>
    /// <param name="operation">What the path asks for.</param>
    /// <param name="azureDeployment">The deployment that an Azure path names; null on other paths.</param>
    /// <param name="isAzure">Whether it is a path of Azure's that names none.</param>
    public async Task HandleAsync(HttpContext context, Operation operation, string? azureDeployment = null, bool isAzure = false)
    {
        var dialect = RequestDialect.Of(operation, isAzure || azureDeployment is not null);
        var headers = context.Request.Headers;
        var use = BecomesJob(headers) ? KeyUse.Jobs : KeyUse.Calls;
        if (authenticator.Authenticate(headers, use, out var error) is not { } tenant
            || CallerReader.Read(headers, tenant, out error) is not { } caller
            || (error = ContentTypes.Fault(context.Request)) is not null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        // An error goes out at once; what the client still sends is dropped, so that it gets to read the answer.
        (var body, error) = await RequestBody.ReadAsync(context, services.Options.MaxRequestBytes, tenant.Tenant);
        if (body is null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        CallWays? ways = null;
        if (TryRead(context, dialect, operation, azureDeployment, caller, body.Bytes, out var call, out error))
        {
            (call, error) = await pipeline.HoldAsync(call, context.RequestAborted);
        }

        if (error is not null || !pipeline.TryFindWays(call!, out ways, out error))
        {
            body.Dispose();
            await JsonResponse.WriteErrorAsync(context, dialect, error);
            return;
        }

        await AnswerAsync(context, call!, ways, body, tenant);
    }

    private bool BecomesJob(IHeaderDictionary headers) => deferred is not null && Preferences.Read(headers[FuncLimiterHeaders.Prefer]).RespondAsync;

    private async Task AnswerAsync(HttpContext context, CallEnvelope call, CallWays ways, RequestBody body, AuthenticatedTenant tenant)
    {
        if (deferred is not null && BecomesJob(context.Request.Headers))
        {
            context.Features.Set(tenant);
            await deferred.AcceptAsync(context, call);
            body.Dispose();
            return;
        }

        body.Rest();
        var holdsBody = false;
        try
        {
            holdsBody = await (idempotent is null || call.IdempotencyKey is null
                ? calls.RunAsync(context, call, ways, call.Facts.Stream)
                : RunOnceAsync(idempotent, context, call, ways));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be answered, and what was used is settled.
        }
        catch (OperationCanceledException) when (stopping.Begun.IsCancellationRequested && !context.Response.HasStarted)
        {
            await JsonResponse.WriteErrorAsync(context, call.Dialect, Stopping.Error);
        }

        if (!holdsBody)
        {
            body.Dispose();
        }
    }

    private async Task<bool> RunOnceAsync(IdempotentCalls once, HttpContext context, CallEnvelope call, CallWays ways)
    {
        if (!call.Facts.Stream)
        {
            await IdempotentResponse.WriteAsync(context, call.Dialect, await once.RunAsync(call, context.RequestAborted));
            return false;
        }

        var (claim, answer) = await once.ClaimStreamAsync(call, context.RequestAborted);
        using (claim)
        {
            if (answer is null)
            {
                return await calls.RunAsync(context, call, ways, takesComments: true);
            }

            await IdempotentResponse.WriteAsync(context, call.Dialect, answer);
            return false;
        }
    }

    private bool TryRead(
        HttpContext context,
        Dialect dialect,
        Operation operation,
        string? azureDeployment,
        Caller caller,
        ReadOnlyMemory<byte> body,
        [NotNullWhen(true)] out CallEnvelope? call,
        [NotNullWhen(false)] out GatewayError? error)
    {
        call = null;
        if (!RequestReader.TryRead(operation, body.Span, azureDeployment, out var facts, out var problem))
        {
            error = new GatewayError(problem.Status, problem.Code, problem.Message) { Parameter = problem.Param };
            return false;
        }

        if (!IdempotencyKeys.TryRead(context.Request.Headers, out var key, out error))
        {
            return false;
        }

        call = calls.Read(context, dialect, facts, body, caller, key);
        return true;
    }
}
