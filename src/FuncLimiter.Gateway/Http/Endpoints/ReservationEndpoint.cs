using System.Text.Json;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>POST /reservations</c> and <c>POST /reservations/{id}/settlement</c>: admission for agents that call providers themselves.</summary>
internal sealed class ReservationEndpoint(Authenticator authenticator, CallServices services, Stopping stopping, ISettlementRelay? relay = null)
{
    private readonly ReservationReader _reader = new(services);
    private readonly ReservationDesk _desk = new(services.Clock, services.Options.MaxReservations, relay?.Here);

    /// <summary>Whether reservations are open here that may be settled elsewhere.</summary>
    public bool HasOpen => _desk.HasOpen;

    /// <summary>Admits or waits, and answers with the deployment to call.</summary>
    public async Task ReserveAsync(HttpContext context)
    {
        if (authenticator.Authenticate(context.Request.Headers, KeyUse.Reservations, out var error) is not { } tenant
            || CallerReader.Read(context.Request.Headers, tenant, out error) is not { } caller)
        {
            await WriteErrorAsync(context, error!);
            return;
        }

        (var asked, error) = await JsonBody.ReadAsync(context, services.Options.MaxRequestBytes, ReservationJson.Default.ReservationRequest);
        if (asked is null || !_reader.TryRead(asked, caller, out var wanted, out error))
        {
            await WriteErrorAsync(context, error!);
            return;
        }

        if (!_desk.HasRoom())
        {
            await WriteErrorAsync(context, new GatewayError(503, "too_many_reservations",
                $"{services.Options.MaxReservations} reservations are open. Settle those that are done.")
            { ShouldRetry = true });
            return;
        }

        await AdmitAsync(context, wanted);
    }

    /// <summary>Replaces what was reserved by what was used.</summary>
    /// <param name="id">The reservation's id.</param>
    public async Task SettleAsync(HttpContext context, string id)
    {
        if (authenticator.Authenticate(context.Request.Headers, KeyUse.Reservations, out var error) is not { } tenant)
        {
            await WriteErrorAsync(context, error!);
            return;
        }

        (var told, error) = await JsonBody.ReadAsync(context, services.Options.MaxRequestBytes, ReservationJson.Default.SettlementRequest);
        error ??= told!.Problem();
        if (error is not null)
        {
            await WriteErrorAsync(context, error);
            return;
        }

        if (!_desk.TryTake(id, tenant.Tenant, out var attempt))
        {
            if (relay is not null && ReservationDesk.ProcessOf(id) is { } process && process != relay.Here)
            {
                await RelayAsync(context, new RelayedSettlement(
                    process, id, tenant.Tenant, JsonSerializer.SerializeToUtf8Bytes(told!, ReservationJson.Default.SettlementRequest)));
                return;
            }

            await WriteErrorAsync(context, new GatewayError(404, "unknown_reservation",
                "There is no such open reservation: it was settled, has expired and counts as spent, or never was."));
            return;
        }

        var said = ReservationSettlement.Settle(attempt, told!, services);
        await AnswerAsync(context, 200, id, said.Reason, said.Retryable);
    }

    /// <summary>Settles what another process took the settlement of; one that is not open any more counts as spent already.</summary>
    public void Settle(RelayedSettlement settlement)
    {
        if (JsonSerializer.Deserialize(settlement.Body.Span, ReservationJson.Default.SettlementRequest) is { } told
            && told.Problem() is null && _desk.TryTake(settlement.Reservation, settlement.Tenant, out var attempt))
        {
            ReservationSettlement.Settle(attempt, told, services);
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string id, string reason, bool isRetryable) =>
        JsonResponse.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteString("reason"u8, reason);
            json.WriteBoolean("retryable"u8, isRetryable);
            json.WriteEndObject();
        });

    private async Task RelayAsync(HttpContext context, RelayedSettlement settlement)
    {
        await relay!.SendAsync(settlement, context.RequestAborted);
        await AnswerAsync(context, 202, settlement.Reservation, "relayed", false);
    }

    private static Task WriteErrorAsync(HttpContext context, GatewayError error) => JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error);

    private async Task AdmitAsync(HttpContext context, WantedReservation wanted)
    {
        var (call, plan, ttl) = wanted;
        var diversion = plan.Route.DiversionOf(call.Caller, call.Facts);
        var request = new AdmissionRequest(plan.Route.Name, call.Caller.Tenant, call.Caller.User, call.Caller.Priority, plan.Consumer, plan.Charges)
        {
            ProviderAtLeast = plan.ChargesAtLeast,
            ConsumerAtLeast = plan.ConsumerAtLeast,
            ConsumerAtMost = plan.ConsumerAtMost,
            IsClosing = call.Caller.IsClosing,
            Sizes = plan.Sizes,
            MaxWait = call.MaxWait,
            Excluded = ReservationReader.Closed(plan.Route, call.Facts.Operation)
                | services.Routes.ClosedTo(call.Caller.Tenant, plan.Route) | (diversion == Diversion.Never ? plan.Route.Smaller : 0),
            Diversion = diversion,
            ExpiresAfter = ttl,
            Workflow = call.Caller.Workflow,
            Step = call.Caller.Step,
            Run = call.Caller.Run,
        };
        AdmissionResult admission;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Begun);
        try
        {
            admission = await services.Limiter.AdmitAsync(request, enough.Token);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException) when (stopping.Begun.IsCancellationRequested)
        {
            await WriteErrorAsync(context, Stopping.Error);
            return;
        }

        var answer = new HttpAnswer(context);
        if (admission.Refusal is { } refusal)
        {
            var error = RefusalError.Of(refusal, plan.Route.Name, services.Clock.Now);
            services.Headers.Refused(answer, admission, admission.Waited, error, Dialect.OpenAI, services.Time.GetUtcNow());
            await ErrorAnswer.WriteAsync(answer, Dialect.OpenAI, error, context.RequestAborted);
            return;
        }

        services.Headers.Budgets(answer, admission, admission.Waited);

        var expiresAt = services.Time.GetUtcNow() + ttl;
        var attempt = new Attempt(services, call, plan, admission, admission.Waited);
        var id = _desk.Keep(attempt, ttl);
        await JsonResponse.WriteAsync(context, 200, json => Write(json, id, expiresAt, attempt, plan.Estimate(admission.Place)));
    }

    private static void Write(
        Utf8JsonWriter json, string id, DateTimeOffset expiresAt, Attempt attempt, Core.Estimation.TokenEstimate estimate)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("deployment"u8, attempt.Deployment.Name);
        json.WriteString("provider"u8, attempt.Deployment.Provider.Id);
        json.WriteString("model"u8, attempt.Deployment.Target.Model);
        json.WriteString("endpoint"u8, attempt.Deployment.Target.Endpoint.ToString());
        json.WriteString("expiresAt"u8, expiresAt);
        json.WriteNumber("waitedMs"u8, (long)attempt.Waited.TotalMilliseconds);
        json.WriteStartObject("estimate"u8);
        json.WriteNumber("inputTokens"u8, estimate.InputTokens);
        json.WriteNumber("cachedInputTokens"u8, estimate.CachedInputTokens);
        json.WriteNumber("outputTokens"u8, estimate.OutputTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
