using System.Text.Json;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Admin;

/// <summary><c>POST /admin/...</c>: operators' changes; <c>GET /admin/audit</c>: those made.</summary>
public sealed class AdminEndpoint
{
    private const int MostBytes = 16 * 1024;
    private const int MostShown = 200;

    private readonly OperatorGate _gate;
    private readonly AdminService _service;
    private readonly IAuditLog _audit;
    private readonly TimeProvider _time;

    internal AdminEndpoint(OperatorGate gate, AdminService service, IAuditLog audit, TimeProvider time) =>
        (_gate, _service, _audit, _time) = (gate, service, audit, time);

    /// <summary>Makes a change.</summary>
    /// <param name="context">The request and its response.</param>
    public async Task ChangeAsync(HttpContext context)
    {
        if (await _gate.ActorAsync(context) is not { } actor)
        {
            return;
        }

        var (ask, error) = await JsonBody.ReadAsync(context, MostBytes, AdminJson.Default.AdminAsk);
        if (ask is null || AdminAskReader.Read(context.Request.Path.Value!.TrimEnd('/').ToLowerInvariant(), ask, _time.GetUtcNow(), out error) is not { } change)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        // Once begun it is ended: what was changed must stand in the audit.
        if (await _service.ApplyAsync(change, actor, ask.Reason, CancellationToken.None) is { } refusal)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, refusal);
            return;
        }

        await JsonResponse.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("done"u8, change.Target);
            json.WriteEndObject();
        });
    }

    /// <summary>Answers with the last changes, the latest first.</summary>
    /// <param name="context">The request and its response.</param>
    public async Task AuditAsync(HttpContext context)
    {
        if (!await _gate.MayLookAsync(context))
        {
            return;
        }

        var entries = await _audit.ReadAsync(context.RequestAborted);
        await JsonResponse.WriteAsync(context, 200, json =>
            JsonSerializer.Serialize(json, [.. entries.Reverse().Take(MostShown)], AdminJson.Default.AuditEntryArray));
    }
}
