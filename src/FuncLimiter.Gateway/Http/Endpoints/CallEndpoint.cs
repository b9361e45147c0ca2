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
public sealed class CallEndpoint
{
    private readonly Authenticator _authenticator;
    private readonly CallServices _services;
    private readonly CallPipeline _pipeline;
    private readonly Stopping _stopping;
    private readonly IDeferredCalls? _deferred;
    private readonly IdempotentCalls? _idempotent;

    internal CallEndpoint(
        Authenticator authenticator,
        CallServices services,
        CallPipeline pipeline,
        Stopping stopping,
        IDeferredCalls? deferred,
        IdempotentCalls? idempotent)
    {
        _stopping = stopping;
        _authenticator = authenticator;
        _services = services;
        _pipeline = pipeline;
        _deferred = deferred;
        _idempotent = idempotent;
    }

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request and its response.</param>
    /// <param name="operation">What the path asks for.</param>
    /// <param name="azureDeployment">The deployment that an Azure path names; null on other paths.</param>
    /// <param name="isAzure">Whether it is a path of Azure's that names none.</param>
    public async Task HandleAsync(HttpContext context, Operation operation, string? azureDeployment = null, bool isAzure = false)
    {
        var dialect = RequestDialect.Of(operation, isAzure || azureDeployment is not null);
        var headers = context.Request.Headers;
        var use = BecomesJob(headers) ? KeyUse.Jobs : KeyUse.Calls;
        if (_authenticator.Authenticate(headers, use, out var error) is not { } tenant
            || CallerReader.Read(headers, tenant, out error) is not { } caller
            || (error = ContentTypes.Fault(context.Request)) is not null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        // An error goes out at once; what the client still sends is dropped, so that it gets to read the answer.
        (var body, error) = await RequestBody.ReadAsync(context, _services.Options.MaxRequestBytes, tenant.Tenant);
        if (body is null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        CallWays? ways = null;
        if (TryRead(context, dialect, operation, azureDeployment, caller, body.Bytes, out var call, out error))
        {
            (call, error) = await _pipeline.HoldAsync(call, context.RequestAborted);
        }

        if (error is not null || !_pipeline.TryFindWays(call!, out ways, out error))
        {
            body.Dispose();
            await JsonResponse.WriteErrorAsync(context, dialect, error);
            return;
        }

        await AnswerAsync(context, call!, ways, body, tenant);
    }

    private bool BecomesJob(IHeaderDictionary headers) => _deferred is not null && Preferences.Read(headers[FuncLimiterHeaders.Prefer]).RespondAsync;

    private async Task AnswerAsync(HttpContext context, CallEnvelope call, CallWays ways, RequestBody body, AuthenticatedTenant tenant)
    {
        if (_deferred is not null && BecomesJob(context.Request.Headers))
        {
            context.Features.Set(tenant);
            await _deferred.AcceptAsync(context, call);
            body.Dispose();
            return;
        }

        body.Rest();
        var holdsBody = false;
        try
        {
            holdsBody = await (_idempotent is null || call.IdempotencyKey is null
                ? RunAsync(context, call, ways)
                : RunOnceAsync(_idempotent, context, call, ways));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be answered, and what was used is settled.
        }
        catch (OperationCanceledException) when (_stopping.Begun.IsCancellationRequested && !context.Response.HasStarted)
        {
            await JsonResponse.WriteErrorAsync(context, call.Dialect, Stopping.Error);
        }

        if (!holdsBody)
        {
            body.Dispose();
        }
    }

    /// <returns>True where a connection may still be reading the call's body.</returns>
    private async Task<bool> RunAsync(HttpContext context, CallEnvelope call, CallWays ways)
    {
        var every = _services.Configuration.Queue.CommentEvery;
        using var kept = call.Facts.Stream && every > TimeSpan.Zero
            ? new KeptAliveAnswer(new HttpAnswer(context), call.Dialect, every, _services.Time, context.RequestAborted)
            : null;
        var run = _pipeline.Start(call, ways, kept ?? (CallAnswer)new HttpAnswer(context));
        (run.StopWaiting, run.StopError) = (_stopping.Begun, Stopping.Error);
        try
        {
            await run.RunAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // As above; the connection may still hold the body.
        }

        return run.HoldsBody;
    }

    private async Task<bool> RunOnceAsync(IdempotentCalls calls, HttpContext context, CallEnvelope call, CallWays ways)
    {
        if (!call.Facts.Stream)
        {
            await IdempotentResponse.WriteAsync(context, call.Dialect, await calls.RunAsync(call, context.RequestAborted));
            return false;
        }

        var (claim, answer) = await calls.ClaimStreamAsync(call, context.RequestAborted);
        using (claim)
        {
            if (answer is null)
            {
                return await RunAsync(context, call, ways);
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

        var headers = context.Request.Headers;
        if (!IdempotencyKeys.TryRead(headers, out var key, out error))
        {
            return false;
        }

        call = new CallEnvelope(
            dialect, facts, body, caller, context.Request.QueryString.Value ?? string.Empty, RequestHeaders.Of(headers))
        {
            MaxWait = _services.Configuration.Queue.MaxWait(caller.Priority, Preferences.Read(headers[FuncLimiterHeaders.Prefer]).Wait),
            IdempotencyKey = key,
        };
        return true;
    }
}
